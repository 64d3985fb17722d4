"""Guidance, projection and RePaint on laws whose answer is known."""

from __future__ import annotations

import math

import pytest
import torch

from generators.samplers.known_laws import exploding, gaussian, preserving, start
from synthassay.generators.samplers import SAMPLERS
from synthassay.generators.samplers.guidance import guided
from synthassay.generators.samplers.projection import projected
from synthassay.generators.samplers.repaint import Repaint
from synthassay.generators.schedules import Level

CORRELATION, COUNT = 0.8, 4000


def pairs(now: torch.Tensor, level: Level) -> torch.Tensor:
    """Expected pair of numbers of deviation 0.5 that are correlated, along the eigenvectors (1, 1) and (1, -1)."""
    both, apart = now.sum(1, keepdim=True) / 2, (now[:, :1] - now[:, 1:]) / 2
    # the mean of both has variance 0.25 (1 + c) / 2, and noise of variance 1/2
    both = gaussian(0, 0.5 * math.sqrt(1 + CORRELATION))(both, level)
    apart = gaussian(0, 0.5 * math.sqrt(1 - CORRELATION))(apart, level)
    return torch.cat([both + apart, both - apart], 1)


def noise(count: int = COUNT) -> torch.Tensor:
    return torch.stack([start(count), start(count).roll(count // 3)], 1)


def fresh():
    rng = torch.Generator().manual_seed(5)
    return lambda: torch.randn(COUNT, 2, generator=rng, dtype=torch.float64)


KNOWN = torch.tensor([[0.6, 0.0]], dtype=torch.float64)
WHERE = torch.tensor([[True, False]])


def test_repaint_draws_the_hole_given_what_surrounds_it() -> None:
    """x2 given x1 = 0.6 is N(0.48, 0.09); RePaint comes nearer to it the more often it goes back."""
    seen = {times: Repaint(KNOWN, WHERE, times)(pairs, noise(), preserving(60), fresh()) for times in (1, 10)}
    for made in seen.values():
        assert bool((made[:, 0] == 0.6).all())
    error = {times: abs(float(made[:, 1].mean()) - 0.48) for times, made in seen.items()}
    assert error[10] < 0.05
    assert error[10] < 0.5 * error[1]
    assert float(seen[10][:, 1].std()) == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_projection_keeps_what_is_known_and_pulls_the_rest(name: str) -> None:
    made = SAMPLERS[name](projected(pairs, KNOWN, WHERE), noise(), preserving(60), fresh())
    assert bool((made[:, 0] == 0.6).all())
    assert 0.2 < float(made[:, 1].mean()) < 0.55


def test_repaint_asks_as_often_as_it_says() -> None:
    asked = []
    walk = Repaint(KNOWN, WHERE, 3)
    walk(lambda now, level: asked.append(level) or now, noise(), exploding(7), fresh())
    assert len(asked) == walk.calls(7) == 19


FIELD = 0.25 * 0.85 ** (torch.arange(6)[:, None] - torch.arange(6)).abs().double()  # covariance of six pixels in a row
GIVEN = torch.tensor([0.5, 0.6, 0.0, 0.0, 0.0, -0.3], dtype=torch.float64)
SHOWN = torch.tensor([True, True, False, False, False, True])


def field(now: torch.Tensor, level: Level) -> torch.Tensor:
    """Expected field: the regression of x0 on x_t."""
    noisy = level.alpha**2 * FIELD + level.sigma**2 * torch.eye(6, dtype=torch.float64)
    return now @ torch.linalg.solve(noisy, level.alpha * FIELD)


def filled_field(times: int, jump: int = 1, count: int = 1500, steps: int = 150) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation of the hole; ``times`` 0 projects."""
    rng = torch.Generator().manual_seed(2)

    def draw() -> torch.Tensor:
        return torch.randn(count, 6, generator=rng, dtype=torch.float64)

    if times:
        made = Repaint(GIVEN, SHOWN, times, jump)(field, draw(), preserving(steps), draw)
    else:
        made = SAMPLERS["dpm_solver"](projected(field, GIVEN, SHOWN), draw(), preserving(steps), draw)
    assert bool((made[:, SHOWN] == GIVEN[SHOWN]).all())
    return made[:, ~SHOWN].mean(0), made[:, ~SHOWN].std(0)


def conditional_field() -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation of the hole given what is known, from the covariance."""
    gain = torch.linalg.solve(FIELD[SHOWN][:, SHOWN], FIELD[SHOWN][:, ~SHOWN]).T
    left = FIELD[~SHOWN][:, ~SHOWN] - gain @ FIELD[SHOWN][:, ~SHOWN]
    return gain @ GIVEN[SHOWN], left.diagonal().sqrt()


@pytest.mark.parametrize(
    ("times", "jump", "reached", "width"),
    [(0, 1, 0.55, 1.48), (1, 1, 0.71, 1.18), (10, 1, 0.95, 0.91), (10, 5, 0.94, 0.92)],
)
def test_filling_a_field_comes_near_to_its_conditional_law(times, jump, reached, width) -> None:
    """Mean and deviation of a hole in a Gaussian field, as shares of the true ones; the table in the reference."""
    mean, deviation = conditional_field()
    found, spread = filled_field(times, jump)
    assert float(found @ mean / (mean @ mean)) == pytest.approx(reached, abs=0.03)
    assert float((spread / deviation).mean()) == pytest.approx(width, abs=0.04)


def test_jumps_go_as_far_back_as_they_say() -> None:
    asked: list[float] = []
    walk = Repaint(KNOWN, WHERE, 2, jump=3)
    levels = exploding(7)
    walk(lambda now, level: asked.append(level.sigma) or now, noise(), levels, fresh())
    at = [[level.sigma for level in levels].index(sigma) for sigma in asked]
    assert at == [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 6]
    assert walk.calls(7) == len(at)


def test_guidance_moves_away_from_the_untold_answer() -> None:
    told, untold = gaussian(0.3, 0.2), gaussian(0.0, 0.5)
    level, now = Level(0.8, 0.6), start(50)
    one, other = told(now, level), untold(now, level)
    torch.testing.assert_close(guided(told, untold, 3.0)(now, level), other + 3 * (one - other))
    assert guided(told, untold, 1.0) is told
    assert guided(told, untold, 0.0) is untold
