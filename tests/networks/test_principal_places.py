"""Principal components of places: those that scikit-learn finds, and undone by as many as a place has numbers."""

from __future__ import annotations

import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from synthassay.errors import SpecError
from synthassay.networks.axes import fold
from synthassay.networks.principal_places import PrincipalPlaces


def images(*space: int, channels: int = 1) -> Tensor:
    """Return smooth images, whose places have some directions of much more variance than others."""
    drawn = torch.randn(6, channels, *space, generator=torch.Generator().manual_seed(0))
    return (drawn.cumsum(2) + drawn.cumsum(3)).tanh()


def measured(features: int, side: int, shown: Tensor, batches: int = 2) -> PrincipalPlaces:
    made = PrincipalPlaces(shown.shape[1], features, side, shown.ndim - 2)
    made.measure(shown.chunk(batches))
    return made


@pytest.mark.parametrize("shown", [images(16, 16, channels=2), images(8, 16, 8)], ids=["2D", "3D"])
def test_components_are_those_of_scikit_learn(shown: Tensor) -> None:
    made, places = measured(5, 4, shown), fold(shown, 4).movedim(1, -1).flatten(0, -2)
    known = PCA(5, svd_solver="full").fit(places.double().numpy())
    torch.testing.assert_close(made.middle, torch.from_numpy(known.mean_).float())
    across = (made.directions.double().numpy() * known.components_).sum(1)
    assert abs(across) == pytest.approx(1, abs=1e-5)  # equal up to their signs
    found = made.encode(shown).movedim(1, -1).flatten(0, -2)
    assert found.var(0).tolist() == pytest.approx(known.explained_variance_.tolist(), rel=1e-4)
    back = torch.from_numpy(known.inverse_transform(known.transform(places.double().numpy()))).float()
    torch.testing.assert_close(fold(made.decode(made.encode(shown)), 4).movedim(1, -1).flatten(0, -2), back)


def test_all_components_undo_exactly() -> None:
    shown = images(8, 8)
    made = measured(16, 4, shown)
    torch.testing.assert_close(made.decode(made.encode(shown)), shown, atol=1e-5, rtol=1e-5)


def test_batches_and_a_second_measuring_change_nothing() -> None:
    shown = images(8, 8)
    made, other = measured(4, 4, shown, batches=1), measured(4, 4, shown, batches=3)
    torch.testing.assert_close(made.directions, other.directions)
    other.measure([shown])
    assert torch.equal(made.directions, other.directions)
    largest = made.directions.gather(1, made.directions.abs().argmax(1, keepdim=True))
    assert bool((largest > 0).all())


def test_more_features_than_a_place_has_numbers_are_refused() -> None:
    with pytest.raises(SpecError, match="at most the 4 numbers of a place"):
        PrincipalPlaces(1, 5, 2, 2)
