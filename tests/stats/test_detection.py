"""Detection theory: published tables, closed forms, simulated observers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synthassay.stats.detection import detection, forced_choice_d_prime, forced_choice_share, hype


def test_d_prime_is_the_difference_of_z():
    found = detection(79, 99, 19, 99)  # corrected: 0.795 and 0.195
    assert found.d_prime == pytest.approx(stats.norm.ppf(0.795) - stats.norm.ppf(0.195))
    assert found.criterion == pytest.approx(-(stats.norm.ppf(0.795) + stats.norm.ppf(0.195)) / 2)
    assert found.accuracy == pytest.approx((79 + 80) / 198)


def test_perfect_readers_stay_finite_and_contrary_ones_negative():
    assert 0 < detection(20, 20, 0, 20).d_prime < 5
    assert detection(0, 20, 20, 20).d_prime == -detection(20, 20, 0, 20).d_prime


def test_bias_is_kept_apart_from_sensitivity():
    """Two readers with the same d' of 1.5, of whom one says "synthetic" far more often, differ in accuracy only."""
    n = 100_000
    eager, shy = (detection(round(n * stats.norm.sf(c - 1.5)), n, round(n * stats.norm.sf(c)), n) for c in (-0.5, 1.8))
    assert eager.d_prime == pytest.approx(1.5, abs=0.01)
    assert shy.d_prime == pytest.approx(1.5, abs=0.01)
    assert eager.criterion == pytest.approx(-1.25, abs=0.01)
    assert abs(eager.accuracy - shy.accuracy) > 0.01


def test_standard_error_of_d_prime():
    rng = np.random.default_rng(0)
    draws = [
        detection(h, 80, f, 120).d_prime
        for h, f in zip(rng.binomial(80, 0.7, 3000), rng.binomial(120, 0.3, 3000), strict=True)
    ]
    assert detection(56, 80, 36, 120).d_prime_se == pytest.approx(np.std(draws), rel=0.06)


# d' by number of alternatives and share of right choices: Hacker and Ratcliff 1979, table 1
@pytest.mark.parametrize(
    ("alternatives", "share", "d_prime"), [(2, 0.75, 0.95), (2, 0.90, 1.81), (3, 0.50, 0.56), (4, 0.50, 0.84)]
)
def test_forced_choice_table(alternatives, share, d_prime):
    assert forced_choice_share(d_prime, alternatives) == pytest.approx(share, abs=0.003)


@pytest.mark.parametrize("alternatives", [2, 3, 4, 8])
def test_forced_choice_is_inverted(alternatives):
    share = forced_choice_share(1.3, alternatives)
    right = round(share * 1_000_001 - 0.5)
    assert forced_choice_d_prime(right, 1_000_000, alternatives) == pytest.approx(1.3, abs=1e-4)


def test_two_alternatives_have_a_closed_form():
    assert forced_choice_share(1.7, 2) == pytest.approx(stats.norm.cdf(1.7 / np.sqrt(2)), abs=1e-9)
    assert forced_choice_d_prime(50, 100, 2) == pytest.approx(0, abs=1e-12)


def test_chance_is_one_in_m_and_simulated_observers_agree():
    assert forced_choice_share(0, 5) == pytest.approx(0.2)
    noise = np.random.default_rng(1).standard_normal((200_000, 4))
    won = (noise[:, 0] + 1.0 > noise[:, 1:].max(axis=1)).mean()
    assert forced_choice_share(1.0, 4) == pytest.approx(won, abs=0.004)


def test_hype_does_not_depend_on_unequal_numbers():
    assert hype(50, 100, 5, 10).error == 50
    assert hype(0, 100, 0, 10).error == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: detection(5, 4, 0, 4),
        lambda: detection(0, 0, 0, 4),
        lambda: forced_choice_d_prime(3, 2, 2),
        lambda: forced_choice_share(1, 1),
        lambda: hype(0, 0, 0, 1),
    ],
)
def test_impossible_counts_are_refused(wrong):
    with pytest.raises(ValueError, match="no shares|no share|alternatives|both kinds"):
        wrong()
