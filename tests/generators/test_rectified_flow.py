"""The flow passes the house's examination in each of its uses, and its samplers agree with closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from generators.examination import Bodies, Examination, digest_of, seeds
from synthassay.errors import SpecError
from synthassay.generators.rectified_flow import RectifiedFlow, draw_times, euler, heun
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 1600,
    "batch": 16,
    "widths": (8, 16),
    "learning_rate": 4e-3,
    "steps": 4,
    "guidance": 1.5,
}
FACTS = Facts(1, 0, ("clear", "opaque"), (16, 16))


class TestLabelConditioned(Examination):
    family = "rectified_flow"
    settings = SMALL
    falls = ("velocity/velocity_mse",)


class TestSourceConditioned(Examination):
    family = "rectified_flow"
    settings = {**SMALL, "sampler": "euler", "unshuffle": 1, "attention": False, "images_seen": 2400}
    falls = ("velocity/velocity_mse",)
    source_channels = 3
    classes = ()

    def test_image_follows_its_source(self, trained) -> None:
        bodies = Bodies(8, 16, 3, (), seed=9)
        made = trained[0].sample(Batch(source=bodies.source), seeds(*range(8)))
        distance = (made[:, None] - bodies.target[None]).square().flatten(2).mean(2)
        own, others = distance.diagonal().mean(), distance[~torch.eye(8, dtype=torch.bool)].mean()
        assert float(own) < 0.5 * float(others)


class TestVolumes(Examination):
    family = "rectified_flow"
    settings = {**SMALL, "images_seen": 480, "neighbours": 0, "widths": (8, 8), "guidance": 1.0}
    falls = ("velocity/velocity_mse",)
    source_channels = 2
    classes = ()
    axes = 3
    size = 8


def test_pictures_are_learnt_as_before_there_were_volumes() -> None:
    """Hashes were taken before the network and the walk took a third axis."""
    for (settings, sources, classes), known in PICTURES.items():
        facts = Facts(1, sources, classes, (16, 16))
        made = build_generator("rectified_flow", {"images_seen": 48, "batch": 16, **dict(settings)}, facts, seed=11)
        assert digest_of(made) == known


PICTURES = {
    ((("widths", (8, 16)), ("steps", 4), ("guidance", 1.5)), 0, ("clear", "opaque")): "fe5891c67391fa9d",
    ((("widths", (8, 16)), ("steps", 4), ("sampler", "euler"), ("unshuffle", 1)), 3, ()): "02218ff1aabccb05",
}


def test_patches_follow_one_walk_and_one_patch_is_the_whole() -> None:
    facts = Facts(1, 1, (), (8, 8, 8))
    made = build_generator("rectified_flow", {**SMALL, "neighbours": 0, "widths": (8, 8)}, facts, seed=1).eval()
    with torch.no_grad():
        for weights in made.ema.average.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=seeds(4)[0]))
    source = torch.rand(1, 1, 8, 8, 8, generator=seeds(2)[0])
    whole = made.sample(Batch(source=source), seeds(3))
    torch.testing.assert_close(made.sample_over(Batch(source=source), seeds(3), 0.5), whole, rtol=0, atol=1e-5)
    larger = made.sample_over(Batch(source=torch.rand(1, 1, 12, 8, 20)), seeds(3), 0.5)
    assert larger.shape == (1, 1, 12, 8, 20) and bool(torch.isfinite(larger).all())


def gaussian_velocity(s: float):
    """The perfect velocity of data N(0, s^2): E[x - n | x_t] = (t s^2 - (1 - t)) / ((1 - t)^2 + t^2 s^2) x_t."""

    def velocity(now: Tensor, time: float) -> Tensor:
        return (time * s**2 - (1 - time)) / ((1 - time) ** 2 + time**2 * s**2) * now

    return velocity


def linear_walk(walk, s: float, steps: int) -> float:
    """The factor by which a walk along a linear velocity scales its start; exactly s for the flow itself."""
    return float(walk(gaussian_velocity(s), torch.ones(1, dtype=torch.float64), steps))


# Standard deviation at each step count for data N(0, 0.5^2), which should be 0.5: the known few-step shrinkage, from
# the recursions in plain Python floats (Euler: product of 1 + a(t)/n; Heun: of 1 + (a(t) + a(t')(1 + a(t)/n)) / 2n).
SPREADS = {
    euler: {1: 0.0, 2: 0.2, 4: 0.3405, 8: 0.4148, 12: 0.4417, 25: 0.4712, 50: 0.4854, 100: 0.4926, 1000: 0.4993},
    heun: {1: 0.0, 2: 0.24, 4: 0.4327, 8: 0.4851, 12: 0.4938, 25: 0.4987, 50: 0.4997, 100: 0.4999, 1000: 0.5},
}


@pytest.mark.parametrize(("walk", "steps"), [(walk, steps) for walk, table in SPREADS.items() for steps in table])
def test_gaussian_comes_out_with_its_standard_deviation_and_the_stated_bias(walk, steps: int) -> None:
    start = torch.randn(4000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    start = (start - start.mean()) / start.std()
    spread = float(walk(gaussian_velocity(0.5), start, steps).std())
    assert spread == pytest.approx(SPREADS[walk][steps], abs=6e-5)


def test_default_sampler_keeps_the_standard_deviation_within_two_percent() -> None:
    settings = RectifiedFlow.Settings()
    walk = {"euler": euler, "heun": heun}[settings.sampler]
    assert linear_walk(walk, 0.5, settings.steps) == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize(("walk", "order"), [(euler, 1), (heun, 2)])
def test_error_falls_with_the_order_of_the_sampler(walk, order: int) -> None:
    coarse, fine = (abs(linear_walk(walk, 0.5, steps) - 0.5) for steps in (200, 400))
    assert coarse / fine == pytest.approx(2**order, rel=0.1)


def test_a_straight_flow_is_exact_in_one_step() -> None:
    noise, image = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(1)).chunk(2)
    for walk in (euler, heun):
        torch.testing.assert_close(walk(lambda now, time: image - noise, noise, 1), image)


def test_logit_normal_times_have_the_moments_of_their_law() -> None:
    times = draw_times(200_000, "logit-normal", torch.Generator().manual_seed(0))
    assert float(times.mean()) == pytest.approx(0.5, abs=0.002)
    assert float(times.std()) == pytest.approx(0.20828, abs=0.002)  # quadrature of the logistic of a normal
    uniform = draw_times(200_000, "uniform", torch.Generator().manual_seed(0))
    assert float(uniform.std()) == pytest.approx(1 / math.sqrt(12), abs=0.002)


def flow(**changes) -> RectifiedFlow:
    made = build_generator("rectified_flow", {**SMALL, **changes}, FACTS, seed=2)
    assert isinstance(made, RectifiedFlow)
    return made


def test_untrained_flow_has_the_loss_of_answering_zero() -> None:
    target = Bodies(64, 16, 0, FACTS.classes).target
    loss = flow().loss("velocity", Batch(target, None, torch.zeros(64, dtype=torch.int64)), seeds(0)[0])
    expected = 1 + float(target.square().mean())  # E (x - n)^2 with n standard normal
    assert loss["velocity_mse"].item() == pytest.approx(expected, rel=0.03)


def told_apart(**changes) -> RectifiedFlow:
    """A flow whose classes differ: weights drawn at random, since a new one answers 0 for all."""
    made = flow(**changes)
    rng = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weights in made.ema.average.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=rng))
    return made.eval()


def test_guidance_one_is_the_class_and_zero_is_no_class() -> None:
    label = Batch(label=torch.tensor([0, 1]))
    plain = told_apart(guidance=1.0).sample(label, seeds(1, 2))
    nearly = told_apart(guidance=1.0 + 1e-6).sample(label, seeds(1, 2))
    torch.testing.assert_close(plain, nearly, rtol=0, atol=1e-4)
    untold = told_apart(guidance=0.0).sample(label, seeds(1, 2))
    swapped = told_apart(guidance=0.0).sample(Batch(label=torch.tensor([1, 0])), seeds(1, 2))
    torch.testing.assert_close(untold, swapped, rtol=0, atol=1e-5)
    assert not torch.allclose(plain, untold, atol=1e-3)


def test_guidance_extrapolates_the_velocity() -> None:
    """Ho and Salimans 2022, equation 6: v(null) + w (v(class) - v(null)), here at one time and by hand."""
    made, label = told_apart(guidance=3.0), torch.tensor([1])
    now, time = torch.randn(1, 1, 16, 16, generator=seeds(3)[0]), torch.tensor([0.4])
    with torch.no_grad():
        told, untold = made.ema(now, time, label), made.ema(now, time, torch.tensor([2]))
        guided = made._guided(Batch(label=label))(now, 0.4)
    torch.testing.assert_close(guided, untold + 3 * (told - untold), rtol=1e-4, atol=1e-5)


def test_hidden_classes_are_as_many_as_asked() -> None:
    made, label = flow(drop_class=0.3), torch.ones(20_000, dtype=torch.int64)
    told = made._told(Batch(label=label), 0.3, seeds(0)[0])
    assert float((told == 2).float().mean()) == pytest.approx(0.3, abs=0.015)
    assert bool((made._told(Batch(label=label), 0.0, seeds(0)[0]) == 1).all())


def test_size_that_cannot_be_halved_is_refused_with_the_divisor() -> None:
    with pytest.raises(SpecError, match="multiples of 8"):
        build_generator("rectified_flow", {"widths": (8, 8, 8)}, Facts(1, 0, ("a",), (20, 64)), seed=0)
