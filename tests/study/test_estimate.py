"""The minutes that are foretold count each phase as often as it is due."""

from __future__ import annotations

import time

import pytest
import torch

from generators.examination import Bodies
from generators.tiny_generator import TinyGenerator
from synthassay.generators.base import GeneratorSettings
from synthassay.networks.batch import Facts
from synthassay.study.estimate import _rate


class Slow(TinyGenerator):
    """A painter of 100 ms that is due in a quarter of the steps, and a judge of 20 ms that is due in all of them."""

    def due(self, phase: str, step: int) -> bool:
        return phase == "judge" or step % 4 == 0

    def loss(self, phase, batch, rng):
        time.sleep(0.1 if phase == "painter" else 0.02)
        return {"nothing": sum(p.sum() for p in self.phases()[phase].parameters()) * 0}


def test_a_phase_counts_as_often_as_it_is_due() -> None:
    torch.manual_seed(0)
    generator = Slow(GeneratorSettings(images_seen=8000, batch=8), Facts(1, 0, ("a", "b"), (16, 16)))
    rate = _rate(generator, Bodies(8, 16, 0, ("a", "b")).batch(range(8)), torch.Generator())
    assert 8 / rate == pytest.approx(0.1 / 4 + 0.02, rel=0.5)
