from __future__ import annotations

import torch

from generators.paired_pictures import PairedPictures, fitted, rngs
from synthassay.networks.batch import Batch


def test_noise_on_flat_parts_goes_and_the_strength_is_the_best_of_those_tried():
    rng = torch.Generator().manual_seed(0)
    target = torch.full((40, 1, 24, 24), -0.4)
    target[..., 8:16, 6:18] = 0.5
    source = target + 0.15 * torch.randn(target.shape, generator=rng)
    made = fitted("total_variation", PairedPictures(source.clamp(-1, 1), target))
    out = made.sample(Batch(source=source[:5].clamp(-1, 1)), rngs(5))
    assert float((out - target[:5]).square().mean()) < 0.15 * float((source[:5] - target[:5]).square().mean())
    assert float(made.strength) > 0
    assert float(made.tuning_errors.min()) < float(made.tuning_errors[0])
