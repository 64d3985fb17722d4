"""The downstream segmenter: it learns in pictures and volumes, is repeatable, and augmentation moves both alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.networks.outlining import Drawn, augmented, fit_outliner, new_outliner, outline


def bright_squares(count: int, space: tuple[int, ...], seed: int = 0) -> list[Drawn]:
    """Noise with a brighter box at a random place, which is the structure."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        classes = np.zeros(space, np.uint8)
        start = [int(rng.integers(2, side - 9)) for side in space]
        classes[tuple(slice(s, s + 7) for s in start)] = 1
        pixels = rng.normal(0, 0.3, space) + 2 * classes
        cases.append(Drawn(pixels[None].astype(np.float32), classes))
    return cases


@pytest.mark.parametrize("space", [(30, 27), (18, 17, 14)])
def test_it_learns_to_outline_in_pictures_and_volumes_of_any_size(space):
    model = fit_outliner(new_outliner(1, 2, len(space), 0), bright_squares(8, space), steps=60, seed=0)
    for case in bright_squares(3, space, seed=9):
        found = outline(model, case.pixels)
        assert found.shape == space
        assert 2 * ((found == 1) & (case.classes == 1)).sum() / ((found == 1).sum() + (case.classes == 1).sum()) > 0.8


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    cases = bright_squares(4, (24, 24))

    def weights(seed: int, augment: bool = False) -> torch.Tensor:
        model = fit_outliner(new_outliner(1, 2, 2, seed), cases, steps=3, seed=seed, augment=augment)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    torch.manual_seed(5)
    once = weights(1)
    torch.manual_seed(6)
    assert torch.equal(once, weights(1))
    assert not torch.equal(once, weights(2))
    assert not torch.equal(once, weights(1, augment=True))


@pytest.mark.parametrize("space", [(32, 48), (24, 32, 20)])
def test_augmentation_moves_image_and_label_map_alike(space):
    case = bright_squares(1, space)[0]
    classes = torch.from_numpy(case.classes.astype(np.int64))[None, None]
    images, labels = augmented(classes.float() * 4, classes, np.random.default_rng(3))
    assert not torch.equal(labels, classes)
    assert 0.6 < float(labels.sum() / classes.sum()) < 1.5
    middle = (images.max() + images.min()) / 2
    overlap = 2 * ((images > middle) & (labels == 1)).sum() / ((images > middle).sum() + (labels == 1).sum())
    assert float(overlap) > 0.9
    assert set(labels.unique().tolist()) <= {0, 1}


def test_a_case_without_structure_can_be_trained_on():
    empty = Drawn(np.zeros((1, 24, 24), np.float32), np.zeros((24, 24), np.uint8))
    model = fit_outliner(new_outliner(1, 2, 2, 0), [empty, *bright_squares(2, (24, 24))], steps=4, seed=0)
    assert all(bool(torch.isfinite(p).all()) for p in model.parameters())
