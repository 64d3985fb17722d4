"""Drawings from elsewhere, by name: lost structures and lesions are found, and what is missing is said."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from synthassay.errors import DataError
from synthassay.protocols import PROTOCOLS
from synthassay.study.console import Voice
from synthassay.study.evaluation import read_measurements
from synthassay.study.outside import OutsideImages, evaluate_outside, outside_evidence
from synthassay.study.outside_drawings import structure_names

COUNT, SPACE = 4, (16, 16, 12)


def volume(folder, name, pixels):
    folder.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(pixels, np.diag([2.0, 2.0, 2.0, 1.0])), folder / f"{name}.nii.gz")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Bright kidneys in two halves; the synthetic images lost the second of one patient, and one lesion of each."""
    root = tmp_path_factory.mktemp("drawings")
    rng = np.random.default_rng(0)
    for i in range(COUNT):
        labels, lesions = np.zeros((2, *SPACE), np.int16)
        labels[2:7, 2:7, 2:9], labels[9:14, 3:8, 2:9] = 1, 2
        lesions[3:5, 3:5, 3:5], lesions[2:5, 11:14, 4:8] = 1, 1
        pixels = (100 + 50 * labels + rng.normal(0, 5, SPACE)).astype(np.float32)
        volume(root / "real", f"p{i}", pixels)
        volume(root / "structures", f"p{i}", labels)
        volume(root / "lesions", f"p{i}", lesions)
        made = np.where(labels == 2, 0, labels).astype(np.int16) if i == 0 else labels
        volume(root / "synthetic", f"p{i}", pixels + 1)
        volume(root / "made", f"p{i}", made)
        lesions[2:5, 11:14] = 0
        volume(root / "made_lesions", f"p{i}", lesions)
    (root / "structures" / "structures.json").write_text(json.dumps({"1": "left kidney", "2": "right kidney"}))
    return root


def given(root, **changes):
    return OutsideImages(
        protocol="mri", real=root / "real", synthetic=root / "synthetic", bootstrap=200, data_range=(0.0, 400.0),
        **{name: root / folder for name, folder in changes.items()},
    )  # fmt: skip


def test_lost_structures_and_lesions_are_found(folders, tmp_path, monkeypatch):
    from synthassay.evaluate import run

    wanted = ("structure_distance", "structure_volume_difference", "lesion_sensitivity", "invented_lesions")
    kept = [(name, metric) for name, metric in run.METRICS.items() if name in wanted]
    monkeypatch.setattr(run.METRICS, "items", lambda: kept)
    images = given(
        folders,
        structures="structures",
        structures_synthetic="made",
        lesions="lesions",
        lesions_synthetic="made_lesions",
    )
    evaluate_outside(images, tmp_path, Voice(quiet=True))
    found = {(r.metric, r.stratum): r for r in read_measurements(tmp_path / "measurements.jsonl")}
    assert found["structure_volume_difference", "structure=right kidney"].value == -25
    assert found["structure_volume_difference", "structure=left kidney"].value == 0
    assert found["structure_distance", "structure=right kidney"].value == pytest.approx(
        np.hypot(np.hypot(32, 32), 24) / 4
    )
    assert found["invented_lesions", ""].value == 0
    assert found["lesion_sensitivity", ""].value == 0.5


def test_drawings_stand_beside_the_sets_that_they_are_of(folders):
    evidence = outside_evidence(
        given(folders, structures="structures", structures_training="made"), PROTOCOLS.get("mri")
    )
    assert set(evidence.drawn) == {"test", "training"}
    assert evidence.structures.cases == evidence.synthetic.cases
    assert evidence.lesions is None
    assert not evidence.segments  # there are no training images beside their drawings


def test_an_image_without_a_drawing_of_its_name_is_refused(folders, tmp_path):
    volume(tmp_path / "few", "p0", np.ones(SPACE, np.int16))
    with pytest.raises(DataError, match="3 of 4 images have none of the same name.*--structures-synthetic"):
        outside_evidence(
            given(folders, structures="structures", structures_synthetic=tmp_path / "few"), PROTOCOLS.get("mri")
        )


def test_names_that_are_no_names_are_refused(tmp_path):
    assert structure_names(None) == structure_names(tmp_path) == {}
    for text in ("[1]", '{"one": "liver"}', "{"):
        (tmp_path / "structures.json").write_text(text)
        with pytest.raises(DataError, match="does not name structures"):
            structure_names(tmp_path)
