"""Schedules and conversions agree with the papers' equations, written out another way."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from synthassay.generators.schedules import (
    CLEAN,
    Level,
    alpha_bars,
    asked,
    clean_of,
    edm_sigmas,
    kept_steps,
    min_snr_weight,
    noise_of,
    posterior,
    precondition,
)

KINDS = ("epsilon", "x0", "v")


def betas_of(kept: torch.Tensor) -> torch.Tensor:
    return 1 - kept / torch.cat([kept.new_ones(1), kept[:-1]])


def test_linear_betas_run_from_1e4_to_002() -> None:
    betas = betas_of(alpha_bars("linear", 1000))
    torch.testing.assert_close(betas, torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), rtol=1e-9, atol=1e-12)


def test_cosine_is_a_squared_cosine_until_beta_is_cut() -> None:
    kept = alpha_bars("cosine", 1000)
    start = math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    expected = [math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 / start for t in (1, 250, 700, 990)]
    assert kept[[0, 249, 699, 989]].tolist() == pytest.approx(expected, rel=1e-9)
    assert float(betas_of(kept)[-1]) == pytest.approx(0.999)


@pytest.mark.parametrize("name", ["linear", "scaled_linear", "cosine"])
def test_image_share_falls_from_nearly_all_to_nearly_nothing(name: str) -> None:
    kept = alpha_bars(name, 1000)
    assert bool((kept.diff() < 0).all())
    assert kept[0] > 0.998
    assert kept[-1] < 0.01


@pytest.mark.parametrize("name", ["linear", "scaled_linear"])
def test_fewer_steps_end_as_far(name: str) -> None:
    assert float(alpha_bars(name, 250)[-1].log()) == pytest.approx(float(alpha_bars(name, 1000)[-1].log()), rel=0.05)


def test_zero_terminal_leaves_nothing_at_the_end_and_the_start_alone() -> None:
    plain, shifted = alpha_bars("linear", 1000), alpha_bars("linear", 1000, zero_terminal=True)
    assert float(shifted[-1]) == 0
    assert float(shifted[0]) == pytest.approx(float(plain[0]), rel=1e-12)
    assert bool((shifted.diff() < 0).all())


def test_kept_steps_hold_the_noisiest_and_never_repeat() -> None:
    for steps in (1, 3, 7, 50, 999, 1000):
        kept = kept_steps(steps, 1000)
        assert kept[0] == 999
        assert len(set(kept)) == steps
        assert kept[-1] >= 0
    assert kept_steps(1000, 1000) == list(range(999, -1, -1))


@given(angle=st.floats(0.02, 1.55), x0=st.floats(-1, 1), noise=st.floats(-4, 4))
def test_predictions_convert_into_each_other_exactly(angle: float, x0: float, noise: float) -> None:
    alpha, sigma, clean, n = (
        torch.tensor(v, dtype=torch.float64) for v in (math.cos(angle), math.sin(angle), x0, noise)
    )
    now = alpha * clean + sigma * n
    for kind in KINDS:
        found = clean_of(kind, asked(kind, clean, n, alpha, sigma), now, alpha, sigma)
        assert float(found) == pytest.approx(x0, abs=1e-12)
        assert float(noise_of(found, now, Level(float(alpha), float(sigma)))) == pytest.approx(noise, abs=1e-10)


def test_least_snr_weights_are_one_weight_of_the_image_error() -> None:
    """An error of epsilon is one of x0 times SNR, one of v times SNR + 1 (arXiv:2303.09556, section 3.4)."""
    snr = torch.tensor([0.01, 1.0, 5.0, 400.0])
    of_image = min_snr_weight("x0", snr, 5.0)
    assert of_image.tolist() == pytest.approx([0.01, 1.0, 5.0, 5.0])
    torch.testing.assert_close(min_snr_weight("epsilon", snr, 5.0) * snr, of_image)
    torch.testing.assert_close(min_snr_weight("v", snr, 5.0) * (snr + 1), of_image)
    assert min_snr_weight("v", snr, 0.0).tolist() == [1, 1, 1, 1]


def test_edm_levels_are_the_papers() -> None:
    sigmas = edm_sigmas(18)
    assert sigmas[0] == pytest.approx(80)
    assert sigmas[-1] == pytest.approx(0.002)
    roots = [s ** (1 / 7) for s in sigmas]
    assert [a - b for a, b in itertools.pairwise(roots)] == pytest.approx([(roots[0] - roots[-1]) / 17] * 17)


@pytest.mark.parametrize("sigma", [0.002, 0.5, 80.0])
def test_preconditioning_keeps_variances_at_one(sigma: float) -> None:
    """Input c_in x, and target (x0 - c_skip x) / c_out, for data of deviation 0.5 (arXiv:2206.00364, appendix B.6)."""
    c, data = precondition(torch.tensor(sigma, dtype=torch.float64), 0.5), 0.25
    assert float(c.into**2 * (data + sigma**2)) == pytest.approx(1)
    target = ((1 - c.skip) ** 2 * data + (c.skip * sigma) ** 2) / c.out**2
    assert float(target) == pytest.approx(1)
    assert float(c.weight * c.out**2) == pytest.approx(1)
    assert float(c.told) == pytest.approx(math.log(sigma) / 4)


def test_posterior_between_neighbours_is_the_ddpm_papers() -> None:
    kept = alpha_bars("linear", 1000)
    for t in (1, 300, 999):
        beta = float(1 - kept[t] / kept[t - 1])
        before, now = float(kept[t - 1]), float(kept[t])
        found = posterior(Level(now**0.5, (1 - now) ** 0.5), Level(before**0.5, (1 - before) ** 0.5))
        expected = (
            math.sqrt(1 - beta) * (1 - before) / (1 - now),
            math.sqrt(before) * beta / (1 - now),
            math.sqrt((1 - before) / (1 - now) * beta),
        )
        assert found == pytest.approx(expected, rel=1e-9)


def test_posterior_composes() -> None:
    """Two steps of the posterior with the true image are one step over both: nothing depends on which are kept."""
    a, b, c = Level(0.3, math.sqrt(0.91)), Level(0.6, 0.8), Level(0.9, math.sqrt(0.19))
    (p, q, s), (r, u, w), (x, y, z) = posterior(a, b), posterior(b, c), posterior(a, c)
    assert (r * p, r * q + u, math.hypot(r * s, w)) == pytest.approx((x, y, z))
    assert posterior(a, CLEAN) == (0.0, 1.0, 0.0)
