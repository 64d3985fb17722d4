from __future__ import annotations

import pytest
import torch

from generators.examination import seeds
from generators.wide_examination import WideExamination, settings
from synthassay.generators.context_aware import gradient_difference
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {"width": 6, "blocks": 1, "patch_width": 4, "patch_layers": 1}


class TestContextAware(WideExamination):
    family = "context_aware"
    settings = settings(**SMALL, learning_rate=2e-3)
    falls = ("generator 1/pixel",)
    source_channels = 1
    classes = ()
    volumes = True
    odd_sizes = True


def new(**changes):
    return build_generator("context_aware", {**SMALL, **changes}, Facts(1, 1, (), (16, 16)), seed=0)


def test_gradients_are_compared_along_every_axis_without_their_sign():
    made, target = torch.zeros(1, 1, 4, 4, 4), torch.zeros(1, 1, 4, 4, 4)
    target[..., 2] = 1.0  # a plane: gradients +1 and -1 along the last axis, 32 of 48 differences
    assert float(gradient_difference(made, target)) == pytest.approx(32 / 48)
    assert float(gradient_difference(-target, target)) == 0


def test_stages_train_one_after_the_other_and_each_sees_the_one_before():
    made = new(stages=3, images_seen=90, batch=3)
    turns = [[p for p in made.phases() if made.due(p, step)] for step in range(30)]
    assert turns[0] == turns[9] == ["discriminator 1", "generator 1"]
    assert turns[10] == ["discriminator 2", "generator 2"] and turns[29] == ["discriminator 3", "generator 3"]
    source = torch.rand(1, 1, 16, 16)
    before = made.eval().sample(Batch(source=source), seeds(1))
    with torch.no_grad():
        made.averages[0].average.last.bias.add_(1.0)  # stage 1 says something else, and the last stage hears of it
    assert not torch.equal(before, made.sample(Batch(source=source), seeds(1)))


def test_each_stage_has_its_own_fall_of_the_rate():
    made = new(stages=2)
    assert made.learning_rate_factor("generator 1", 0.5) == 0.0
    assert made.learning_rate_factor("generator 2", 0.5) == 1.0
    assert made.learning_rate_factor("generator 2", 1.0) == 0.0


def test_the_loss_is_the_weighted_sum():
    made = new(adversarial_weight=0.0, pixel_weight=2.0, gradient_weight=3.0)
    target = torch.zeros(1, 1, 16, 16)
    target[..., 8:] = 1.0
    terms = made.stage_loss(0, target, torch.zeros_like(target))
    assert float(terms["pixel"]) == pytest.approx(2 * 0.5)
    assert float(terms["gradient"]) == pytest.approx(3 / 15)
    assert terms["adversarial"].item() == 0
