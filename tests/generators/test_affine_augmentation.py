from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from generators.labelled_pictures import filled, rngs
from synthassay.networks.batch import Batch


def test_affine_augmentation_with_all_limits_zero_is_resampling():
    condition = Batch(label=torch.tensor([0, 1, 0, 1]))
    moved = filled("affine_augmentation", degrees=0.0, scale=0.0, shift=0.0).sample(condition, rngs(4))
    torch.testing.assert_close(moved, filled("resample_real").sample(condition, rngs(4)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("mirror", [False, True])
def test_affine_augmentation_moves_pixels_as_scipy_does(mirror):
    made = filled("affine_augmentation", degrees=25.0, scale=0.2, shift=0.1, mirror=mirror)
    mirrored = set()
    for seed in range(6):
        moved = made.sample(Batch(label=torch.tensor([0])), rngs(1, seed))[0, 0].numpy()
        rng = torch.Generator().manual_seed(seed)
        still = made.bank.draw(0, rng)[0][0].numpy()
        turn, grow, across, down, flip = (2 * torch.rand(5, generator=rng) - 1).tolist()
        angle, factor = np.radians(25 * turn), 1 / (1 + 0.2 * grow)
        sign = -1 if mirror and flip < 0 else 1
        mirrored.add(sign)
        # (row, column) of the input for each (row, column) of the output, about the centre, in pixels
        matrix = factor * np.array([[np.cos(angle), np.sin(angle)], [-sign * np.sin(angle), sign * np.cos(angle)]])
        shape = np.array(still.shape)
        centre, shift = (shape - 1) / 2, np.array([down, across]) * 0.1 * shape
        offset = centre - matrix @ centre + shift
        expected = ndimage.affine_transform(still, matrix, offset, order=1, mode="nearest")
        np.testing.assert_allclose(moved, expected, atol=2e-5)
    assert mirrored == ({1, -1} if mirror else {1})
