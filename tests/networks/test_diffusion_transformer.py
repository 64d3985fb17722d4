"""The transformer answers zero until trained, uses all that it is told, and its windows see what they should."""

from __future__ import annotations

import pytest
import torch

from synthassay.errors import SpecError
from synthassay.networks.diffusion_transformer import DiffusionTransformer, Windows, place_features


def transformer(space: tuple[int, ...] = (16, 24), **changes) -> DiffusionTransformer:
    torch.manual_seed(0)
    settings = {"width": 16, "depth": 2, "heads": 2, "patch": 4, "classes": 3, **changes}
    network = DiffusionTransformer(2, 1, space=space, **settings)
    for weights in network.parameters():
        weights.data.normal_(std=0.2)
    return network.eval()


@pytest.mark.parametrize("space", [(16, 24), (8, 8, 16)])
def test_untrained_network_answers_zero_and_no_part_is_dead(space: tuple[int, ...]) -> None:
    network = DiffusionTransformer(2, 3, space=space, width=24, depth=2, heads=2, patch=4, window=2, classes=3)
    image, time = torch.randn(2, 2, *space), torch.tensor([0.2, 0.7])
    answer = network(image, time, torch.tensor([0, 2]))
    assert answer.shape == (2, 3, *space)
    assert float(answer.detach().abs().max()) == 0
    for weights in network.parameters():
        weights.data.normal_(std=0.2)
    network(image, time, torch.tensor([0, 2])).square().mean().backward()
    assert not [n for n, p in network.named_parameters() if p.grad is None or not bool(p.grad.abs().any())]


@torch.no_grad()
def test_time_class_and_place_matter() -> None:
    network, image = transformer(), torch.randn(1, 2, 16, 24)
    time, label = torch.tensor([0.3]), torch.tensor([1])
    answer = network(image, time, label)
    assert not torch.allclose(answer, network(image, time + 0.01, label), atol=1e-4)
    assert not torch.allclose(answer, network(image, time, torch.tensor([0])), atol=1e-4)
    torch.testing.assert_close(network(image, time), network(image, time, torch.tensor([3])))
    moved = network(image.roll(4, 2), time, label)
    assert not torch.allclose(moved, answer.roll(4, 2), atol=1e-4)


def seen_from(windows: Windows, place: int) -> set[int]:
    """Places that a place sees, from order and mask."""
    at = int(windows.back[place])
    window, within = divmod(at, windows.size)
    others = windows.order[window * windows.size : (window + 1) * windows.size]
    return set(others[windows.mask[window, within]].tolist() if windows.mask is not None else others.tolist())


def test_windows_are_squares_and_moved_ones_are_cut_at_the_edge() -> None:
    plain, moved = Windows((4, 4), 2, moved=False), Windows((4, 4), 2, moved=True)
    assert seen_from(plain, 0) == {0, 1, 4, 5}
    assert seen_from(plain, 10) == {10, 11, 14, 15}
    assert seen_from(moved, 5) == {5, 6, 9, 10}
    assert seen_from(moved, 0) == {0}  # a corner: its window around the edge holds nobody near
    assert seen_from(moved, 1) == {1, 2}
    assert seen_from(Windows((4, 4), 0, moved=True), 3) == set(range(16))


def test_windows_of_volumes() -> None:
    moved = Windows((4, 4, 4), 2, moved=True)
    assert len(seen_from(moved, 21)) == 8  # place (1, 1, 1): its own cube, moved by one
    assert 42 in seen_from(moved, 21)  # place (2, 2, 2)
    assert len(seen_from(moved, 0)) == 1


@torch.no_grad()
def test_a_place_is_influenced_by_its_windows_only() -> None:
    network = transformer(depth=1, window=2, space=(16, 16))
    image, changed = torch.randn(1, 2, 16, 16), None
    changed = image.clone()
    changed[..., 12:, 12:] += 1.0  # the last patch, in the last window
    differs = (network(image, torch.tensor([0.5])) - network(changed, torch.tensor([0.5]))).abs().amax(1)[0] > 1e-6
    assert bool(differs[8:, 8:].any(0).all())
    assert not bool(differs[:8].any())
    assert not bool(differs[:, :8].any())


def test_places_differ() -> None:
    features = place_features((6, 5), 16)
    assert float(torch.cdist(features, features).fill_diagonal_(9).min()) > 0.1


def test_sides_that_windows_do_not_cover_are_refused() -> None:
    with pytest.raises(SpecError, match="multiples of 8"):
        transformer(space=(16, 20), window=2)
