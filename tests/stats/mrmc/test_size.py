"""Sizes of studies: published powers to all digits, laws of power, and a simulation of what was promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from stats.mrmc.published import expected, printed, van_dyke
from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import components, random_readers_random_cases
from synthassay.stats.mrmc.roe_metz import STRUCTURES
from synthassay.stats.mrmc.size import (
    ErrorPart,
    Pilot,
    Wanted,
    cases_needed,
    combinations,
    pilot_of,
    pilot_of_one,
    power,
)

FIXED = {"RRRC": "", "FRRC": "readers", "RRFC": "cases"}
KNOWN = Pilot(0.0002, (ErrorPart(0.0008, 0.00035, 0.00034, 0.00024, 114),))


@pytest.mark.parametrize("number", range(4))
def test_published_powers(number):
    wanted = expected()["power_sample_size"]["VanDyke"][number]
    pilot = pilot_of(van_dyke())
    effect = pilot.effect if wanted["effect"] == "observed" else wanted["effect"]
    found = power(pilot, Wanted(effect=effect, fixed=FIXED[wanted["opt"]]), wanted["J"], wanted["K"])
    # the effect is printed to eight digits, so what follows from it agrees to seven
    assert found.power == pytest.approx(wanted["power"], abs=5e-8)
    if "ncp" in wanted:
        assert found.noncentrality == pytest.approx(wanted["ncp"], rel=1e-9)
    if "df2" in wanted:
        assert found.df2 == pytest.approx(wanted["df2"], rel=1e-12)
        assert stats.f.ppf(0.95, 1, found.df2) == printed(wanted["F"])


def test_published_number_of_cases():
    wanted = expected()["power_sample_size"]["VanDyke"][4]
    pilot = pilot_of(van_dyke())
    cases = cases_needed(pilot, Wanted(effect=pilot.effect), wanted["J"])
    assert cases == wanted["K_for_80pct"]
    assert power(pilot, Wanted(effect=pilot.effect), wanted["J"], cases - 1).power < 0.8


@pytest.mark.parametrize("aim", ["difference", "non-inferiority", "equivalence"])
def test_power_grows_with_readers_and_cases(aim):
    wanted = Wanted(aim, effect=0.05 if aim == "difference" else 0.0, margin=0.06)
    by_cases = [power(KNOWN, wanted, 6, cases).power for cases in (30, 100, 300, 1000)]
    by_readers = [power(KNOWN, wanted, readers, 100).power for readers in (3, 6, 12, 24)]
    assert by_cases == sorted(by_cases)
    assert by_readers == sorted(by_readers)
    assert 0 <= by_cases[0] < by_cases[-1] <= 1


def test_cases_cannot_make_up_for_readers():
    assert cases_needed(replace(KNOWN, var_tr=0.01), Wanted(effect=0.05), 3) is None
    ((few, none, nothing), (_, some, reached)) = combinations(
        replace(KNOWN, var_tr=0.003), Wanted(effect=0.05), (3, 40)
    )
    assert (few, none, nothing) == (3, None, None)
    assert some > 0
    assert reached >= 0.8


def test_one_sided_power_equals_the_noncentral_t():
    wanted = Wanted("non-inferiority", effect=-0.01, margin=0.05)
    found = power(KNOWN, wanted, 5, 120)
    exact = stats.nct.sf(stats.t.ppf(0.95, found.df2), found.df2, (0.05 - 0.01) / found.se)
    assert found.power == pytest.approx(exact, abs=2e-4)


def test_equivalence_holds_what_it_promises():
    """Power of two one-sided tests in 40,000 draws of estimate and standard error."""
    wanted = Wanted("equivalence", effect=0.01, margin=0.06)
    found = power(KNOWN, wanted, 5, 80)
    rng = np.random.default_rng(0)
    difference = rng.normal(0.01, found.se, 40_000)
    reach = stats.t.ppf(0.95, found.df2) * found.se * np.sqrt(rng.chisquare(found.df2, 40_000) / found.df2)
    share = ((difference + reach < 0.06) & (difference - reach > -0.06)).mean()
    assert found.power == pytest.approx(share, abs=0.01)


def test_a_pilot_in_two_parts_equals_one_at_its_own_ratio_and_answers_other_ratios():
    split, whole = pilot_of(van_dyke(), split=True), pilot_of(van_dyke(), method="delong")
    wanted = Wanted(effect=0.05)
    assert power(split, wanted, 6, 200).power == pytest.approx(power(whole, wanted, 6, 200).power, rel=1e-9)
    balanced, lopsided = (power(split, wanted, 6, 200, ratio=r).power for r in (1.0, 9.0))
    assert lopsided < balanced
    with pytest.raises(ValueError, match="ratio needs"):
        power(whole, wanted, 6, 200, ratio=2.0)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "state the effect"),
        ({"aim": "equivalence"}, "needs a margin"),
        ({"aim": "equivalence", "effect": 0.1, "margin": 0.05}, "outside the margin"),
        ({"aim": "non-inferiority", "effect": -0.1, "margin": 0.05}, "as bad as the margin"),
    ],
)
def test_what_cannot_be_shown_is_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        Wanted(**wrong)


def test_impossible_designs_are_refused():
    with pytest.raises(ValueError, match="one reader"):
        power(KNOWN, Wanted(effect=0.05), 1, 100)
    with pytest.raises(ValueError, match="no variance"):
        power(Pilot(0.0, (ErrorPart(0.0, 0.0, 0.0, 0.0, 10),)), Wanted(effect=0.05), 3, 100)
    with pytest.raises(ValueError, match="two treatments"):
        pilot_of(van_dyke().of([0]))


def test_one_treatment_against_a_constant_reaches_the_power_that_simulated_studies_have():
    model = STRUCTURES["HL", 0.75]
    rng = np.random.default_rng(5)
    many = [pilot_of_one(model.simulate(6, 40, 40, rng).of([0]), 0.62) for _ in range(150)]
    errors = [pilot.errors[0] for pilot in many]
    mean = ErrorPart(
        np.mean([e.var for e in errors]), 0.0, np.mean([e.cov2 for e in errors]), 0.0, errors[0].cases
    )  # fmt: skip
    effect = model.true_auc(0) - 0.62
    assert np.mean([pilot.effect for pilot in many]) == pytest.approx(effect, abs=0.01)
    known = Pilot(float(np.mean([pilot.var_tr for pilot in many])), (mean,), effect, single=True)
    told = power(known, Wanted(effect=effect), readers=6, cases=80).power
    found = []
    for _ in range(250):
        ratings = model.simulate(6, 40, 40, rng).of([0])
        figures = areas(ratings)
        parts = components(figures.values, covariance(ratings, figures, "jackknife"))
        found.append(random_readers_random_cases(figures.values, parts).single[0].p(0.62) < 0.05)
    assert 0.3 < told < 0.95
    assert np.mean(found) == pytest.approx(told, abs=0.09)


def test_one_treatment_in_closed_form():
    known = Pilot(0.0004, (ErrorPart(0.001, 0.0, 0.0003, 0.0, 100),), single=True)
    found = power(known, Wanted(effect=0.05), readers=5, cases=200)
    own, shared = 0.0004 + (0.001 - 0.0003) / 2, 5 * 0.0003 / 2
    assert found.se**2 == pytest.approx((own + shared) / 5)
    assert found.df2 == pytest.approx((own + shared) ** 2 / (own**2 / 4))
    fixed = power(known, Wanted(effect=0.05, fixed="readers"), readers=5, cases=200)
    assert fixed.se**2 == pytest.approx((0.001 + 4 * 0.0003) / 2 / 5)
    assert np.isinf(fixed.df2)


def test_a_pilot_of_one_treatment_is_one():
    both = STRUCTURES["HL", 0.75].simulate(4, 20, 20, np.random.default_rng(0))
    with pytest.raises(ValueError, match="needs one treatment"):
        pilot_of_one(both, 0.5)
    split = pilot_of_one(both.of([1]), 0.5, split=True)
    assert [part.share for part in split.errors] == ["positive", "negative"]
    assert sum(part.var for part in split.errors) == pytest.approx(
        pilot_of_one(both.of([1]), 0.5, method="delong").errors[0].var
    )
