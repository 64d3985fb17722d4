from __future__ import annotations

import torch

from generators.examination import seeds
from generators.wide_examination import WideExamination, settings
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

FACTS = Facts(1, 1, ("aim", "other"), (16, 16))


class TestDisentangledVae(WideExamination):
    family = "disentangled_vae"
    settings = settings(width=6, maps=4, numbers=4, learning_rate=1e-2)
    falls = ("codes/reconstruction",)
    source_channels = 1
    odd_sizes = True


def test_the_anatomy_code_does_not_see_gain_and_offset():
    made = build_generator("disentangled_vae", {"width": 6}, FACTS, seed=0)
    images = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(
        made.network.anatomy(images), made.network.anatomy(0.5 * images - 0.2), atol=1e-3, rtol=0
    )
    looks = made.another_look(images, torch.Generator().manual_seed(0))
    order = images[0].flatten().argsort()
    assert bool((looks[0].flatten()[order].diff() >= 0).all())  # a look moves no border: order stays


def test_sources_are_painted_with_the_code_of_the_target_domain():
    made = build_generator("disentangled_vae", {"width": 6}, FACTS, seed=0).eval()
    source = torch.rand(2, 1, 16, 16)
    before = made.sample(Batch(source=source), seeds(1, 2))
    made.target_code.add_(2.0)
    after = made.sample(Batch(source=source), seeds(1, 2))
    assert not torch.allclose(before, after)
    wanted = made.ema.average.paint(made.ema.average.anatomy(source), made.target_code.expand(2, -1))
    torch.testing.assert_close(after, wanted.clamp(-1, 1))


def test_the_target_code_follows_images_of_domain_0_alone():
    made = build_generator("disentangled_vae", {"width": 6}, FACTS, seed=0).train()
    target, source = torch.rand(3, 1, 16, 16), torch.rand(3, 1, 16, 16) - 1
    batch = Batch(target, source, torch.ones(3, dtype=torch.int64))
    made.loss("codes", batch, torch.Generator().manual_seed(0))
    mean, _ = made.network.acquisition(target, made.network.anatomy(target))
    torch.testing.assert_close(made.target_code, mean.mean(0).detach())
