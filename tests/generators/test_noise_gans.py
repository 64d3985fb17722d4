"""dcgan, acgan and wgan_gp: the shared examination, their equations, and the signs of collapse."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from generators.wide_examination import WideExamination, settings
from synthassay.errors import SpecError
from synthassay.generators.acgan import Acgan
from synthassay.generators.dcgan import Dcgan
from synthassay.generators.stored import build_generator
from synthassay.generators.wgan_gp import WganGp
from synthassay.networks.batch import Batch, Facts
from synthassay.records.log import TrainingLine

SMALL = {"widths": [8, 12], "latent": 8}


class TestDcgan(WideExamination):
    family = "dcgan"
    settings = settings(**SMALL, learning_rate=1e-3)
    falls = ("discriminator/real",)
    volumes = True


class TestDcganWithoutClasses(WideExamination):
    family = "dcgan"
    settings = settings(**SMALL, learning_rate=1e-3, norm="spectral", r1_weight=0.1)
    falls = ()
    classes = ()
    volumes = True


class TestAcgan(WideExamination):
    family = "acgan"
    settings = settings(**SMALL, learning_rate=2e-3, images_seen=480)
    falls = ("discriminator/class_of_real",)
    volumes = True


class TestWganGp(WideExamination):
    family = "wgan_gp"
    settings = settings(**SMALL, critic_steps=2, learning_rate=1e-3)
    falls = ("discriminator/penalty",)
    volumes = True


def batch(*labels: int) -> Batch:
    rng = torch.Generator().manual_seed(1)
    return Batch(target=torch.rand((len(labels), 1, 16, 16), generator=rng), label=torch.tensor(labels))


def new(family: str, **changes):
    return build_generator(family, {**SMALL, **changes}, Facts(1, 0, ("a", "b"), (16, 16)), seed=0)


def test_each_class_has_a_dcgan_of_its_own():
    made = new("dcgan")
    assert isinstance(made, Dcgan)
    noise = torch.randn(3, 8)
    one = made.eval().make(made.network, noise, torch.tensor([0, 1, 0]))
    torch.testing.assert_close(one[[0, 2]], made.network[0](noise[[0, 2]]))
    torch.testing.assert_close(one[[1]], made.network[1](noise[[1]]))
    made.train().loss("discriminator", batch(0, 0, 0, 0), torch.Generator())["real"].backward()
    assert all(p.grad is None or not p.grad.any() for p in made.discriminator[1].parameters())


def test_a_class_with_one_image_waits():
    terms = new("dcgan").train().loss("generator", batch(0, 0, 0, 1), torch.Generator())
    assert terms["waiting"].item() == 0 and terms["adversarial"].item() > 0


class Names(nn.Module):
    def judge(self, images, label=None):
        return torch.zeros(len(images)), images.flatten(1)[:, :2]


def test_acgan_asks_both_networks_for_the_class():
    made = new("acgan", class_weight=2.0)
    assert isinstance(made, Acgan)
    made.discriminator = Names()
    real, wrong, label = torch.zeros(2, 1, 16, 16), torch.zeros(2, 1, 16, 16), torch.tensor([0, 1])
    wrong[:, 0, 0, 0] = 3.0
    terms = made.eval().discriminator_loss(real, wrong, label)
    assert float(terms["real"]) == float(terms["synthetic"]) == pytest.approx(math.log(2))
    assert float(terms["class_of_real"]) == pytest.approx(2 * math.log(2))
    named = (math.log1p(math.exp(-3)) + math.log1p(math.exp(3))) / 2
    assert float(terms["class_of_synthetic"]) == pytest.approx(2 * named)
    assert float(made.generator_loss(wrong, label)["class"]) == pytest.approx(2 * named)


def test_acgan_needs_classes():
    with pytest.raises(SpecError, match="fewer than two"):
        build_generator("acgan", SMALL, Facts(1, 0, (), (16, 16)), seed=0)


def test_the_critic_of_wgan_gp_is_right_on_a_linear_critic():
    made = new("wgan_gp", penalty_weight=10.0)
    assert isinstance(made, WganGp)

    class Sum(nn.Module):
        def forward(self, images, label=None):
            return 2 * images.flatten(1).sum(1) / 16

    made.discriminator = Sum()
    real, wrong = torch.full((2, 1, 16, 16), 0.5), torch.full((2, 1, 16, 16), -0.25)
    terms = made.eval().critic_loss(real, wrong, torch.tensor([0, 1]), torch.Generator())
    assert float(terms["real"]) == pytest.approx(-16.0)
    assert float(terms["synthetic"]) == pytest.approx(-8.0)
    assert float(terms["penalty"]) == pytest.approx(10.0 * (2 - 1) ** 2)
    assert [made.due("generator", step) for step in range(6)] == [False, False, True] * 2


def test_two_time_scales():
    made = new("dcgan", discriminator_rate=4.0, learning_rate=1e-4)
    assert made.optimiser("discriminator").param_groups[0]["lr"] == pytest.approx(4e-4)
    assert made.optimiser("generator").param_groups[0]["lr"] == pytest.approx(1e-4)


def test_alarms_stand_in_the_log(tmp_path):
    made = new("acgan", images_seen=16, batch=8)
    made.watch.steps.fill_(100)
    made.watch.diversity.fill_(0.05)
    TestAcgan._train(made, tmp_path)
    last = TrainingLine.model_validate_json((tmp_path / "training.jsonl").read_text().splitlines()[-1])
    assert any("collapse" in alarm for alarm in last.alarms)
