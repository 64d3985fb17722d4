"""Agreement on categories: published tables and their standard errors, and laws that hold for any ratings."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from stats.mrmc.published import expected, folder, printed
from synthassay.stats.agreement.by_cases import case_interval
from synthassay.stats.agreement.categories import (
    brennan_prediger,
    coded,
    cohen_kappa,
    conger_kappa,
    credits,
    fleiss_kappa,
    gwet_ac,
    percent_agreement,
    standard_error,
)


def raw():
    rows = list(csv.reader((folder() / "agreement_raw4raters.csv").read_text().splitlines()))[1:]
    return np.array([[float(v) if v else np.nan for v in row[1:]] for row in rows])


def table_ratings(table):
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return np.array(pairs, float)


PUBLISHED = {
    "gwet_AC1": gwet_ac,
    "fleiss_kappa": fleiss_kappa,
    "conger_kappa": conger_kappa,
    "brennan_prediger": brennan_prediger,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_coefficients_with_gaps_and_their_standard_errors(name):
    estimate, error = expected()["agreement_raw4raters"]["published"][name]
    of = coded(raw())
    assert float(PUBLISHED[name](of)[0]) == printed(estimate)
    assert standard_error(of, PUBLISHED[name]) == printed(error)


def test_published_percent_agreement():
    wanted = expected()["agreement_raw4raters"]["published"]["percent_agreement"]
    assert float(percent_agreement(coded(raw()))[0]) == printed(wanted)


@pytest.mark.parametrize(("name", "coefficient"), [("cohen_kappa", conger_kappa), ("scott_pi", fleiss_kappa)])
def test_published_table_of_two_readers(name, coefficient):
    published = expected()["agreement_table_3x3"]
    of = coded(table_ratings(published["table"]))
    estimate, error = published[name]
    assert float(coefficient(of)[0]) == printed(estimate)
    # for tables the publisher divides by n, for raw ratings by n - 1
    assert standard_error(of, coefficient) * np.sqrt(99 / 100) == printed(error)


# Fleiss, Psychol Bull 76:378 (1971), table 1, as in R's irr ("diagnoses"): each patient's six diagnoses; kappa by irr
DIAGNOSES = """444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"""


def test_fleiss_1971():
    ratings = [[int(c) for c in row] for row in DIAGNOSES.split()]
    assert float(fleiss_kappa(coded(ratings))[0]) == pytest.approx(0.4302445, abs=5e-8)


# SAS, PROC FREQ: two readers, three categories
SAS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]


@pytest.mark.parametrize(("credit", "kappa", "error"), [("identity", 0.4842, 0.1380), ("linear", 0.4701, 0.1457)])
def test_sas_weighted_kappa(credit, kappa, error):
    ratings = table_ratings(SAS)
    of = coded(ratings, credit)
    assert cohen_kappa(ratings[:, 0], ratings[:, 1], credit) == pytest.approx(kappa, abs=5e-5)
    n = len(ratings)
    assert standard_error(of, conger_kappa) * np.sqrt((n - 1) / n) == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize("credit", [None, "linear", "quadratic"])
def test_scikit_learn_agrees_on_two_readers(credit):
    rng = np.random.default_rng(0)
    one = rng.integers(0, 4, 200)
    other = np.where(rng.random(200) < 0.5, one, rng.integers(0, 4, 200))
    assert cohen_kappa(one, other, credit or "identity") == pytest.approx(cohen_kappa_score(one, other, weights=credit))


def test_readers_who_guess_agree_by_chance_and_copies_wholly():
    rng = np.random.default_rng(1)
    guessed = coded(rng.integers(0, 3, (4000, 4)))
    copied = coded(np.repeat(rng.integers(0, 3, (50, 1)), 4, axis=1))
    for coefficient in PUBLISHED.values():
        assert float(coefficient(guessed)[0]) == pytest.approx(0, abs=0.02)
        assert float(coefficient(copied)[0]) == pytest.approx(1)


def test_the_paradox_of_kappa():
    """94 % agreement on a rare finding: kappa is near 0, AC1 near 1 (Feinstein and Cicchetti 1990)."""
    ratings = table_ratings([[94, 3], [3, 0]])
    of = coded(ratings)
    assert float(percent_agreement(of)[0]) == pytest.approx(0.94)
    assert float(conger_kappa(of)[0]) < 0
    assert float(gwet_ac(of)[0]) > 0.9


def test_weights_count_units():
    table = raw()
    repeated = coded(np.repeat(table, [3, *[1] * 11], axis=0))
    weights = np.ones((1, 12))
    weights[0, 0] = 3
    for coefficient in (*PUBLISHED.values(), percent_agreement):
        np.testing.assert_allclose(coefficient(coded(table), weights), coefficient(repeated, None), atol=1e-12)


def test_ordinal_credit_is_published():
    """Gwet's ordinal weights for four categories."""
    np.testing.assert_allclose(credits(np.arange(4.0), "ordinal")[0], [1, 5 / 6, 0.5, 0])


def test_intervals_cover():
    """Bootstrap of cases: 95 % intervals of AC1 cover about 95 % of the time."""
    rng = np.random.default_rng(2)

    def drawn(cases):
        truth = rng.integers(0, 2, cases)
        return np.stack([np.where(rng.random(cases) < 0.85, truth, 1 - truth) for _ in range(3)], axis=1)

    true = float(gwet_ac(coded(drawn(200_000)))[0])
    covered = 0
    for _ in range(150):
        of = coded(drawn(60), categories=[0, 1])
        interval = case_interval(lambda w, of=of: gwet_ac(of, w), 60, rng=rng, draws=400)
        covered += interval.low <= true <= interval.high
    assert covered / 150 == pytest.approx(0.95, abs=0.055)


def test_what_cannot_be_coded_is_refused():
    with pytest.raises(ValueError, match="two readers"):
        coded([[1.0], [2.0]])
    with pytest.raises(ValueError, match="none of the categories"):
        coded([[1.0, 3.0]], categories=[1, 2])
