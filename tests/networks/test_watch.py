from __future__ import annotations

import pytest
import torch

from synthassay.networks.watch import LEAST_STEPS, Watch


def watched(alike: bool, separable: bool, steps: int = 300) -> Watch:
    watch, rng = Watch(), torch.Generator().manual_seed(0)
    real = torch.rand((8, 1, 16, 16), generator=rng)
    for _ in range(steps):
        one = torch.rand((1, 1, 16, 16), generator=rng).expand(8, -1, -1, -1)
        apart = 5.0 if separable else 0.0
        watch.see(
            real, one if alike else real.flip(0), apart + torch.rand(8, generator=rng), torch.rand(8, generator=rng)
        )
    return watch


def test_images_that_are_all_alike_and_a_discriminator_that_cannot_lose_are_told():
    collapse, wins = watched(alike=True, separable=True).alarms()
    assert "collapse" in collapse and "wins" in wins
    assert [a[:8] for a in watched(alike=True, separable=False).alarms()] == ["collapse"]


def test_nothing_is_told_of_a_training_that_goes_well_or_has_just_begun():
    fine = watched(alike=False, separable=False)
    assert fine.alarms() == ()
    assert float(fine.diversity) == pytest.approx(1, abs=1e-3) and 0.4 < float(fine.won) < 0.75
    assert watched(alike=True, separable=True, steps=LEAST_STEPS - 1).alarms() == ()


def test_one_image_says_nothing_of_diversity():
    watch = Watch()
    watch.see(torch.rand(1, 1, 4, 4), torch.zeros(1, 1, 4, 4), torch.ones(1), torch.zeros(1))
    assert float(watch.diversity) == 1 and int(watch.steps) == 1
