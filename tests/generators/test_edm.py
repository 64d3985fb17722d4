"""EDM passes the examinations; its loss is that of the equations on a case done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from generators.examination import Examination
from generators.hardship import Hardship
from synthassay.errors import SpecError
from synthassay.generators.edm import Edm
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {"images_seen": 640, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "sampler": "heun", "steps": 5}


class TestEdm(Hardship, Examination):
    family = "edm"
    settings = SMALL
    falls = ("denoiser/denoising",)
    fall = 0.85


def edm(**changes) -> Edm:
    made = build_generator("edm", {**SMALL, **changes}, Facts(1, 0, ("a", "b"), (16, 16)), seed=2)
    assert isinstance(made, Edm)
    return made


def test_loss_of_an_untrained_network_by_hand() -> None:
    """F = 0, so D = c_skip x, and the loss is (c_skip (x0 + s n) - x0)^2 (s^2 + d^2) / (s d)^2; here ln s = -1.2."""
    made, s, d, x, n = edm(), math.exp(-1.2), 0.5, 0.4, -1.0
    clean, noise = torch.full((1, 1, 16, 16), x), torch.full((1, 1, 16, 16), n)
    found = made.example_losses(made.network, clean, Batch(label=torch.tensor([0])), torch.tensor([0.5]), noise)
    skip = d**2 / (s**2 + d**2)
    expected = (skip * (x + s * n) - x) ** 2 * (s**2 + d**2) / (s * d) ** 2
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)


def test_untrained_loss_is_one_for_images_of_the_assumed_deviation() -> None:
    made, rng = edm(), torch.Generator().manual_seed(0)
    batch = Batch(0.5 * torch.randn(256, 1, 16, 16, generator=rng), None, torch.arange(256) % 2)
    assert float(made.loss("denoiser", batch, rng)["denoising"].detach()) == pytest.approx(1, abs=0.02)


def test_training_levels_are_lognormal() -> None:
    seen = []
    made = edm()
    made.expected = lambda network, now, sigma, batch: seen.append(sigma) or now  # type: ignore[method-assign]
    share = (torch.arange(2000) + 0.5) / 2000
    pixels = torch.zeros(2000, 1, 1, 1)
    made.example_losses(made.network, pixels, Batch(), share, pixels)
    assert float(seen[0].log().mean()) == pytest.approx(-1.2, abs=0.01)
    assert float(seen[0].log().std()) == pytest.approx(1.2, abs=0.01)


def test_levels_must_fall() -> None:
    with pytest.raises(SpecError, match="sigma_low must be below sigma_high"):
        edm(sigma_low=90.0)
