from __future__ import annotations

import pytest
import torch

from generators.wide_examination import WideExamination, settings
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Facts
from synthassay.networks.mind import structure_loss

CYCLE = {"width": 4, "blocks": 1, "halvings": 1, "patch_width": 4, "patch_layers": 1, "pool": 6}
FACTS = Facts(1, 1, ("aim", "other"), (16, 16))


class TestStructureCyclegan(WideExamination):
    family = "structure_cyclegan"
    settings = settings(**CYCLE, learning_rate=2e-3, images_seen=120, structure_window=3, structure_patch=3)
    falls = ("generators/adversarial_target",)
    fall = 0.9
    source_channels = 1
    volumes = True
    odd_sizes = True


def test_it_is_cyclegan_and_a_weighted_distance_of_structure_both_ways():
    made = build_generator("structure_cyclegan", {**CYCLE, "structure_weight": 3.0}, FACTS, seed=0)
    source, target = torch.rand(2, 1, 16, 16), torch.rand(2, 1, 16, 16)
    terms = made.generators_loss(source, target, torch.Generator())
    window = {"window": 5, "patch": 5, "sigma": 1.5}
    there = structure_loss(made.to_target(source), source, **window)
    back = structure_loss(made.to_source(target), target, **window)
    assert terms["structure_source"].item() == pytest.approx(3 * there.item())
    assert terms["structure_target"].item() == pytest.approx(3 * back.item())
    assert not any("identity" in name for name in terms)
