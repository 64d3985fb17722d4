from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from synthassay.stats.agreement.two_raters import kappa_of_two


def test_equals_an_independent_implementation():
    rng = np.random.default_rng(3)
    for _ in range(20):
        a = rng.integers(0, 4, 60)
        b = np.where(rng.random(60) < 0.6, a, rng.integers(0, 4, 60))
        assert kappa_of_two(a.tolist(), b.tolist()).kappa == pytest.approx(cohen_kappa_score(a, b))


def test_full_agreement_and_none_beyond_chance():
    assert kappa_of_two("abab", "abab").kappa == pytest.approx(1)
    assert kappa_of_two("aabb", "abab").kappa == pytest.approx(0)
    assert kappa_of_two("ab", "ba").kappa == pytest.approx(-1)


def test_where_only_one_answer_was_ever_given_there_is_no_kappa():
    found = kappa_of_two("aaaa", "aaaa")
    assert (found.share, found.kappa, found.low, found.high) == (1.0, None, None, None)


def test_the_standard_error_of_a_two_by_two_table_by_hand():
    """20, 5, 10 and 15 of 50: share 0.7, chance 0.5, kappa 0.4; rows 0.5 and 0.5, columns 0.6 and 0.4.

    Over agreeing cells: 0.4 (1 - 1.1 * 0.6)^2 + 0.3 (1 - 0.9 * 0.6)^2 = 0.04624 + 0.06348 = 0.10972. Over differing
    ones 0.6^2 times the cell's share and the square of its row's number's column share plus its column's row share.
    """
    a = "x" * 25 + "y" * 25
    b = "x" * 20 + "y" * 5 + "x" * 10 + "y" * 15
    found = kappa_of_two(a, b)
    assert found.kappa == pytest.approx(0.4)
    differing = 0.36 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2)
    variance = (0.10972 + differing - (0.4 - 0.5 * 0.6) ** 2) / (50 * 0.5**2)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * variance**0.5, rel=1e-6)


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(11)
    table = np.array([[0.4, 0.05, 0.05], [0.05, 0.2, 0.0], [0.1, 0.05, 0.1]])
    truth = (np.trace(table) - table.sum(0) @ table.sum(1)) / (1 - table.sum(0) @ table.sum(1))
    hits = 0
    for _ in range(400):
        cells = rng.choice(9, size=200, p=table.ravel())
        found = kappa_of_two((cells // 3).tolist(), (cells % 3).tolist())
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 400 <= 0.98


@pytest.mark.parametrize(("a", "b"), [("", ""), ("a", "ab")])
def test_ratings_that_cannot_be_compared(a, b):
    with pytest.raises(ValueError, match="cannot be compared"):
        kappa_of_two(a, b)
