"""A whole study from label maps: images with their maps, verified, judged by segmenters, reported, the same twice."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from synthassay.images.verify import verify_folder
from synthassay.records.manifest import Manifest
from synthassay.study.console import Voice
from synthassay.study.foresight import unmeasurable
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study

STUDY = """\
title = "Small label map study"
question = "Do volumes made from label maps help a segmenter?"
modality = "mri"
task = "mask_to_image"
[data]
path = "table.csv"
image = "t1"
split = "given"
[sampling]
deformation_mm = 2.0
[evaluation]
protocol = "volume"
bootstrap = 200
[segmentation]
fractions = [0.5, 1.0]
repeats = 1
steps = 12
pretrain = false
classical = false
"""


def write_volumes(folder: Path) -> None:
    rng = np.random.default_rng(3)
    at = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in (24, 24, 12)), indexing="ij"))
    rows = ["subject,split,t1,structures"]
    for i in range(12):
        head = np.linalg.norm(at, axis=0) < 0.95
        organ = np.linalg.norm(at - rng.uniform(-0.15, 0.15, (3, 1, 1, 1)), axis=0) < rng.uniform(0.4, 0.5)
        labels = organ + (organ & (at[1] > 0))
        t1 = np.where(head, 300 + 200 * labels + 25 * rng.standard_normal(head.shape), 0)
        for name, volume in (("t1", t1.astype(np.float32)), ("structures", labels.astype(np.uint8))):
            nib.save(nib.Nifti1Image(volume, np.diag([2.0, 2.0, 2.0, 1.0])), folder / f"s{i}_{name}.nii.gz")
        split = "train" if i < 6 else "validation" if i == 6 else "test"
        rows.append(f"s{i},{split},s{i}_t1.nii.gz,s{i}_structures.nii.gz")
    (folder / "table.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")


def test_what_is_not_asked_for_is_told_before_anything_is_trained(tmp_path):
    write_volumes(tmp_path)
    study = tmp_path / "study.toml"
    asked = {requirement.metric: reason for requirement, reason in unmeasurable(plan_study(study))}
    assert "only 5 subjects" in asked["tstr_dice"]
    study.write_text(STUDY[: STUDY.index("[segmentation]")], encoding="utf-8")
    unasked = {requirement.metric: reason for requirement, reason in unmeasurable(plan_study(study))}
    assert "[segmentation]" in unasked["tstr_dice"] and "[segmentation]" in unasked["dice_gain"]


def measured(run: Path) -> dict[tuple[str, str, str], dict]:
    lines = [json.loads(line) for line in (run / "measurements.jsonl").read_text().splitlines()]
    return {(row["of"], row["metric"], row["stratum"]): row for row in lines}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    write_volumes(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)  # processes of their own cost more here than the trainings
        return run_study(folder / "study.toml", folder / "run", Voice(quiet=True))


def test_every_image_has_its_label_map_and_all_are_verified(run):
    found = verify_folder(run)
    assert found.ok, str(found)
    for name in ("linear_regression", "deformed_real"):
        manifest = Manifest.read(run / "synthetic" / name / "manifest.json")
        assert [image.source_subjects for image in manifest.images] == [(f"s{i}",) for i in range(6)]
        assert all((run / "synthetic" / name / image.structures.path).is_file() for image in manifest.images)


def test_segmenters_judge_both_baselines(run):
    rows = measured(run)
    for name in ("linear_regression", "deformed_real"):
        alone = rows[name, "tstr_dice", ""]
        assert alone["value"] is not None and alone["floor"] is not None
        assert rows[name, "dice_gain", "real=50%, ratio=1"]["settings"]["real_patients"] == 3
        assert rows[name, "distance_gain", ""]["unit"] == "mm"
        assert rows[name, "segmentation_worth", ""]["value"] is not None
    real = {rows[name, "tstr_dice", ""]["floor"] for name in ("linear_regression", "deformed_real")}
    assert len(real) == 1
    assert (run / "report.html").is_file()


def test_judged_segmenters_are_kept_and_used_again(run, monkeypatch):
    import synthassay.evaluate.utility.judging as judging

    before = measured(run)
    kept = sorted((run / "evaluation/segmenters").iterdir())
    # two shares of real patients, and for each baseline synthetic alone and two mixtures
    assert len(kept) == 2 + 2 * 3
    for stage in (run / "stages").glob("evaluate-*"):
        stage.unlink()
    monkeypatch.setattr(judging, "judge", lambda job, sets: pytest.fail("trained again"))
    run_study(run.parent / "study.toml", run, Voice(quiet=True))
    assert measured(run) == before
