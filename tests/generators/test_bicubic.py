from __future__ import annotations

import numpy as np
import pytest
import torch

from generators.paired_pictures import PairedPictures, fitted, rngs
from synthassay.data.resolution import lower_resolution
from synthassay.generators.bicubic import interpolation
from synthassay.networks.batch import Batch


def coarse(target: torch.Tensor, factors: tuple[int, int]) -> torch.Tensor:
    made = [lower_resolution(picture[0].numpy(), factors) for picture in target]
    return torch.from_numpy(np.stack(made))[:, None]


@pytest.mark.parametrize("factors", [(2, 2), (3, 1), (4, 4)])
def test_a_ramp_comes_back_inside_and_the_factors_are_found(factors):
    rows, columns = np.mgrid[0:24, 0:24]
    ramps = np.stack([(a * rows + b * columns) / 60 - 0.4 for a, b in ((1, 0.5), (0.3, 1), (1, 1))])
    target = torch.from_numpy(ramps.astype(np.float32))[:, None]
    examples = PairedPictures(coarse(target, factors), target)
    made = fitted("bicubic", examples)
    assert made.factors.tolist() == list(factors)
    out = made.sample(Batch(source=examples.source), rngs(3))
    edge = 2 * max(factors)
    torch.testing.assert_close(out[..., edge:-edge, edge:-edge], target[..., edge:-edge, edge:-edge], atol=1e-5, rtol=0)


def test_it_beats_repeated_pixels_on_something_smooth():
    at = np.linspace(0, 6, 32)
    target = torch.from_numpy(np.stack([0.7 * np.sin(at + p)[:, None] * np.cos(at) for p in range(4)])).float()[:, None]
    examples = PairedPictures(coarse(target, (2, 2)), target)
    out = fitted("bicubic", examples).sample(Batch(source=examples.source), rngs(4))
    assert float((out - target).abs().mean()) < 0.3 * float((examples.source - target).abs().mean())


def test_weights_add_up_to_one_also_where_the_last_coarse_pixel_is_smaller():
    for size, factor in ((12, 3), (13, 3), (11, 4)):
        np.testing.assert_allclose(interpolation(size, factor).sum(axis=1), 1, atol=1e-12)
