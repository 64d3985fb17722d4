"""Extraction: one vocabulary for reviews, studies and measurements; wrong words are named; our runs are rows."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from review.small_review import decide, small_review
from synthassay.errors import DataError
from synthassay.records.extraction import CATEGORIES, FIELDS, DatasetType, Extraction, Family, SynthesisTask, Validation
from synthassay.records.review import Stage
from synthassay.records.vocabulary import Axis, Modality, TaskName
from synthassay.review.extracting import COLUMNS, read_extraction_sheet, write_extraction_sheet
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import to_table
from synthassay.review.project import Project
from synthassay.review.run_rows import family_of, rows_of_run

ROOT = Path(__file__).resolve().parents[2]
ONE, TWO = "pubmed-00001", "pubmed-00002"


@pytest.fixture
def project(tmp_path):
    project = small_review(tmp_path / "review", records=3)
    for record in project.records:
        decide(project, record, Stage.TITLE_ABSTRACT, "include" if record in (ONE, TWO) else "exclude")
    for record in (ONE, TWO):
        decide(project, record, Stage.FULL_TEXT, "include")
    return Project(project.path)


def filled(project, tmp_path, **cells):
    sheet = tmp_path / "sheet.csv"
    write_extraction_sheet(project, sheet)
    rows = rows_of(sheet.read_text(encoding="utf-8-sig"))
    rows[0] |= cells
    sheet.write_text(to_table(rows, rows[0].keys()), encoding="utf-8")
    return sheet


def test_a_review_has_the_words_of_studies_and_measurements():
    assert {task.value for task in TaskName} <= {task.value for task in SynthesisTask}
    assert set(CATEGORIES) <= set(Axis)
    assert set(FIELDS) <= set(Extraction.model_fields)


def test_a_filled_sheet_is_read_and_read_again_changes_nothing(project, tmp_path):
    quote = "modality | We made T1 images | Methods, page 3\ntask | to augment | Abstract"
    sheet = filled(
        project, tmp_path, design="original", year="2021", modality="mri; ct", family="gan", task="augment",
        dataset="public", validation="holdout; external", evaluation="fidelity;utility", evidence=quote,
    )  # fmt: skip
    assert read_extraction_sheet(project, sheet) == 1
    row = project.extractions()[ONE]
    assert row.modality == (Modality.MRI, Modality.CT)
    assert (row.family, row.dataset, row.validation) == (
        (Family.GAN,),
        DatasetType.PUBLIC,
        (Validation.HOLDOUT, Validation.EXTERNAL),
    )
    assert [(q.field, q.place) for q in row.evidence] == [("modality", "Methods, page 3"), ("task", "Abstract")]
    assert read_extraction_sheet(project, sheet) == 0
    write_extraction_sheet(project, sheet)
    assert read_extraction_sheet(project, sheet) == 0


def test_not_extracted_is_not_the_same_as_not_evaluated(project, tmp_path):
    read_extraction_sheet(project, filled(project, tmp_path, year="2020", evaluation="none"))
    assert project.extractions()[ONE].evaluation == ()
    read_extraction_sheet(project, filled(project, tmp_path, year="2020", evaluation=""))
    assert project.extractions()[ONE].evaluation is None


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"modality": "mr"}, r"row 2: modality: no modality has the name 'mr'\. Did you mean: mri"),
        ({"family": "gans; vae"}, r"family: no family has the name 'gans'\. Did you mean: gan"),
        ({"evaluation": "fidelty"}, "Did you mean: fidelity"),
        ({"validation": "extern"}, "Did you mean: external"),
        ({"dataset": "publik"}, "Did you mean: public"),
        ({"design": "orginal"}, "Did you mean: original"),
        ({"year": "1066"}, "year"),
        ({"evidence": "modallity | words here | page 1"}, "Did you mean: modality"),
        ({"evidence": "modality | words here"}, "place"),
        ({"record": "pubmed-99999"}, "no record has this identifier"),
    ],
)
def test_wrong_words_are_named_with_the_nearest_and_nothing_is_added(project, tmp_path, cells, says):
    sheet = filled(project, tmp_path, **cells)
    with pytest.raises(DataError, match=says):
        read_extraction_sheet(project, sheet)
    assert project.extractions() == {}


def test_an_unknown_column_is_named(project, tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(to_table([{"record": ONE, "modalty": "mri"}], ("record", "modalty")), encoding="utf-8")
    with pytest.raises(DataError, match="column 'modalty': no field has this name. Did you mean: modality"):
        read_extraction_sheet(project, sheet)


def test_the_sheet_holds_every_field():
    assert set(FIELDS) <= set(COLUMNS)
    with pytest.raises(ValidationError, match="Did you mean: diffusion"):
        Extraction(record="x", family=["difusion"])


def kept_run(tmp_path, name="xray-utility"):
    run = tmp_path / name
    run.mkdir()
    shutil.copy(ROOT / "docs" / "results" / name / "measurements.jsonl", run)
    shutil.copy(ROOT / "studies" / f"{name}.toml", run / "study.toml")
    return run


def test_a_run_is_rows_with_their_evidence(tmp_path):
    rows = {row.record: row for row in rows_of_run(kept_run(tmp_path))}
    assert set(rows) == {"run:xray-utility/rectified_flow", "run:xray-utility/vae"}
    vae = rows["run:xray-utility/vae"]
    assert (vae.modality, vae.family, vae.task) == ((Modality.XRAY,), (Family.VAE,), (SynthesisTask.AUGMENT,))
    assert {Axis.FIDELITY, Axis.UTILITY} <= set(vae.evaluation)
    assert Axis.CLINICAL not in vae.evaluation
    assert "resample_real" in vae.comparator
    assert vae.dataset is DatasetType.PUBLIC
    assert vae.anatomy is None and vae.year is None
    assert any(quote.field == "evaluation" and "measurements.jsonl" in quote.place for quote in vae.evidence)


def test_a_measure_without_a_value_is_no_evaluation(tmp_path):
    run = kept_run(tmp_path)
    lines = [json.loads(line) for line in (run / "measurements.jsonl").read_text(encoding="utf-8").splitlines()]
    silent = [
        {**line, "value": None, "interval": None, "not_measured": "no reader"} if line["axis"] == "utility" else line
        for line in lines
    ]
    (run / "measurements.jsonl").write_text("".join(json.dumps(line) + "\n" for line in silent), encoding="utf-8")
    assert all(Axis.UTILITY not in row.evaluation for row in rows_of_run(run))


def test_outside_images_without_a_study_leave_fields_unextracted(tmp_path):
    run = kept_run(tmp_path)
    (run / "study.toml").unlink()
    row = next(row for row in rows_of_run(run) if row.record.endswith("/vae"))
    assert row.modality is None and row.task is None and row.dataset is None
    assert row.evaluation


def test_a_folder_without_measurements_is_a_message(tmp_path):
    with pytest.raises(DataError, match=r"holds no measurements\.jsonl"):
        rows_of_run(tmp_path)


def test_every_generator_of_the_package_has_a_family():
    folder = ROOT / "src" / "synthassay" / "generators"
    found = [re.findall(r'^@generator\(\s*"(\w+)"', f.read_text(encoding="utf-8"), re.M) for f in folder.glob("*.py")]
    names = [name for some in found for name in some]
    assert {"pgan", "vae", "rectified_flow"} <= set(names)
    without = [name for name in names if family_of(name) is None]
    assert not without, f"say in run_rows which family they are of: {without}"
