from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from monai.losses import PatchAdversarialLoss
from torch import nn

from generators.examination import Bodies, Examination
from synthassay.errors import SpecError
from synthassay.generators.pgan import Pgan, PganSettings
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.perceptual import FeatureEncoder
from synthassay.train import only

SMALL: dict[str, Any] = {
    "width": 6,
    "blocks": 1,
    "patch_width": 4,
    "patch_layers": 1,
    "perceptual_steps": 20,
    "batch": 8,
}
FACTS = Facts(1, 3, (), (16, 16))


class TestPgan(Examination):
    family = "pgan"
    settings: ClassVar[dict[str, Any]] = {**SMALL, "images_seen": 640, "learning_rate": 2e-3}
    falls = ("generator/pixel", "generator/perceptual")
    source_channels = 3
    classes = ()


class TestPganResidualWithDropout(Examination):
    family = "pgan"
    settings: ClassVar[dict[str, Any]] = {
        **SMALL,
        "images_seen": 640,
        "learning_rate": 2e-3,
        "predict": "residual",
        "dropout": 0.5,
        "mirror": True,
    }
    falls = ("generator/pixel",)
    source_channels = 3
    classes = ()


class Said(nn.Module):
    """A discriminator that says what it is told to, call by call."""

    def __init__(self, *logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.seen = list(logits), []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images)
        return self.logits.pop(0)


def new(**changes: Any) -> Pgan:
    made = build_generator("pgan", {**SMALL, **changes}, FACTS, seed=2)
    assert isinstance(made, Pgan)
    return made


def example(count: int = 2) -> Batch:
    return Bodies(8, 16, 3, ()).batch(range(count))


def test_discriminator_loss_is_half_the_least_squares_on_raw_logits():
    pgan = new(adversarial_weight=2.0)
    real, synthetic = torch.tensor([[1.0, -1.0, 3.0]]), torch.tensor([[0.5, -2.0, 0.0]])
    pgan.discriminator = Said(real, synthetic)
    batch = example()
    made = torch.zeros_like(batch.target)
    terms = pgan.discriminator_loss(batch.source, batch.target, made)
    # ((1-1)^2 + (-1-1)^2 + (3-1)^2) / 3 = 8/3 and (0.25 + 4 + 0) / 3 = 17/12, each times 1/2 times the weight of 2
    assert float(terms["real"]) == pytest.approx(8 / 3)
    assert float(terms["synthetic"]) == pytest.approx(17 / 12)
    judged_real, judged_synthetic = pgan.discriminator.seen
    assert torch.equal(judged_real, torch.cat([batch.source, batch.target], dim=1))
    assert torch.equal(judged_synthetic, torch.cat([batch.source, made], dim=1))


def test_the_adversarial_terms_are_monais_only_without_its_default_leaky_relu():
    logits = torch.tensor([[[[1.5, -3.0], [0.2, -0.4]]]])
    pgan = new()
    pgan.discriminator = Said(logits)
    batch = example(1)
    ours = float(pgan.generator_loss(batch.source, batch.target, batch.target)["adversarial"])
    raw = PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)
    leaky = PatchAdversarialLoss(criterion="least_squares")
    assert ours == pytest.approx(float(raw(logits, True, False)))
    assert abs(ours - float(leaky(logits, True, False))) > 0.1


def test_generator_loss_is_the_weighted_sum_of_three_distances():
    pgan = new(adversarial_weight=3.0, pixel_weight=50.0, perceptual_weight=20.0)
    pgan.discriminator = Said(torch.tensor([2.0, -1.0]))
    torch.manual_seed(1)
    pgan.features = FeatureEncoder(1, (2, 2, 3, 3)).requires_grad_(False)
    pgan.features.scale.copy_(torch.tensor([1.0, 2.0, 0.5]))
    batch, made = example(), torch.rand(2, 1, 16, 16) - 0.5
    terms = pgan.generator_loss(batch.source, batch.target, made)
    assert float(terms["adversarial"]) == pytest.approx(3 * (1 + 4) / 2)
    pixels = np.abs(made.numpy() - batch.target.numpy())
    assert float(terms["pixel"]) == pytest.approx(50 * pixels.mean(), rel=1e-5)
    with torch.no_grad():
        apart = np.abs(pgan.features(made).numpy() - pgan.features(batch.target).numpy())
    assert float(terms["perceptual"]) == pytest.approx(20 * apart.mean(), rel=1e-5)


def test_every_image_of_a_batch_enters_the_perceptual_loss():
    pgan, batch = new(), example(3)
    torch.nn.init.normal_(pgan.features.features[0].weight)
    made = batch.target.clone()
    made[2] += 0.5  # the authors' code compares the first image only, and would see nothing here
    pgan.discriminator = Said(torch.zeros(1))
    assert float(pgan.generator_loss(batch.source, batch.target, made)["perceptual"]) > 0


@pytest.mark.parametrize("phase", ["discriminator", "generator"])
def test_a_phase_gives_gradients_to_its_own_module_alone(phase):
    pgan = new(perceptual_steps=2)
    pgan.prepare(Bodies(8, 16, 3, ()), torch.Generator().manual_seed(0))
    only(pgan, pgan.phases()[phase])
    sum(pgan.loss(phase, example(), torch.Generator().manual_seed(0)).values()).backward()
    for name, module in {**pgan.phases(), "features": pgan.features}.items():
        grown = [p.grad is not None and bool(p.grad.abs().sum() > 0) for p in module.parameters()]
        assert any(grown) == (name == phase), name


def test_the_discriminator_steps_first_and_both_use_adam_as_in_the_paper():
    pgan = new()
    assert list(pgan.phases()) == ["discriminator", "generator"]
    for phase in pgan.phases():
        group = pgan.optimiser(phase).param_groups[0]
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))


def test_the_rate_is_constant_then_falls_to_nothing():
    factors = [new().learning_rate_factor("generator", at) for at in (0.0, 0.5, 0.75, 1.0)]
    assert factors == [1.0, 1.0, 0.5, 0.0]
    assert new(constant_share=1.0).learning_rate_factor("generator", 1.0) == 1.0


def test_residual_starts_at_the_central_source_slice():
    pgan, batch = new(predict="residual").eval(), example()
    source = batch.source.clone()
    source[:, 0], source[:, 2] = 0.9, -0.9
    assert torch.equal(pgan.sample(Batch(source=source), [torch.Generator()] * 2), source[:, 1:2])


def test_the_residual_is_measured_in_its_own_standard_deviation():
    pgan, examples = new(predict="residual", perceptual_steps=1), Bodies(64, 16, 3, ())
    pgan.prepare(examples, torch.Generator().manual_seed(0))
    deviation = float((examples.target - examples.source[:, 1:2]).std())
    assert float(pgan.residual_scale) == pytest.approx(deviation, rel=0.05)
    with torch.no_grad():
        pgan.network.last.bias.fill_(2.0)
    source = examples.source[:2]
    torch.testing.assert_close(pgan.translate(source), source[:, 1:2] + 2 * pgan.residual_scale)


def test_mirroring_turns_source_and_target_together():
    pgan = new(mirror=True)
    source = torch.arange(2.0 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    target = source[:, 1:2] + 100
    seen = set()
    for seed in range(20):
        turned, wanted = pgan._mirrored(source, target, torch.Generator().manual_seed(seed))
        assert torch.equal(turned[:, 1:2] + 100, wanted)
        for one, original in zip(turned, source, strict=True):
            assert torch.equal(one, original) or torch.equal(one, original.flip(1))
            seen.add(torch.equal(one, original))
    assert seen == {True, False}


def test_dropout_is_silent_when_sampling():
    pgan, batch = new(dropout=0.5).eval(), example()
    condition = Batch(source=batch.source)
    one, two = (pgan.sample(condition, [torch.Generator().manual_seed(s)] * 2) for s in (1, 2))
    assert torch.equal(one, two)


@pytest.mark.parametrize(
    ("settings", "facts", "place"),
    [
        ({"neighbours": 2}, FACTS, "neighbours must be odd"),
        ({"perceptual": "vgg16"}, FACTS, "needs perceptual_file"),
        ({}, Facts(1, 0, ("a", "b"), (16, 16)), "generators.family"),
        ({}, Facts(1, 3, (), (16, 16, 16)), "generators.family"),
        ({"neighbours": 5}, FACTS, "generators.neighbours"),
        ({"patch_layers": 3}, FACTS, "patch_layers"),
        ({"widht": 8}, FACTS, "widht"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, facts, place):
    with pytest.raises(SpecError, match=place):
        build_generator("pgan", {**SMALL, **settings}, facts, seed=1)


def test_an_unknown_phase_is_our_bug():
    with pytest.raises(KeyError):
        new().loss("encoder", example(), torch.Generator())


def test_every_default_states_the_papers_value():
    for name in ("batch", "neighbours", "width", "blocks", "dropout", "patch_width", "patch_layers"):
        assert "paper" in (PganSettings.model_fields[name].description or "")
