from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from synthassay.cli import app
from synthassay.errors import DataError, RunError, UnknownName
from synthassay.records.appraisal import AppraisalList
from synthassay.records.scorecard import Scorecard

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: object):
    return CliRunner().invoke(app, ["appraise", *map(str, arguments)], catch_exceptions=True)


def test_the_own_instrument_is_the_first_choice(run):
    found = call(run)
    assert found.exit_code == 0, found.output
    assert "overall: unclear" in found.stdout
    assert f"next: synthassay report {run}" in found.stdout.replace("\n", "")
    for name in ("appraisal.json", "appraisal.csv", "scorecard.json", "appraisal-generative-imaging.html"):
        assert (run / name).is_file()


def test_all_instruments_as_json(run):
    found = call(run, "--instrument", "all", "--json", "--no-form")
    assert len(AppraisalList.model_validate_json(found.stdout).appraisals) == 8
    assert not list(run.glob("appraisal-*.html"))


def test_answers_choose_their_instrument_and_show_who_differs(run, tmp_path):
    for name, reply in (("AB", "yes"), ("CD", "no")):
        given = {"2.5": {"reply": reply, "where": "p. 4"}, "4.4": {"reply": "no"}}
        table = {"instrument": "generative-imaging", "appraiser": name, "answers": given}
        (tmp_path / f"{name}.json").write_text(json.dumps(table))
    found = call(run, "-a", tmp_path / "AB.json", "-a", tmp_path / "CD.json")
    assert "conflict on 2.5: AB: yes; CD: no" in found.stdout
    assert "50% of 2 items alike" in found.stdout


def test_mistakes_are_messages(run, tmp_path):
    assert isinstance(call(run, "-i", "clam").exception, UnknownName)
    (tmp_path / "a.json").write_text('{"instrument": "clam", "appraiser": "AB"}')
    assert isinstance(call(run, "-a", tmp_path / "a.json").exception, UnknownName)
    (tmp_path / "b.json").write_text('{"instrument": "generative-imaging", "appraiser": "AB", "answers": {"9.9": {}}}')
    assert isinstance(call(run, "-a", tmp_path / "b.json").exception, DataError)
    assert not (run / "appraisal.json").exists(), "nothing half-written"


def test_a_folder_that_holds_no_run_can_be_a_reviews_and_nothing_else(tmp_path):
    found = call(tmp_path)
    assert isinstance(found.exception, RunError)
    assert "holds no record of a run" in str(found.exception)
    assert not list(tmp_path.iterdir())
    assert call(tmp_path, "-i", "prisma").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "appraisal-prisma-2020.html", "appraisal.csv", "appraisal.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "of"), [("xray-utility", "rectified_flow"), ("ct-low-dose", "pgan"), ("hippocampus-utility", "pgan")]
)
def test_kept_records_of_real_studies_are_judged_by_their_numbers_alone(tmp_path, kept, of):
    source = ROOT / "docs" / "results" / kept / "measurements.jsonl"
    (tmp_path / "measurements.jsonl").write_bytes(source.read_bytes())
    found = call(tmp_path, "--of", of, "--json", "--no-form")
    (appraisal,) = AppraisalList.model_validate_json(found.stdout).appraisals
    replies = {item.item: item.reply for item in appraisal.items}
    levels = {d.domain: d.level.value for d in appraisal.domains}
    assert replies["2.1"] is None, "the kept records hold no cohort"
    assert replies["8.1"] == "no"
    assert levels["clinical"] == "high"
    assert levels["leakage"] == ("high" if kept == "hippocampus-utility" else "unclear")
    assert Scorecard.read(tmp_path / "scorecard.json").criteria[0].entries
