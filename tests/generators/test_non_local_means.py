from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.restoration import denoise_nl_means

from generators.paired_pictures import PairedPictures, fitted, rngs
from synthassay.generators.non_local_means import STRENGTHS
from synthassay.networks.batch import Batch


def test_non_local_means_takes_the_strength_of_least_error_and_is_skimages():
    rng = torch.Generator().manual_seed(6)
    target = torch.zeros(6, 1, 24, 20)
    target[..., 6:16, 5:14] = 0.5
    source = target + 0.1 * torch.randn(target.shape, generator=rng)
    made = fitted("non_local_means", PairedPictures(source, target))
    noisy, clean = source.double().numpy()[:, 0], target.numpy()[:, 0]
    sd = (noisy - clean).std()

    def filtered(h: float) -> np.ndarray:
        return np.stack([denoise_nl_means(p, 5, 6, h=h, fast_mode=True) for p in noisy])

    errors = [((filtered(factor * sd) - clean) ** 2).mean() for factor in STRENGTHS]
    assert float(made.strength) == pytest.approx(STRENGTHS[int(np.argmin(errors))] * sd, rel=1e-6)
    assert 0 < int(np.argmin(errors)) < len(STRENGTHS) - 1
    out = made.sample(Batch(source=source), rngs(6)).numpy()[:, 0]
    np.testing.assert_allclose(out, filtered(float(made.strength)).clip(-1, 1), atol=1e-6)
    assert min(errors) < 0.4 * ((noisy - clean) ** 2).mean()


def test_non_local_means_of_colour_keeps_its_channels_apart():
    rng = torch.Generator().manual_seed(7)
    target = torch.stack([torch.full((16, 12), v) for v in (-0.5, 0.0, 0.6)])[None].expand(4, -1, -1, -1)
    source = target + 0.05 * torch.randn(target.shape, generator=rng)
    made = fitted("non_local_means", PairedPictures(source, target), channels=3)
    out = made.sample(Batch(source=source), rngs(4))
    torch.testing.assert_close(out.mean(dim=(0, 2, 3)), torch.tensor([-0.5, 0.0, 0.6]), atol=0.01, rtol=0)
    assert float((out - target).std()) < 0.03
