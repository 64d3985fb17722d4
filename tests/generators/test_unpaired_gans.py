"""cyclegan and its kin, cut, stargan and disentangled_vae: the shared examination and their equations."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from generators.examination import seeds
from generators.wide_examination import WideExamination, settings
from synthassay.errors import SpecError
from synthassay.generators.base import GENERATORS
from synthassay.generators.cut import patch_nce
from synthassay.generators.cyclegan import Cyclegan
from synthassay.generators.stargan import all_images
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

CYCLE = {"width": 4, "blocks": 1, "halvings": 1, "patch_width": 4, "patch_layers": 1, "pool": 6}
FACTS = Facts(1, 1, ("aim", "other"), (16, 16))


class TestCyclegan(WideExamination):
    family = "cyclegan"
    settings = settings(**CYCLE, learning_rate=2e-3)
    falls = ("generators/cycle_source", "generators/identity_target")
    source_channels = 1
    volumes = True
    odd_sizes = True


class TestCut(WideExamination):
    family = "cut"
    settings = settings(**{k: v for k, v in CYCLE.items() if k != "pool"}, learning_rate=2e-3, projection=8, patches=16)
    falls = ("generator/nce",)
    source_channels = 1
    volumes = True
    odd_sizes = True


class TestStargan(WideExamination):
    family = "stargan"
    settings = settings(
        width=4, blocks=1, critic_width=4, critic_layers=2, perceptual_steps=5, learning_rate=1e-3, critic_steps=2
    )
    falls = ("generator/cycle",)
    source_channels = 1
    odd_sizes = True


class Constant(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.full_like(images, self.value)


def test_the_terms_of_cyclegan_are_its_equations():
    made = build_generator("cyclegan", {**CYCLE, "residual": False}, FACTS, seed=0)
    assert isinstance(made, Cyclegan)
    half = float(torch.atanh(torch.tensor(0.5)))
    made.generators["to_target"], made.generators["to_source"] = Constant(half), Constant(-half)
    made.discriminators["target"], made.discriminators["source"] = Constant(3.0), Constant(-1.0)
    source, target = torch.zeros(2, 1, 16, 16), torch.ones(2, 1, 16, 16)
    terms = made.generators_loss(source, target, torch.Generator())
    wanted = {
        "adversarial_target": 4.0, "adversarial_source": 4.0,  # (3 - 1)^2 and (-1 - 1)^2 on raw logits
        "cycle_source": 10 * 0.5, "cycle_target": 10 * 0.5,
        "identity_target": 5 * 0.5, "identity_source": 5 * 0.5,
    }  # fmt: skip
    assert {k: pytest.approx(float(v), abs=1e-5) for k, v in terms.items()} == wanted
    images = {"target": target, "source": source}
    judged = made.eval().discriminators_loss(images, images, torch.Generator())
    assert [round(float(v), 4) for v in judged.values()] == [2.0, 4.5, 2.0, 0.5]


def test_the_pool_outlives_a_run(tmp_path):
    made = build_generator("cyclegan", CYCLE, FACTS, seed=0).train()
    batch = Batch(torch.rand(4, 1, 16, 16), torch.rand(4, 1, 16, 16), torch.ones(4, dtype=torch.int64))
    made.loss("discriminators", batch, torch.Generator().manual_seed(0))
    state = made.state_dict()
    assert state["pools.target.images"].shape == (4, 1, 16, 16)
    for _ in range(3):
        made.loss("discriminators", batch, torch.Generator().manual_seed(0))
    assert len(made.state_dict()["pools.target.images"]) == CYCLE["pool"]


def test_sources_of_other_channels_go_by_cyclegan_without_identity_and_not_by_cut():
    facts = Facts(1, 3, ("aim", "other"), (16, 16))
    made = build_generator("cyclegan", CYCLE, facts, seed=0)
    terms = made.generators_loss(torch.rand(2, 3, 16, 16), torch.rand(2, 1, 16, 16), torch.Generator())
    assert not any("identity" in name for name in terms)
    for family in ("cut", "stargan", "disentangled_vae"):
        with pytest.raises(SpecError):
            build_generator(family, {}, facts, seed=0)


def test_the_contrastive_loss_by_hand_and_its_gradient_goes_to_the_result_alone():
    found = torch.nn.functional.normalize(torch.tensor([[[1.0, 0.0], [0.6, 0.8]]]), dim=-1).requires_grad_()
    wanted = torch.eye(2)[None]
    logits = torch.tensor([[1.0, 0.0], [0.6, 0.8]]) / 0.5
    by_hand = (logits.logsumexp(1) - logits.diagonal()).mean()
    assert patch_nce(found, wanted, 0.5).item() == pytest.approx(float(by_hand))
    made = build_generator("cut", {**{k: v for k, v in CYCLE.items() if k != "pool"}}, FACTS, seed=0)
    shown = torch.rand(1, 1, 16, 16, requires_grad=True)
    result = torch.rand(1, 1, 16, 16, requires_grad=True)
    made.contrast(shown, result, torch.Generator()).backward()
    assert shown.grad is None and result.grad is not None and bool(result.grad.any())


def test_stargan_learns_from_sources_and_targets_and_aims_at_domain_0():
    batch = Batch(torch.zeros(2, 1, 4, 4), torch.ones(2, 1, 4, 4), torch.tensor([2, 1]))
    images, domain = all_images(batch)
    assert domain.tolist() == [2, 1, 0, 0] and float(images[0].mean()) == 1
    facts = Facts(1, 1, ("aim", "b", "c"), (16, 16))
    made = build_generator("stargan", {"width": 4, "blocks": 1, "critic_width": 4}, facts, seed=0).eval()
    source = torch.rand(2, 1, 16, 16)
    wanted = made.translate(made.ema.average, source, torch.zeros(2, dtype=torch.int64))
    torch.testing.assert_close(made.sample(Batch(source=source), seeds(1, 2)), wanted)
    assert not torch.equal(wanted, made.translate(made.ema.average, source, torch.ones(2, dtype=torch.int64)))


def test_none_of_them_serves_pairs():
    for family in ("cyclegan", "structure_cyclegan", "attention_cyclegan", "cut", "stargan", "disentangled_vae"):
        assert not GENERATORS.get(family).serves & {"translate", "denoise", "super_resolve"}
