from __future__ import annotations

import numpy as np
import pytest
import torch

from generators.paired_pictures import PairedPictures, fitted, pictures, rngs
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts


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


def test_linear_regression_of_a_drawing_paints_each_structure_with_its_mean():
    rng = torch.Generator().manual_seed(1)
    labels = torch.randint(0, 4, (12, 6, 7), generator=rng)  # 0 outside, 1 subject alone, 2 and 3 structures
    target = torch.rand((12, 1, 6, 7), generator=rng) * 0.3 + 0.2 * (labels[:, None] - 2)
    target[labels[:, None] == 0] = -1
    channels = [labels > 0, labels == 2, labels == 3]
    source = torch.stack(channels, 1).float() * 2 - 1
    facts = Facts(1, 3, (), (6, 7), ("subject", "a", "b"))
    made = build_generator("linear_regression", {}, facts, seed=0).eval()
    made.prepare(PairedPictures(source, target), torch.Generator().manual_seed(0))
    painted = made.sample(Batch(source=source), rngs(12))
    for label in (1, 2, 3):
        here = labels[:, None] == label
        torch.testing.assert_close(painted[here], target[here].mean().expand(int(here.sum())), atol=1e-5, rtol=0)
    assert (painted[labels[:, None] == 0] == -1).all()
