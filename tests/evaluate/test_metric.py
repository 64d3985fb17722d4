"""Declaring a metric: its needs are its parameters' names, and a wrong declaration fails on import."""

from __future__ import annotations

import re

import pytest

from synthassay.evaluate.fixtures import (
    CASE_FIXTURES,
    PROVIDED,
    implied,
    is_set_fixture,
    provides,
    set_fixtures,
    takes_minutes,
)
from synthassay.evaluate.metric import METRICS, Finding, metric
from synthassay.records.vocabulary import Axis, Better

FACTS = {
    "title": "T",
    "axis": Axis.FIDELITY,
    "better": Better.LOWER,
    "unit": "1",
    "per": "case",
    "source": "doi:10.1/x",
}


@pytest.mark.parametrize("parameter", ["synthetc, reference", "synthetic, refrence=None"])
def test_an_unknown_fixture_is_refused(parameter):
    scope = {}
    exec(f"def misnamed({parameter}): ...", scope)
    with pytest.raises(TypeError, match="no fixture is called (synthetc|refrence)"):
        metric(**FACTS)(scope["misnamed"])


def test_a_set_fixture_is_unknown_to_a_case_metric():
    def confused(synthetic_images): ...

    with pytest.raises(TypeError, match="synthetic_images"):
        metric(**FACTS)(confused)


@pytest.mark.parametrize(
    "facts", [{"better": Better.TARGET}, {"target": 1.0}, {"source": ""}, {"title": ""}, {"unit": ""}]
)
def test_a_contradictory_declaration_is_refused(facts):
    def contradictory(synthetic): ...

    with pytest.raises(TypeError, match="contradictory"):
        metric(**{**FACTS, **facts})(contradictory)


def test_parameters_with_other_defaults_are_the_functions_own():
    found = METRICS.get("closer_to_training")
    assert found.takes == ("synthetic_prints", "training_prints", "test_prints", "rng", "bootstrap")
    assert found.wishes == ("holdout_prints",)


def test_what_a_fixture_stands_on_is_needed_too():
    needs = METRICS.get("tstr_auc").needs
    assert set(implied("classifier_trial")) <= set(needs)
    assert "training_labels" in needs


@pytest.mark.parametrize("name", METRICS.names())
def test_every_metric_says_what_it_is(name):
    found = METRICS.get(name)
    assert found.compute.__name__ == name
    assert found.compute.__module__.rsplit(".", 1)[-1] == name
    assert re.match(r"^(doi:10\.\d{4,}/\S+|arXiv:\d{4}\.\d{4,5})$", found.source)
    assert "Source:" in found.compute.__doc__
    known = CASE_FIXTURES if found.per == "case" else set(set_fixtures())
    assert set(found.needs) | set(found.wishes) <= known


def test_implied_fixtures_exist():
    assert all(is_set_fixture(base) for entry in PROVIDED.values() for base in entry.implies)


def test_a_room_cannot_claim_a_fixture_that_exists_or_imply_one_that_does_not():
    for name, implies in (("rng", ()), ("classifier_trial", ()), ("a_new_one", ("no_such_fixture",))):
        with pytest.raises(TypeError, match=r"claim the name|do not exist"):
            provides(name, "x", implies=implies)(lambda evidence: None)
    assert "a_new_one" not in PROVIDED


def test_the_bench_knows_what_takes_minutes():
    assert takes_minutes(METRICS.get("tstr_auc").needs)
    assert not takes_minutes(METRICS.get("coverage").needs)


def test_a_finding_starts_empty():
    assert Finding(not_measured="why").per_case == {}
