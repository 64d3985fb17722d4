"""Equivalence within a margin: the textbook t statistics as the oracle, and the error at the margin by simulation."""

import numpy as np
import pytest
from scipy import stats

from synthassay.stats.equivalence import difference_p, equivalence, holm, non_inferiority


def names(count, each=1):
    return [f"s{i // each:03d}" for i in range(count)]


def test_both_tests_and_the_interval_are_the_textbooks():
    d = np.random.default_rng(0).normal(0.3, 1.0, 25)
    found = equivalence(d, names(25), 0.8)
    assert found.above == pytest.approx(stats.ttest_1samp(d, -0.8, alternative="greater").pvalue)
    assert found.below == pytest.approx(stats.ttest_1samp(d, 0.8, alternative="less").pvalue)
    assert found.p == max(found.above, found.below)
    low, high = stats.t.interval(0.9, 24, d.mean(), stats.sem(d))
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.interval.level == pytest.approx(0.9)
    assert difference_p(d, names(25)) == pytest.approx(stats.ttest_1samp(d, 0).pvalue)


@pytest.mark.parametrize("margin", [0.05, 0.3, 0.5, 0.61, 0.9, 2.0])
def test_p_is_at_most_the_level_exactly_where_the_interval_lies_within_the_margin(margin):
    d = np.random.default_rng(1).normal(0.2, 1.0, 30)
    found = equivalence(d, names(30), margin)
    assert (found.p <= 0.05) == (-margin < found.interval.low and found.interval.high < margin)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_difference_as_large_as_the_margin_is_called_equivalent_in_5_percent_of_studies(side):
    rng, margin, studies = np.random.default_rng(2), 1.0, 4000
    draws = rng.normal(side * margin, 1.5, (studies, 20))
    called = np.mean([equivalence(row, names(20), margin).p <= 0.05 for row in draws])
    assert abs(called - 0.05) < 3 * np.sqrt(0.05 * 0.95 / studies)


def test_patients_with_many_images_do_not_make_equivalence_of_a_difference():
    """Images counted as patients claim it far too often; subjects' means keep the level."""
    rng, margin, each, studies = np.random.default_rng(3), 1.0, 8, 1500
    called = {"subjects": 0, "images": 0}
    for _ in range(studies):
        d = np.repeat(rng.normal(margin, 1.0, 10), each) + rng.normal(0, 0.2, 10 * each)
        called["subjects"] += equivalence(d, names(len(d), each), margin).p <= 0.05
        called["images"] += equivalence(d, names(len(d)), margin).p <= 0.05
    assert called["subjects"] / studies < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
    assert called["images"] / studies > 0.2


def test_equivalence_is_found_where_it_is_and_not_where_nothing_was_shown():
    rng = np.random.default_rng(4)
    assert equivalence(rng.normal(0, 1, 100), names(100), 1.0).p < 1e-6
    few = rng.normal(0, 3.0, 5)
    assert difference_p(few, names(5)) > 0.05  # no difference was found
    assert equivalence(few, names(5), 1.0).p > 0.05  # and no equivalence either


def test_non_inferiority_looks_at_the_bad_side_alone():
    better = np.random.default_rng(5).normal(3.0, 1.0, 20)
    assert non_inferiority(better, names(20), 0.5, higher_is_better=True) < 1e-6
    assert non_inferiority(better, names(20), 0.5, higher_is_better=False) > 0.99
    assert equivalence(better, names(20), 0.5).p > 0.99


def test_edges():
    assert equivalence([1.0, 2.0], ["a", "b"], 1.0) is None
    assert difference_p([1.0, 2.0], ["a", "b"]) is None
    assert non_inferiority([1.0, 2.0], ["a", "b"], 1.0, higher_is_better=True) is None
    same = equivalence([0.5, 0.5, 0.5], ["a", "b", "c"], 1.0)
    assert (same.p, same.interval.low) == (0.0, 0.5)
    assert equivalence([2.0, 2.0, 2.0], ["a", "b", "c"], 1.0).p == 1.0
    assert difference_p([0.0, 0.0, 0.0], ["a", "b", "c"]) == 1.0
    assert difference_p([2.0, 2.0, 2.0], ["a", "b", "c"]) == 0.0
    for margin in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="margin must be above 0"):
            equivalence([1.0, 2.0, 3.0], ["a", "b", "c"], margin)
    with pytest.raises(ValueError, match="finite"):
        equivalence([1.0, float("nan"), 3.0], ["a", "b", "c"], 1.0)


def test_holm_by_hand():
    assert holm({"a": 0.01, "b": 0.02, "c": 0.9}) == pytest.approx({"a": 0.03, "b": 0.04, "c": 0.9})
    assert holm({}) == {}
