"""Every sampler, walking a law whose expected image is known, gives back that law within the bias that is stated."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

import pytest
import torch

from generators.samplers.known_laws import WAYS, exploding, gaussian, mixture, preserving, start, straight
from synthassay.generators.samplers import SAMPLERS, SamplerName
from synthassay.generators.samplers.ddim import Ddim
from synthassay.generators.samplers.ddpm import Ddpm
from synthassay.generators.samplers.dpm_solver import DpmSolver
from synthassay.generators.samplers.euler import Euler
from synthassay.generators.samplers.heun import Heun
from synthassay.generators.schedules import CLEAN, Level, posterior

COUNT = 12_000

# Standard deviation that comes out for data N(0, 0.5^2), per sampler and way, at 5, 10, 20, 50 and 250 steps.
STEPS = (5, 10, 20, 50, 250)
SPREADS = {
    ("ddim", "preserving"): (0.2625, 0.3699, 0.4314, 0.4714, 0.4941),
    ("ddim", "exploding"): (0.2336, 0.3652, 0.4305, 0.4718, 0.4943),
    ("ddim", "straight"): (0.3694, 0.4309, 0.4643, 0.4854, 0.497),
    ("ddpm", "preserving"): (0.2483, 0.3339, 0.3905, 0.4432, 0.4854),
    ("ddpm", "exploding"): (0.1796, 0.3024, 0.3779, 0.4435, 0.4866),
    ("ddpm", "straight"): (0.3212, 0.3848, 0.4326, 0.47, 0.4929),
    ("dpm_solver", "preserving"): (0.2713, 0.4048, 0.4782, 0.5005, 0.5001),
    ("dpm_solver", "exploding"): (0.4327, 0.5794, 0.5246, 0.5032, 0.5001),
    ("dpm_solver", "straight"): (0.4201, 0.497, 0.5055, 0.5017, 0.5001),
    ("heun", "preserving"): (0.3199, 0.4353, 0.4802, 0.4957, 0.4995),
    ("heun", "exploding"): (1.2579, 0.6098, 0.5218, 0.503, 0.5001),
    ("heun", "straight"): (1.4597, 0.5895, 0.5103, 0.5008, 0.5),
}


def fresh(count: int = COUNT):
    rng = torch.Generator().manual_seed(7)
    return lambda: torch.randn(count, generator=rng, dtype=torch.float64)


def linear_spread(name: str, levels: list[Level], deviation: float) -> float:
    """The deviation by a recursion in plain numbers: each step of each sampler is linear in x for a Gaussian."""
    gain = gaussian(0.0, deviation)

    def clean(factor: float, level: Level) -> float:
        return float(gain(torch.tensor(factor, dtype=torch.float64), level))

    variance = levels[0].sigma ** 2
    for here, there in pairwise(levels):
        of_now, of_clean, drawn = posterior(here, there)
        variance = (of_now + of_clean * clean(1.0, here)) ** 2 * variance + drawn**2
    assert name == "ddpm"
    return math.sqrt(variance)


def test_every_name_that_a_study_may_use_has_a_sampler() -> None:
    assert set(get_args(SamplerName)) == set(SAMPLERS)
    kinds = {"ddim": Ddim, "ddpm": Ddpm, "dpm_solver": DpmSolver, "euler": Euler, "heun": Heun}
    assert {name: type(sampler) for name, sampler in SAMPLERS.items()} == kinds


@pytest.mark.parametrize(("name", "way"), list(SPREADS), ids="-".join)
def test_gaussian_comes_out_with_the_stated_deviation(name: str, way: str) -> None:
    for steps, expected in zip(STEPS, SPREADS[name, way], strict=True):
        made = SAMPLERS[name](gaussian(0.2, 0.5), start(COUNT), WAYS[way](steps), fresh())
        tolerance = 0.006 if name == "ddpm" else 6e-4
        assert float(made.std()) == pytest.approx(expected, abs=tolerance), steps


@pytest.mark.parametrize("name", sorted(SAMPLERS))
@pytest.mark.parametrize("way", sorted(WAYS))
def test_many_steps_give_the_moments(name: str, way: str) -> None:
    made = SAMPLERS[name](gaussian(0.2, 0.5), start(COUNT), WAYS[way](1000), fresh())
    assert float(made.mean()) == pytest.approx(0.2, abs=0.015)
    assert float(made.std()) == pytest.approx(0.5, abs=0.012 if name == "ddpm" else 0.003)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
@pytest.mark.parametrize("way", sorted(WAYS))
def test_two_gaussians_keep_their_shares_means_and_width(name: str, way: str) -> None:
    made = SAMPLERS[name](mixture((-0.6, 0.5), 0.1, (0.3, 0.7)), start(COUNT), WAYS[way](200), fresh())
    left, right = made[made < -0.05], made[made >= -0.05]
    assert len(left) / COUNT == pytest.approx(0.3, abs=0.015)
    assert float(left.mean()) == pytest.approx(-0.6, abs=0.01)
    assert float(right.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(right.std()) == pytest.approx(0.1, abs=0.016 if name == "ddpm" else 0.008)


def test_ancestral_sampling_agrees_with_its_recursion_at_every_step_count() -> None:
    for steps in (1, 2, 5, 10, 50, 250, 1000):
        made = SAMPLERS["ddpm"](gaussian(0.0, 0.5), start(COUNT), preserving(steps), fresh())
        assert float(made.std()) == pytest.approx(linear_spread("ddpm", preserving(steps), 0.5), abs=0.006)


def test_left_out_steps_leave_no_noise_behind() -> None:
    """MONAI 1.6's scheduler gives 0.745 from 250 of 1,000 steps and 0.995 from 10, for data of deviation 0.5."""
    for steps in (10, 250):
        assert float(SAMPLERS["ddpm"](gaussian(0.0, 0.5), start(COUNT), preserving(steps), fresh()).std()) < 0.506


def test_ddim_with_eta_one_is_ancestral_sampling() -> None:
    denoise, noise = mixture((-0.6, 0.5), 0.1, (0.3, 0.7)), start(500)
    one = Ddim(eta=1.0)(denoise, noise, preserving(30), fresh(500))
    torch.testing.assert_close(one, SAMPLERS["ddpm"](denoise, noise, preserving(30), fresh(500)))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_euler_is_ddim_without_noise(way: str) -> None:
    denoise, noise = mixture((-0.6, 0.5), 0.1, (0.3, 0.7)), start(500)
    one, other = (SAMPLERS[n](denoise, noise, WAYS[way](17), fresh(500)) for n in ("euler", "ddim"))
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("dpm_solver", 2), ("heun", 2)])
def test_order_of_convergence(name: str, order: int) -> None:
    """Between two levels away from the ends, halving the steps divides the error by 2 to the order."""

    def error(steps: int) -> float:
        # deviation of y = x / alpha at r = sigma / alpha follows sqrt(0.25 + r^2)
        ends = [2.0 * (0.1 / 2.0) ** (i / steps) for i in range(steps + 1)]
        levels = [Level(1.0, r) for r in ends]
        made = SAMPLERS[name](gaussian(0.0, 0.5), torch.ones(1, dtype=torch.float64), levels, fresh(1))
        return abs(float(made) - 2.0 * math.sqrt((0.25 + 0.01) / (0.25 + 4.0)))

    assert math.log2(error(40) / error(80)) == pytest.approx(order, abs=0.25)


def test_one_step_gives_the_mean() -> None:
    for name in SAMPLERS:
        made = SAMPLERS[name](gaussian(0.2, 0.5), start(100), preserving(1), fresh(100))
        assert float(made.mean()) == pytest.approx(0.2, abs=0.01)
        assert float(made.std()) < 0.02


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_calls_are_as_many_as_said(name: str) -> None:
    asked = []

    def denoise(now, level):
        asked.append(level)
        return 0.5 * now

    SAMPLERS[name](denoise, start(10), exploding(6), fresh(10))
    assert len(asked) == SAMPLERS[name].calls(6)


@pytest.mark.parametrize("name", ["euler", "heun", "dpm_solver"])
def test_samplers_that_divide_by_the_image_refuse_levels_without_one(name: str) -> None:
    with pytest.raises(ValueError, match="ddim or ddpm"):
        SAMPLERS[name](gaussian(0, 0.5), start(4), [Level(0.0, 1.0), *straight(3)], fresh(4))


@pytest.mark.parametrize("name", ["ddim", "ddpm"])
def test_the_others_start_from_noise_alone(name: str) -> None:
    levels = [Level(0.0, 1.0), *preserving(200)[1:]]
    made = SAMPLERS[name](gaussian(0.2, 0.5), start(COUNT), levels, fresh())
    assert float(made.std()) == pytest.approx(0.49, abs=0.015)
    assert levels[-1] == CLEAN
