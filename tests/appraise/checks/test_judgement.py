from __future__ import annotations

import shutil

import pytest

from appraise.asking import check, level, reply
from appraise.conftest import rewrite
from synthassay.appraise.dossier import read_dossier
from synthassay.records.appraisal import Level
from synthassay.records.instrument import Reply
from synthassay.records.vocabulary import Axis


def test_a_missing_comparator_makes_the_domain_high(run):
    lines = (run / "measurements.jsonl").read_text().splitlines()
    (run / "measurements.jsonl").write_text("".join(f"{x}\n" for x in lines if '"resample_real"' not in x))
    shutil.rmtree(run / "synthetic" / "resample_real")
    assert reply(run, "comparator_present") == "no"
    assert level(run, "comparators") is Level.HIGH


def test_who_is_a_comparator_is_not_guessed(run):
    (run / "study.toml").unlink()
    assert reply(run, "comparator_present") == "no information"
    assert check(run, "comparator_present", ("vae",)).reply is Reply.YES


def test_other_cases_are_a_no(change):
    run = change("auc_gain", n=399)
    found = check(run, "same_cases")
    assert found.reply is Reply.NO
    assert "399" in found.why


def test_sizes_of_sets_and_of_worst_subgroups_say_nothing_of_cases(change):
    change("coverage", n=7, subjects=7)
    run = change("subgroup_gain", n=11, subjects=11)
    assert reply(run, "same_cases") == "yes"


def test_gains_corrected_stand_for_comparisons(run):
    (run / "evaluation/comparisons.json").unlink()
    assert check(run, "differences_tested").evidence[0].file == "measurements.jsonl"


@pytest.mark.parametrize(("metric", "name"), [("frechet_distance", "fidelity"), ("shape_plausibility", "failures")])
def test_an_unmet_requirement_is_a_no(run, metric, name):
    statuses = read_dossier(run).requirements.model_dump(mode="json")["requirements"]
    for status in statuses:
        status["met"] = status["metric"] != metric
    rewrite(run / "evaluation/requirements.json", requirements=statuses)
    assert reply(run, f"{name}_required") == "no"


def test_unmet_requirements_of_baselines_are_not_held_against_the_generator(run):
    statuses = read_dossier(run).requirements.model_dump(mode="json")["requirements"]
    for status in statuses:
        status["met"] = status["of"] == "vae"
    rewrite(run / "evaluation/requirements.json", requirements=statuses)
    assert reply(run, "fidelity_required") == "yes"


def test_a_number_without_an_interval_is_found(change):
    assert reply(change("coverage", interval=None), "intervals_given") == "no"


def test_trained_once_is_a_no(change):
    assert reply(change("auc_gain", settings={"repeats": 1}), "utility_repeated") == "no"


def test_no_reader_is_a_no_with_its_reason(change):
    run = change("reader_study", value=None, interval=None, not_measured="no clinician has read these images")
    assert reply(run, "readers_read") == "no"
    assert level(run, "clinical") is Level.HIGH


def test_no_row_of_readers_is_no_information(change):
    assert reply(change("reader_study"), "readers_read") == "no information"


def test_use_required_and_not_measured_is_a_no(run):
    lines = (run / "measurements.jsonl").read_text().splitlines()
    (run / "measurements.jsonl").write_text("".join(f"{x}\n" for x in lines if '"utility"' not in x))
    assert reply(run, "utility_measured") == "no information"
    wanted = read_dossier(run).requirements.requirements[0].model_copy(update={"axis": Axis.UTILITY, "met": False})
    rewrite(run / "evaluation/requirements.json", requirements=[wanted.model_dump(mode="json")])
    assert reply(run, "utility_measured") == "no"
