from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, seeds
from generators.wide_examination import WideExamination, settings
from synthassay.errors import SpecError
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {"width": 6, "critic_width": 4, "perceptual_steps": 10}


class TestWganVgg(WideExamination):
    family = "wgan_vgg"
    settings = settings(**SMALL, learning_rate=4e-3, critic_steps=1, images_seen=600, perceptual_weight=100.0)
    falls = ("generator/perceptual",)
    source_channels = 1
    classes = ()
    odd_sizes = True

    def _lives(self, made, channels, space):
        with torch.no_grad():
            made.network.last.weight.normal_()
        super()._lives(made, channels, space)


def new(**changes):
    return build_generator("wgan_vgg", {**SMALL, **changes}, Facts(1, 3, (), (16, 16)), seed=0)


def test_the_critic_steps_four_times_for_each_step_of_the_generator():
    made = new()
    assert [made.due("generator", step) for step in range(8)] == [False, False, False, True] * 2
    assert all(made.due("discriminator", step) for step in range(8))


def test_it_starts_at_the_central_noisy_slice():
    made = new(neighbours=3).eval()
    source = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(made.sample(Batch(source=source), seeds(1, 2)), source[:, 1:2])


def test_terms_have_the_wasserstein_signs_and_no_pixel_distance():
    made = new(neighbours=3)

    class Sum(torch.nn.Module):
        def forward(self, images):
            return images.flatten(1).sum(1) / 16.0  # its gradient has length 1 everywhere: sqrt(256) / 16

    made.discriminator = Sum()
    target, wrong = torch.full((2, 1, 16, 16), 0.5), torch.full((2, 1, 16, 16), 0.25)
    terms = made.discriminator_loss(target, target, wrong, torch.Generator())
    assert float(terms["real"]) == pytest.approx(-8.0)
    assert float(terms["synthetic"]) == pytest.approx(4.0)
    assert float(terms["penalty"]) == pytest.approx(0.0, abs=1e-6)
    assert set(made.generator_loss(target, target, wrong)) == {"adversarial", "perceptual"}


def test_a_published_network_needs_its_file():
    with pytest.raises(SpecError, match="perceptual_file"):
        new(perceptual="vgg16")


def test_what_is_added_is_in_units_of_its_deviation():
    made, examples = new(neighbours=3, perceptual_steps=1).eval(), Bodies(64, 16, 3, ())
    made.prepare(examples, torch.Generator().manual_seed(0))
    batch = examples.batch(range(64))
    deviation = float((batch.target - batch.source[:, 1:2]).std())
    assert float(made.residual_scale) == pytest.approx(deviation, rel=0.1)
    with torch.no_grad():
        made.ema.average.last.bias.fill_(0.5)
    found = made.sample(Batch(source=torch.zeros(1, 3, 16, 16)), seeds(1))
    torch.testing.assert_close(found, (made.residual_scale / 2).expand_as(found))


def test_features_keep_their_proportions():
    made = new(neighbours=3, perceptual_steps=5)
    made.prepare(Bodies(64, 16, 3, ()), torch.Generator().manual_seed(0))
    assert float(made.features.scale.min()) == float(made.features.scale.max()) != 1
