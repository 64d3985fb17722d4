from __future__ import annotations

import numpy as np
import pytest
import torch

from generators.paired_pictures import PairedPictures, fitted, pictures, rngs
from synthassay.networks.batch import Batch


def test_linear_regression_is_least_squares_on_the_foreground():
    source, target = pictures(3)
    made = fitted("linear_regression", PairedPictures(source, target))
    x, y = source.double().numpy().ravel(), target.double().numpy().ravel()
    kept = x > -1
    (slope, offset), *_ = np.linalg.lstsq(np.stack([x[kept], np.ones(kept.sum())], 1), y[kept], rcond=None)
    assert float(made.weight) == pytest.approx(slope, rel=1e-6)
    assert float(made.offset) == pytest.approx(offset, rel=1e-6)
    assert slope == pytest.approx(-0.6, abs=0.01)
    out = made.sample(Batch(source=source), rngs(len(source))).numpy().ravel()
    np.testing.assert_allclose(out[kept], np.clip(slope * x[kept] + offset, -1, 1), atol=1e-6)
    assert (out[~kept] == -1).all()


def test_linear_regression_of_colour_mixes_channels():
    rng = torch.Generator().manual_seed(0)
    source = torch.rand((20, 3, 6, 6), generator=rng) - 0.5
    mixing = torch.tensor([[0.2, 0.5, 0.0], [0.0, 0.3, -0.4], [0.1, 0.0, 0.6]])
    target = torch.einsum("bihw,io->bohw", source, mixing) + torch.tensor([0.1, 0.0, -0.2])[:, None, None]
    made = fitted("linear_regression", PairedPictures(source, target), channels=3)
    torch.testing.assert_close(made.weight, mixing, atol=1e-5, rtol=0)
    torch.testing.assert_close(made.sample(Batch(source=source), rngs(20)), target, atol=1e-5, rtol=0)


def test_linear_regression_of_a_constant_source_predicts_the_mean():
    target = torch.linspace(-0.5, 0.7, 50).reshape(2, 1, 5, 5)
    source = torch.full_like(target, 0.25)
    made = fitted("linear_regression", PairedPictures(source, target))
    torch.testing.assert_close(made.sample(Batch(source=source), rngs(2)), torch.full_like(target, 0.1))
