"""Painting label maps passes the examinations; what comes out shows what was drawn."""

from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, Examination, seeds
from generators.hardship import Hardship
from synthassay.errors import SpecError
from synthassay.generators.mask_conditioned import MaskConditioned
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 640, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "steps": 4, "hidden": 4, "unshuffle": 1,
    "attention": False, "guidance": 1.2,
}  # fmt: skip


class TestMaskConditioned(Hardship, Examination):
    family = "mask_conditioned"
    settings = SMALL
    falls = ("denoiser/denoising",)
    source_channels = 2
    classes = ()

    def test_image_follows_its_drawing(self, trained) -> None:
        bodies = Bodies(8, 16, 2, (), seed=9)
        made = trained[0].sample(Batch(source=bodies.source), seeds(*range(8)))
        distance = (made[:, None] - bodies.target[None]).square().flatten(2).mean(2)
        own, others = distance.diagonal().mean(), distance[~torch.eye(8, dtype=torch.bool)].mean()
        assert float(own) < 0.8 * float(others)


def painter(**changes) -> MaskConditioned:
    made = build_generator("mask_conditioned", {**SMALL, **changes}, Facts(1, 2, (), (16, 16)), seed=2)
    assert isinstance(made, MaskConditioned)
    return made


def test_drawings_are_hidden_as_often_as_asked() -> None:
    shown = painter(drop_drawing=0.3).hidden(Batch(source=torch.ones(5000, 2, 2, 2)), seeds(0)[0])
    assert float((shown.source[:, 0, 0, 0] == 0).float().mean()) == pytest.approx(0.3, abs=0.02)


def test_guidance_goes_beyond_the_drawing() -> None:
    made, now = painter(guidance=2.0).eval(), torch.randn(2, 1, 16, 16, generator=seeds(1)[0])
    with torch.no_grad():
        for weights in made.ema.average.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=seeds(4)[0]))
    drawing, level = Batch(source=Bodies(2, 16, 2, ()).source), made.levels(4)[1]
    told = made.denoised(now, level, drawing)
    untold = made.denoised(now, level, Batch(source=torch.zeros(2, 2, 16, 16)))
    torch.testing.assert_close(made.walked(drawing)(now, level), untold + 2 * (told - untold))


def test_without_a_drawing_there_is_nothing_to_paint() -> None:
    with pytest.raises(SpecError, match="needs a label map"):
        build_generator("mask_conditioned", {}, Facts(1, 0, (), (16, 16)), seed=0)
