from __future__ import annotations

import math

import pytest
import torch

from generators.wide_examination import WideExamination, settings
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.train import only

SMALL = {"widths": [8, 16], "judge_widths": [8, 12], "latent": 6}


class TestVaeGan(WideExamination):
    family = "vae_gan"
    settings = settings(**SMALL, learning_rate=2e-3, images_seen=320)
    falls = ("encoder/likeness",)


@pytest.fixture
def made():
    return build_generator("vae_gan", SMALL, Facts(1, 0, ("a", "b"), (16, 16)), seed=0)


def batch() -> Batch:
    return Batch(target=torch.rand(4, 1, 16, 16) - 0.5, label=torch.tensor([0, 1, 0, 1]))


def test_the_encoder_never_hears_of_the_verdict(made):
    """Larsen, section 3.2: the error signal of L_GAN is not propagated to the encoder."""
    examples = batch()
    made.eval()
    before = made.loss("encoder", examples, torch.Generator().manual_seed(0))
    assert set(before) == {"kl", "likeness"}
    with torch.no_grad():
        made.discriminator.score.bias.add_(5.0)
        made.discriminator.projection.weight.mul_(3.0)
    after = made.loss("encoder", examples, torch.Generator().manual_seed(0))
    assert [v.item() for v in before.values()] == [v.item() for v in after.values()]
    only(made, made.network.decoder)
    sum(made.loss("decoder", batch(), torch.Generator()).values()).backward()
    assert all(p.grad is None for p in made.network.encoder.parameters())


def test_the_losses_are_larsens(made):
    made.discriminator.maps = lambda images: 2 * images
    real, other = torch.zeros(2, 1, 16, 16), torch.full((2, 1, 16, 16), 0.5)
    assert float(made.likeness(real, other)) == pytest.approx(0.5 * 256 * 1.0)
    mean, log_variance = torch.ones(2, 6), torch.zeros(2, 6)
    terms = made.encoder_loss(real, other, mean, log_variance)
    count = made.discriminator.features
    assert float(terms["kl"]) == pytest.approx(3.0 / count)
    assert float(terms["likeness"]) == pytest.approx(128.0 / count)
    made.discriminator.forward = lambda images, label=None: torch.zeros(len(images))
    judged = made.eval().discriminator_loss(real, other, other, None)
    assert [float(v) for v in judged.values()] == pytest.approx([math.log(2)] * 3)
    decoder = made.decoder_loss(real, other, other, None)
    assert float(decoder["likeness"]) == pytest.approx(made.settings.gamma * 128.0)
    assert float(decoder["adversarial"]) == pytest.approx(2 * math.log(2))
