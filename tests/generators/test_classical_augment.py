"""resample_real and affine_augmentation: real images again, and whose they are."""

from __future__ import annotations

import pytest
import torch

from generators.labelled_pictures import CLASSES, Pictures, rngs
from synthassay.generators.stored import build_generator, load_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.train import train


@pytest.mark.parametrize("family", ["resample_real", "affine_augmentation"])
def test_augmentation_baselines_survive_the_disk_and_depend_on_their_seed_alone(family, tmp_path):
    made = build_generator(family, {}, Facts(1, 0, CLASSES, (10, 14)), seed=0)
    train(made, Pictures(), Pictures(), folder=tmp_path, seed=3)
    loaded = load_generator(tmp_path)
    condition = Batch(label=torch.tensor([0, 1, 1]))
    samples, origins = made.sample_with_origin(condition, rngs(3))
    again, same = loaded.sample_with_origin(condition, rngs(3))
    assert torch.equal(samples, again)
    assert origins == same
    alone = loaded.sample(Batch(label=torch.tensor([1])), rngs(1, first=2))
    assert torch.equal(alone, samples[2:])
    assert samples.shape == (3, 1, 10, 14)
    assert float(samples.abs().max()) <= 1
    assert "augment" in made.serves
