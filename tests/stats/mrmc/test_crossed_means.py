"""Means of readers by cases: laws, a planted model, and coverage for other readers and other cases."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.stats.mrmc.crossed_means import by_patients, crossed_mean, difference_of_means, mean_squares

STUDIES = 600
TOLERANCE = 3 * (0.95 * 0.05 / STUDIES) ** 0.5


def drawn(rng, readers, cases, spread=(0.3, 0.5, 1.0), of_reader=None):
    one = rng.normal(0, spread[0], readers) if of_reader is None else of_reader
    return one[:, None] + rng.normal(0, spread[1], cases)[None] + rng.normal(0, spread[2], (readers, cases))


def test_mean_squares_are_those_of_least_squares():
    x = np.random.default_rng(2).normal(size=(4, 7))
    readers, cases = np.repeat(np.eye(4), 7, axis=0), np.tile(np.eye(7), (4, 1))

    def left(*columns):
        design = np.column_stack([np.ones(28), *columns])
        return float(((x.ravel() - design @ np.linalg.lstsq(design, x.ravel(), rcond=None)[0]) ** 2).sum())

    both = left(readers, cases)
    found = mean_squares(x)
    assert found.readers == pytest.approx((left(cases) - both) / 3)
    assert found.cases == pytest.approx((left(readers) - both) / 6)
    assert found.rest == pytest.approx(both / 18)


@pytest.mark.parametrize(("readers", "cases", "spread"), [(5, 40, (0.3, 0.5, 1.0)), (4, 30, (0.5, 0.0, 1.0))])
def test_intervals_cover_for_other_readers_and_other_cases(readers, cases, spread):
    rng = np.random.default_rng(4)
    ends = [crossed_mean(drawn(rng, readers, cases, spread)).interval() for _ in range(STUDIES)]
    share = np.mean([low <= 0 <= high for low, high in ends])
    assert 0.95 - TOLERANCE < share <= 0.985


def test_intervals_of_differences_cover_and_find_what_is_there():
    rng = np.random.default_rng(5)
    null, there = [], []
    for _ in range(STUDIES):
        of_reader = rng.normal(0, 0.5, 5)
        a, b = (drawn(rng, 5, n, of_reader=of_reader + rng.normal(0, 0.1, 5)) for n in (40, 30))
        null.append(difference_of_means(a, b))
        there.append(difference_of_means(a + 1.0, b))
    assert 0.95 - TOLERANCE < np.mean([low <= 0 <= high for low, high in (c.interval() for c in null)]) <= 0.985
    assert np.mean([c.p() < 0.05 for c in there]) > 0.9
    assert there[0].estimate == pytest.approx(null[0].estimate + 1.0)


def test_readers_who_differ_widen_the_interval_more_than_cases_can_mend():
    rng = np.random.default_rng(6)
    apart = np.array([-1.0, 0.0, 1.0])
    wide = crossed_mean(drawn(rng, 3, 400, of_reader=apart))
    assert wide.se > 0.5
    assert wide.df < 3


def test_a_table_without_any_spread_is_certain():
    found = crossed_mean(np.ones((3, 5)))
    assert (found.estimate, found.se) == (1.0, 0.0)
    assert found.interval() == (1.0, 1.0)


@pytest.mark.parametrize(
    ("table", "what"), [([[1, 2]], "two of each"), ([[1], [2]], "two of each"), ([[1, 2], [np.nan, 1]], "missing")]
)
def test_what_cannot_be_generalised_is_refused(table, what):
    with pytest.raises(ValueError, match=what):
        crossed_mean(table)


def test_other_readers_are_no_pairs():
    with pytest.raises(ValueError, match="not the same readers"):
        difference_of_means(np.ones((3, 4)), np.ones((2, 4)))


def test_patients_with_as_many_cases_each_are_their_means():
    rng = np.random.default_rng(0)
    table, patients = rng.normal(size=(3, 12)), [f"p{k % 4}" for k in range(12)]
    found = by_patients(table, patients)
    np.testing.assert_allclose(found, table.reshape(3, 3, 4).mean(axis=1))
    uneven = by_patients(table, ["p0"] * 6 + ["p1"] * 4 + ["p2"] * 2)
    np.testing.assert_allclose(uneven.mean(axis=1), table.mean(axis=1))


def test_means_of_patients_cover_where_those_that_forget_them_do_not():
    rng = np.random.default_rng(8)
    hits = {"patients": 0, "cases": 0}
    sizes = np.tile([2, 4, 6], 4)
    names = np.repeat([f"p{k:02d}" for k in range(12)], sizes)
    for _ in range(STUDIES):
        patient = np.repeat(rng.normal(0, 1, 12), sizes)
        table = patient[None, :] + rng.normal(0, 0.2, (4, 1)) + rng.normal(0, 0.5, (4, len(names)))
        for name, found in (("patients", crossed_mean(by_patients(table, names))), ("cases", crossed_mean(table))):
            low, high = found.interval()
            hits[name] += low <= 0 <= high
    assert hits["patients"] / STUDIES > 0.95 - TOLERANCE - 0.02
    assert hits["cases"] / STUDIES < 0.85
