from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, seeds
from generators.wide_examination import WideExamination, settings
from synthassay.errors import SpecError
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


def residual(**changes):
    made = build_generator(
        "context_aware", {**SMALL, "predict": "residual", "neighbours": 3, **changes}, Facts(1, 3, (), (16, 16)), seed=0
    )
    return made.eval()


def test_a_residual_starts_at_the_central_slice_in_every_stage():
    source = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(residual(stages=3).sample(Batch(source=source), seeds(1, 2)), source[:, 1:2])


def test_a_residual_is_in_units_of_its_deviation_and_each_stage_adds_to_the_one_before():
    made, examples = residual(stages=2), Bodies(64, 16, 3, ())
    made.prepare(examples, torch.Generator().manual_seed(0))
    batch = examples.batch(range(64))
    deviation = float((batch.target - batch.source[:, 1:2]).std())
    assert float(made.residual_scale) == pytest.approx(deviation, rel=0.1)
    with torch.no_grad():
        for average, added in zip(made.averages, (2.0, 3.0), strict=True):
            average.average.last.bias.fill_(added)
    source = torch.zeros(1, 3, 16, 16)
    found = made.until(2, source)
    torch.testing.assert_close(found, (5 * made.residual_scale).expand_as(found))


def test_what_is_added_needs_a_source_like_the_target():
    with pytest.raises(SpecError, match="source channels"):
        build_generator("context_aware", {**SMALL, "predict": "residual"}, Facts(1, 2, (), (16, 16)), seed=0)
