from __future__ import annotations

import pytest

from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.scorecard import fill_scorecard

SEVEN = ["congruence", "coverage", "constraint", "completeness", "compliance", "comprehension", "consistency"]


def criterion(run, name: str):
    return next(c for c in fill_scorecard(read_dossier(run)).criteria if c.name == name)


def test_the_seven_in_their_order(whole_run):
    assert [c.name.value for c in fill_scorecard(read_dossier(whole_run)).criteria] == SEVEN


def test_each_criterion_is_filled_from_the_run(whole_run):
    for name in SEVEN:
        assert criterion(whole_run, name).entries, name


def test_numbers_are_the_runs_with_floor_interval_and_line(whole_run):
    (entry,) = criterion(whole_run, "congruence").entries
    assert (entry.of, entry.value, entry.floor) == ("vae", 40.0, 6.0)
    assert (entry.interval.low, entry.interval.high) == (35.0, 46.0)
    assert entry.stands.place == "line 1"


def test_baselines_are_not_on_the_card(whole_run):
    card = fill_scorecard(read_dossier(whole_run))
    assert {e.of for c in card.criteria for e in c.entries} == {"", "vae"}


def test_what_was_not_measured_is_said_with_its_reason(change):
    run = change("coverage", value=None, interval=None, not_measured="too few images")
    found = criterion(run, "coverage")
    assert not found.entries
    assert found.not_measured == ("Coverage: too few images",)


def test_an_empty_folder_has_a_card_that_says_so(tmp_path):
    for found in fill_scorecard(read_dossier(tmp_path)).criteria:
        assert not found.entries
        assert found.not_measured == ("the run holds nothing on this",) or found.name in ("congruence", "coverage")


@pytest.mark.parametrize("name", SEVEN[2:])
def test_wordings_that_were_not_verified_say_so(whole_run, name):
    assert "not" in criterion(whole_run, name).not_verified


def test_consistency_sets_classes_side_by_side(whole_run):
    spread = [e for e in criterion(whole_run, "consistency").entries if "strata" in e.title]
    assert [(e.title, e.fact) for e in spread] == [
        ("Coverage, over 2 strata", "from 0.5 (class=normal) to 0.7 (class=pneumonia)")
    ]


def test_completeness_counts(whole_run):
    facts = {e.title: e.fact for e in criterion(whole_run, "completeness").entries}
    assert facts["Images made"].startswith("4 images, 4 of them with label")
    assert facts["Real images"] == "240 real cases, 1 left out with a reason"


def test_nobody_is_named(whole_run):
    text = fill_scorecard(read_dossier(whole_run)).model_dump_json()
    assert "HOSP" not in text
    assert "/secret" not in text
