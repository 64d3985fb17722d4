from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from generators.examination import Bodies, seeds
from generators.wide_examination import WideExamination, settings
from synthassay.errors import SpecError
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {"width": 6, "levels": 3, "patch_width": 4, "patch_layers": 1}


class TestPix2pix(WideExamination):
    family = "pix2pix"
    settings = settings(**SMALL, learning_rate=2e-3)
    falls = ("generator/pixel",)
    source_channels = 1
    classes = ()
    volumes = True
    odd_sizes = True


class Said(nn.Module):
    def __init__(self, *logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.seen = list(logits), []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images)
        return self.logits.pop(0)


def test_the_losses_are_the_equations():
    made = build_generator("pix2pix", SMALL, Facts(1, 1, (), (16, 16)), seed=0)
    source, target = torch.zeros(1, 1, 16, 16), torch.full((1, 1, 16, 16), 0.25)
    made.discriminator = Said(torch.tensor([0.0, 2.0]), torch.tensor([-1.0]))
    terms = made.discriminator_loss(source, target, target * 0, torch.Generator())
    h = lambda logit: math.log1p(math.exp(-logit))  # noqa: E731 (cross-entropy of a logit that should be real)
    assert float(terms["real"]) == pytest.approx((h(0) + h(2)) / 4)
    assert float(terms["synthetic"]) == pytest.approx(h(1) / 2)
    made.discriminator = Said(torch.tensor([0.5]))
    terms = made.generator_loss(source, target, target * 0)
    assert float(terms["adversarial"]) == pytest.approx(h(0.5))
    assert float(terms["pixel"]) == pytest.approx(25.0)
    assert torch.equal(made.discriminator.seen[0], torch.cat([source, target * 0], dim=1))


def test_dropout_is_of_training_alone():
    made = build_generator("pix2pix", {**SMALL, "dropout": 0.5}, Facts(1, 1, (), (16, 16)), seed=0)
    images = torch.rand(1, 1, 16, 16)
    one, two = (made.train().network(images, torch.Generator().manual_seed(s)) for s in (1, 2))
    assert not torch.equal(one, two)
    one, two = (made.eval().network(images, torch.Generator().manual_seed(s)) for s in (1, 2))
    assert torch.equal(one, two)


RESIDUAL = {**SMALL, "predict": "residual", "neighbours": 3}


def test_a_residual_starts_at_the_central_slice_and_is_in_units_of_its_deviation():
    made, examples = build_generator("pix2pix", RESIDUAL, Facts(1, 3, (), (16, 16)), seed=0), Bodies(64, 16, 3, ())
    made.prepare(examples, torch.Generator().manual_seed(0))
    batch = examples.batch(range(64))
    deviation = float((batch.target - batch.source[:, 1:2]).std())
    assert float(made.residual_scale) == pytest.approx(deviation, rel=0.1)
    source = torch.rand(2, 3, 16, 16) - 0.5
    torch.testing.assert_close(made.sample(Batch(source=source), seeds(1, 2)), source[:, 1:2])
    with torch.no_grad():
        made.ema.average.last[-1].bias.fill_(0.2)
    expected = source[:, 1:2] + 0.2 * made.residual_scale
    torch.testing.assert_close(made.sample(Batch(source=source), seeds(1, 2)), expected)


def test_what_is_added_needs_a_source_like_the_target():
    with pytest.raises(SpecError, match="source channels"):
        build_generator("pix2pix", {**SMALL, "predict": "residual"}, Facts(1, 2, (), (16, 16)), seed=0)
