from __future__ import annotations

import pytest
import torch

from generators.wide_examination import WideExamination, settings
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Facts

CYCLE = {"width": 4, "blocks": 1, "halvings": 1, "patch_width": 4, "patch_layers": 1, "pool": 6}
FACTS = Facts(1, 1, ("aim", "other"), (16, 16))


class TestAttentionCyclegan(WideExamination):
    family = "attention_cyclegan"
    settings = settings(**CYCLE, learning_rate=2e-3, images_seen=160)
    falls = ("discriminators/real_target",)
    source_channels = 1
    volumes = True
    odd_sizes = True


def test_the_information_is_paid_by_the_discriminator_alone():
    made = build_generator("attention_cyclegan", {**CYCLE, "information_weight": 2.0}, FACTS, seed=0).eval()
    images = {"target": torch.rand(2, 1, 16, 16), "source": torch.rand(2, 1, 16, 16)}
    judged = made.discriminators_loss(images, images, torch.Generator())
    _, of_real, _ = made.discriminators["target"].judge(images["target"], None)
    assert judged["information_target"].item() == pytest.approx(2 * of_real.item())
    terms = made.generators_loss(images["source"], images["target"], torch.Generator())
    assert not any("information" in name for name in terms)


def test_what_attention_shuts_out_is_not_judged():
    made = build_generator("attention_cyclegan", CYCLE, FACTS, seed=0)
    judge = made.discriminators["target"]
    with torch.no_grad():
        judge.gate.weight.zero_()
        judge.gate.bias.fill_(-50.0)
    with torch.no_grad():
        one, two = (judge.judge(torch.rand(1, 1, 16, 16), None) for _ in range(2))
    assert float(one[2].max()) < 1e-6
    torch.testing.assert_close(one[0], two[0])


def test_noise_is_drawn_for_the_discriminator_and_not_for_the_generators():
    made = build_generator("attention_cyclegan", CYCLE, FACTS, seed=0)
    judge, images = made.discriminators["target"], torch.rand(1, 1, 16, 16)
    drawn = [judge.judge(images, torch.Generator().manual_seed(s))[0] for s in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
    assert torch.equal(made.logits("target", images, torch.Generator()), judge.judge(images, None)[0])
