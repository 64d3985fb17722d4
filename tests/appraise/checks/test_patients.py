from __future__ import annotations

from appraise.asking import check, level, reply
from appraise.conftest import SUBJECTS, rewrite
from synthassay.appraise.dossier import read_dossier
from synthassay.records.appraisal import Level
from synthassay.records.instrument import Reply


def test_without_an_external_set_there_is_a_no(run, change):
    change("tstr_auc_external")
    rewrite(run / "cohort.json", split={s: "test" if side == "external" else side for s, side in SUBJECTS.items()})
    assert reply(run, "external_set") == "no"
    assert reply(run, "external_utility") == "no"
    assert level(run, "utility") is Level.SOME


def test_use_that_could_not_be_measured_elsewhere_is_a_no_with_its_line(change):
    run = change("tstr_auc_external", value=None, interval=None, not_measured="no images from elsewhere")
    found = check(run, "external_utility")
    assert found.reply is Reply.NO
    assert "no images from elsewhere" in found.evidence[0].says


def test_virtual_patients_stand_for_nobody(run):
    rewrite(run / "cohort.json", source="phantom:chest-xray")
    assert reply(run, "subjects_are_patients") == "no"
    assert level(run, "representativeness") is Level.HIGH


def test_sites_are_counted(run):
    cases = [{**case.model_dump(mode="json"), "site": "north"} for case in read_dossier(run).cohort.cases]
    rewrite(run / "cohort.json", cases=cases)
    assert reply(run, "several_sites") == "no"
    rewrite(run / "cohort.json", cases=[{**case, "site": ""} for case in cases])
    assert reply(run, "several_sites") == "no information"


def test_few_subjects_are_a_no_and_the_least_is_the_protocols(change):
    run = change("frechet_distance", subjects=3)
    found = check(run, "enough_subjects")
    assert found.reply is Reply.NO
    assert "3 subjects" in found.why
