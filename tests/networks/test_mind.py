"""The structure loss's descriptor against plain loops, and what it must not see."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from synthassay.networks.mind import LEAST_VARIANCE, descriptor, structure_loss


def by_loops(image: np.ndarray, window: int, patch: int, sigma: float) -> np.ndarray:
    reach, half, (rows, columns) = window // 2, patch // 2, image.shape
    at = np.arange(patch) - half
    line = np.exp(-(at**2) / (2 * sigma**2))
    weights = np.outer(line / line.sum(), line / line.sum())
    padded = np.pad(image, reach, mode="edge")
    offsets = [a for a in itertools.product(range(-reach, reach + 1), repeat=2) if any(a)]
    distances = []
    for dy, dx in offsets:
        squares = (padded[reach + dy : reach + dy + rows, reach + dx : reach + dx + columns] - image) ** 2
        wide = np.pad(squares, half, mode="edge")
        distances.append(
            [[(wide[y : y + patch, x : x + patch] * weights).sum() for x in range(columns)] for y in range(rows)]
        )
    found = np.array(distances)
    near = [i for i, a in enumerate(offsets) if abs(a[0]) + abs(a[1]) == 1]
    entries = np.exp(-found / np.maximum(found[near].mean(axis=0), LEAST_VARIANCE))
    return entries / entries.max(axis=0)


def test_it_equals_plain_loops():
    image = np.random.default_rng(0).normal(size=(9, 11))
    found = descriptor(torch.from_numpy(image)[None, None], window=5, patch=3, sigma=1.5)[0].numpy()
    np.testing.assert_allclose(found, by_loops(image, 5, 3, 1.5), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("space", [(20, 18), (10, 9, 8)])
def test_contrast_is_not_seen_and_movement_is(space):
    image = torch.rand((1, 1, *space), generator=torch.Generator().manual_seed(0)).double()
    assert structure_loss(2 - 3 * image, image, window=3, patch=3).item() == pytest.approx(0, abs=1e-9)
    assert structure_loss(image.roll(2, dims=-1), image, window=3, patch=3).item() > 0.05


def test_a_flat_background_has_a_finite_gradient():
    image = torch.zeros(1, 1, 12, 12)
    image[..., 4:8, 4:8] = 1.0
    made = (image + 0.01 * torch.rand(image.shape)).requires_grad_()
    structure_loss(made, image, window=3, patch=3).backward()
    assert bool(torch.isfinite(made.grad).all()) and bool(made.grad.any())
