"""The external check: images from elsewhere are translated and judged, and never the study's own or of another kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from study.small_studies import write_volumes
from synthassay.data.elsewhere import load_elsewhere
from synthassay.errors import DataError, ImageError, SpecError
from synthassay.images.verify import verify_folder
from synthassay.records.external import EXTERNAL_METRIC, ExternalCheck, external_check_path, external_images
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Split
from synthassay.study.console import Voice
from synthassay.study.evaluation import read_measurements
from synthassay.study.foresight import unmeasurable
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study
from synthassay.tasks.elsewhere import elsewhere

STUDY = """\
title = "Small CT from MR"
question = "What do baselines make of another place's images?"
modality = "ct"
task = "{task}"
baselines = ["histogram_matching"]
[data]
path = "table.csv"
input = "t1"
image = "t2"
split = "given"
window = [-1150, 1500]
[external]
path = "away/table.csv"
input = "mr"
image = "ct"
note = "Two bodies of wax."
{more}
[evaluation]
protocol = "mr_to_ct"
bootstrap = 200
"""


def write_away(folder: Path, *, spacing: float = 3.0, unit: str = "HU", shift: float = 1.0) -> None:
    """Write the last two subjects of the study again as other people: the same bodies on a scanner of other gain."""
    folder.mkdir()
    rows = ["subject,mr,ct"]
    for i in (7, 8):
        for name, role in (("mr", "t1"), ("ct", "t2")):
            pixels = nib.load(folder.parent / f"s{i}_{role}.nii.gz").get_fdata()
            pixels = pixels * 3 if name == "mr" else pixels + shift
            file = folder / f"w{i}_{name}.nii.gz"
            nib.save(nib.Nifti1Image(pixels.astype(np.float32), np.diag([spacing, spacing, 5.0, 1.0])), file)
            if name == "mr" or unit:
                file.with_name(f"w{i}_{name}.json").write_text(json.dumps({"Units": unit if name == "ct" else ""}))
        rows.append(f"w{i},w{i}_mr.nii.gz,w{i}_ct.nii.gz")
    (folder / "table.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_study(folder: Path, task: str = "translate_unpaired", more: str = "") -> Path:
    write_volumes(folder, unit="HU")
    for file in folder.glob("s*_t1.json"):
        file.unlink()
    path = folder / "study.toml"
    path.write_text(STUDY.format(task=task, more=more), encoding="utf-8")
    return path


def elsewhere_rows(run: Path) -> dict[str, float]:
    rows = [row for row in read_measurements(run / "measurements.jsonl") if row.metric == EXTERNAL_METRIC]
    assert all(row.value is None or row.interval is None for row in rows)
    return {row.stratum: row.value for row in rows if row.value is not None}


@pytest.mark.parametrize("task", ["translate", "translate_unpaired"])
def test_images_from_elsewhere_are_translated_and_judged(task, tmp_path):
    study = write_study(tmp_path, task)
    write_away(tmp_path / "away", shift=100.0)
    run = run_study(study, tmp_path / "run", Voice(quiet=True))
    place = external_images(run, "histogram_matching")
    made = Manifest.read(place / "manifest.json")
    assert [image.reference_case for image in made.images] == ["w7", "w8"]
    assert verify_folder(run).ok
    found = elsewhere_rows(run)
    # another gain of the scanner changes nothing; a shift of the reference by 100 HU moves the bias by as much
    here = {
        row.stratum: row.per_case for row in read_measurements(run / "measurements.jsonl") if row.metric == "hu_bias"
    }["tissue=body"]
    own = (here["syn-s7"] + here["syn-s8"]) / 2
    assert found["measure=hu_bias, tissue=body"] == pytest.approx(own - 100, abs=0.5)
    assert {"measure=mae", "measure=edge_f_score_to_source", "measure=edge_f_score"} <= found.keys()
    check = ExternalCheck.read(external_check_path(run))
    assert check.subjects == 2
    assert check.stands_for == {"t1": "mr", "t2": "ct"}
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Two bodies of wax." in page
    assert "n = 2: there is no interval" in page
    assert "mr stands for t1" in page
    assert "syn-w7" not in page
    assert "w7.nii" not in page
    assert "No external site was held out" not in page
    status = json.loads((run / "evaluation" / "requirements.json").read_text())["requirements"]
    reason = next(entry["reason"] for entry in status if entry["metric"] == EXTERNAL_METRIC)
    assert reason.startswith("measured on 2 subjects")


def test_training_does_not_see_them_and_the_rest_of_the_run_stays(tmp_path):
    study = write_study(tmp_path)
    write_away(tmp_path / "away")
    run = run_study(study, tmp_path / "run", Voice(quiet=True))
    text = study.read_text()
    study.write_text(text[: text.index("[external]")] + text[text.index("[evaluation]") :])
    plain = run_study(study, tmp_path / "plain", Voice(quiet=True))
    for name in ("model/histogram_matching/weights.safetensors", "synthetic/histogram_matching/manifest.json"):
        assert (run / name).read_bytes() == (plain / name).read_bytes()
    ours, theirs = (
        [row for row in read_measurements(place / "measurements.jsonl") if row.metric != EXTERNAL_METRIC]
        for place in (run, plain)
    )
    assert ours == theirs
    assert not (plain / "external").exists()


def test_check_says_how_few_there_are_and_their_task_has_the_scales_of_the_study(tmp_path):
    study = write_study(tmp_path)
    write_away(tmp_path / "away")
    plan = plan_study(study)
    assert load_elsewhere(plan.spec, plan.cohort, folder=tmp_path) == plan.external
    there = elsewhere(plan.task, plan.external)
    assert (there.scale, there.source_scale, there.domains) == (
        plan.task.scale,
        plan.task.source_scale,
        plan.task.domains,
    )
    assert not there.cohort.subjects(Split.TRAIN)
    reasons = {requirement.metric: why for requirement, why in unmeasurable(plan)}
    assert reasons[EXTERNAL_METRIC].startswith("only 2 subjects in [external]")


def refused(study: Path) -> str:
    with pytest.raises((DataError, ImageError, SpecError)) as problem:
        plan_study(study)
    return str(problem.value)


def test_what_cannot_be_external_is_refused_before_anything_is_trained(tmp_path):
    study = write_study(tmp_path)
    assert "away/table.csv" in refused(study)  # nothing there
    write_away(tmp_path / "away")
    table = tmp_path / "away" / "table.csv"
    text, rows = study.read_text(), table.read_text()
    study.write_text(text.replace('input = "mr"', 'input = "flair"'))
    assert "[external] input: is a role that no case has (flair)" in refused(study)
    study.write_text(text.replace('input = "mr"', 'input = "ct"'))
    assert "is the role of the image itself" in refused(study)
    study.write_text(text)
    table.write_text(rows.replace("w7,", "s0,"))
    assert "are in the study's own data too" in refused(study)
    table.write_text(rows)
    for role in ("mr", "ct"):
        own = tmp_path / f"s0_{'t1' if role == 'mr' else 't2'}.nii.gz"
        shutil.copyfile(own, tmp_path / "away" / f"w7_{role}.nii.gz")
    assert "2 file(s) are the study's own, byte by byte" in refused(study)


def test_images_of_another_kind_are_refused(tmp_path):
    study = write_study(tmp_path)
    write_away(tmp_path / "away", unit="")
    assert "the CT protocol measures in HU" in refused(study)


def test_another_spacing_is_refused_or_resampled_as_asked(tmp_path):
    study = write_study(tmp_path)
    write_away(tmp_path / "away", spacing=2.0)
    assert "have a spacing of 2 x 2 x 5 mm, and the study's 3 x 3 x 5 mm" in refused(study)
    study.write_text(study.read_text().replace("note =", 'spacing = "study"\nnote ='))
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="evaluate")
    file = external_images(run, "histogram_matching") / "images" / "syn-w7.nii.gz"
    image = nib.load(file)
    assert image.header.get_zooms() == pytest.approx((3, 3, 5))
    assert image.shape == (21, 21, 4)
    check = ExternalCheck.read(external_check_path(run))
    assert (check.own_spacing_mm, check.spacing_mm) == ((2, 2, 5), (3, 3, 5))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('task = "translate_unpaired"', 'task = "denoise"'), "has no images from elsewhere for this task"),
        (('path = "away/table.csv"\n', 'source = "mrct"\n'), "no known source has this name"),
        (('path = "away/table.csv"\n', ""), "not both and not neither"),
        (('note = "Two', 'notes = "Two'), "is not a known name"),
    ],
)
def test_faults_of_the_table_are_said_with_their_line(change, said, tmp_path):
    study = write_study(tmp_path)
    study.write_text(study.read_text().replace(*change))
    message = refused(study)
    assert said in message
    assert "external" in message
