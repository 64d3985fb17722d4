"""Palette passes the examinations; it is told the noise level itself, and follows its source."""

from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, Examination, seeds
from generators.hardship import Hardship
from synthassay.errors import SpecError
from synthassay.generators.palette import Palette
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 800, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "steps": 4, "neighbours": 3,
    "unshuffle": 1, "attention": False,
}  # fmt: skip


class TestPalette(Hardship, Examination):
    family = "palette"
    settings = SMALL
    falls = ("denoiser/denoising",)
    fall = 0.5
    source_channels = 3
    classes = ()

    def test_image_follows_its_source(self, trained) -> None:
        bodies = Bodies(8, 16, 3, (), seed=9)
        made = trained[0].sample(Batch(source=bodies.source), seeds(*range(8)))
        distance = (made[:, None] - bodies.target[None]).square().flatten(2).mean(2)
        own, others = distance.diagonal().mean(), distance[~torch.eye(8, dtype=torch.bool)].mean()
        assert float(own) < 0.6 * float(others)


def palette() -> Palette:
    made = build_generator("palette", SMALL, Facts(1, 3, (), (16, 16)), seed=2)
    assert isinstance(made, Palette)
    return made


def test_gamma_is_uniform_between_the_levels_of_neighbouring_steps() -> None:
    made, share = palette(), (torch.arange(8000) + 0.5) / 8000  # eight per step
    alpha, sigma, told = made.noise_at(share)
    torch.testing.assert_close(alpha.square(), told, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(alpha.square() + sigma.square(), torch.ones(8000), rtol=1e-5, atol=1e-6)
    edges = torch.cat([torch.ones(1), made.alphas.square()])
    step = told.reshape(1000, 8)
    torch.testing.assert_close(step.mean(1), (edges[:-1] + edges[1:]) / 2, rtol=1e-3, atol=1e-6)
    assert bool((step <= edges[:-1, None] + 1e-6).all())
    assert bool((step >= edges[1:, None] - 1e-6).all())


def test_network_is_told_the_gamma_of_a_walks_levels() -> None:
    for level in palette().levels(5)[:-1]:
        assert level.time == pytest.approx(level.alpha**2, rel=1e-6)


def test_even_number_of_slices_is_refused() -> None:
    with pytest.raises(SpecError, match="neighbours must be odd"):
        build_generator("palette", {"neighbours": 2}, Facts(1, 2, (), (16, 16)), seed=0)
