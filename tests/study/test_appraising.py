"""Reporting tables of a run, appraisals of several side by side, and a small study from its file to its tables."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from appraise.conftest import write_run
from study.small_studies import write_denoising_study
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument
from synthassay.appraise.scorecard import fill_scorecard
from synthassay.appraise.writing import write_appraisals
from synthassay.cli import app
from synthassay.errors import RunError, UnknownName
from synthassay.records.appraisal import AnswerFile, AppraisalList
from synthassay.study.appraising import write_reporting, write_side_by_side
from synthassay.study.console import Voice
from synthassay.study.run import run_study


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "first")


def appraised(run: Path, *names: str, given: tuple = ()) -> Path:
    dossier = read_dossier(run)
    found = [appraise(dossier, instrument(name), given) for name in names]
    write_appraisals(run, found, fill_scorecard(dossier))
    return run


@pytest.mark.parametrize("name", ["claim", "stard-ai", "tripod-ai"])
def test_a_reporting_table_stands_with_cards_and_methods(run, name):
    full = instrument(name).name
    written = [path.name for path in write_reporting(run, name)]
    assert written == [f"{full}.html", f"{full}.csv", "methods.md", "datasheet.md", "model-card-vae.md"]
    text = (run / "reporting" / f"{full}.html").read_text()
    assert text.count('<th scope="row"') == len(instrument(name).items)
    assert "for the authors" in text
    assert "HOSP-" not in "".join(path.read_text() for path in (run / "reporting").iterdir())
    rows = list(csv.DictReader((run / "reporting" / f"{full}.csv").read_text().splitlines()))
    assert [row["item"] for row in rows] == [item.id for item in instrument(name).items]


def test_answers_given_before_stand_in_the_table_until_the_run_changes(run):
    answers = {"1": {"reply": "yes", "where": "title page"}}
    given = AnswerFile.model_validate({"instrument": "claim-2024", "appraiser": "AB", "answers": answers})
    appraised(run, "claim", given=(("ab.json", given),))
    assert "title page" in write_reporting(run, "claim")[0].read_text()
    (run / "lock.json").unlink()
    assert "title page" not in write_reporting(run, "claim")[0].read_text()


def test_only_reporting_checklists_are_reporting_tables(run):
    with pytest.raises(UnknownName, match="Did you mean: claim"):
        write_reporting(run, "claims")
    with pytest.raises(UnknownName):
        write_reporting(run, "generative-imaging")
    assert not (run / "reporting").exists()


def test_several_runs_side_by_side(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "second")
    (other / "cohort.json").unlink()
    runs = [appraised(run, "own"), appraised(other, "own")]
    written = write_side_by_side(runs, "generative-imaging", tmp_path / "out")
    assert [p.name for p in written] == ["appraisals.html", "traffic-light.svg", "summary.svg", "appraisals.csv"]
    for path in written[1:3]:
        ElementTree.fromstring(path.read_text())
    rows = list(csv.DictReader(written[3].read_text().splitlines()))
    assert {row["run"] for row in rows} == {"first", "second"}
    assert len(rows) == 2 * 38


def test_a_run_that_was_not_appraised_is_told_how(run, tmp_path):
    with pytest.raises(RunError, match=r"was not appraised.*synthassay appraise .* --instrument generative-imaging"):
        write_side_by_side([run], "own", tmp_path / "out")
    appraised(run, "claim")
    with pytest.raises(RunError, match="was not appraised"):
        write_side_by_side([run], "own", tmp_path / "out")
    with pytest.raises(UnknownName, match="instrument of risk of bias"):
        write_side_by_side([run], "claim", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def whole_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of seconds: baselines alone, on small CT volumes."""
    folder = tmp_path_factory.mktemp("study")
    return run_study(write_denoising_study(folder), folder / "run", Voice(quiet=True))


def test_a_whole_study_is_appraised_reported_and_resumed(whole_study):
    call = CliRunner()
    assert call.invoke(app, ["appraise", str(whole_study), "-i", "all"]).exit_code == 0
    found = {a.instrument: a for a in AppraisalList.read(whole_study / "appraisal.json").appraisals}
    own = {item.item: item for item in found["generative-imaging"].items}
    assert own["2.1"].reply == "yes"
    assert own["2.3"].reply == "not applicable"
    assert own["4.1"].reply == "yes"
    assert own["8.1"].reply == "no"
    for item in own.values():
        for pointer in item.answers[0].evidence:
            assert (whole_study / pointer.file).is_file()
    told = call.invoke(app, ["report", str(whole_study), "--reporting", "claim"])
    assert told.exit_code == 0, told.output
    text = (whole_study / "report.html").read_text()
    assert 'id="scorecard"' in text
    assert 'id="appraisal"' in text
    assert "Changed since this appraisal" not in text
    run_study(whole_study.parent / "ct.toml", whole_study, Voice(quiet=True))  # the records do not stand in its way
