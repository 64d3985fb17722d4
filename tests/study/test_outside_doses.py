"""Doses beside CT from elsewhere, from the command line to rows (synthassay.study.outside); the doses are formulas."""

import json

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from evaluate.dose.phantom_doses import box_dose
from synthassay.cli import app
from synthassay.errors import DataError
from synthassay.records.comparison import JUDGED, JudgedCases
from synthassay.study.console import Voice
from synthassay.study.evaluation import read_measurements
from synthassay.study.outside import OutsideImages, evaluate_outside

SHAPE, SPACING = (16, 14, 10), (3.0, 3.0, 4.0)


def write(folder, name, values, unit=""):
    folder.mkdir(exist_ok=True)
    kind = np.uint8 if values.dtype == np.uint8 else np.float32
    nib.save(nib.Nifti1Image(values.astype(kind), np.diag([*SPACING, 1.0])), folder / f"{name}.nii.gz")
    if unit:
        (folder / f"{name}.json").write_text(json.dumps({"Units": unit}))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("doses")
    dose = box_dose(SHAPE, SPACING, half_mm=14)
    for i in range(4):
        rng = np.random.default_rng(i)
        ct = np.round(rng.normal(20, 10, SHAPE))
        write(root / "real", f"p{i}", ct, "HU")
        write(root / "synthetic", f"p{i}", ct + 4, "HU")
        write(root / "masks", f"p{i}", np.ones(SHAPE, np.uint8))
        write(root / "structures", f"p{i}", (dose > 50).astype(np.uint8))
        write(root / "dose-real", f"p{i}", dose, "Gy")
        write(root / "dose-synthetic", f"p{i}", dose * (1 + 0.01 * i), "Gy")
    (root / "structures" / "structures.json").write_text('{"1": "PTV"}')
    (root / "scanner.csv").write_text("-1000,0\n0,1\n3000,2\n")
    return root


def test_the_command_measures_doses_structures_and_density(folders, tmp_path):
    given = {
        "real": "real", "synthetic": "synthetic", "masks": "masks", "structures": "structures",
        "dose-real": "dose-real", "dose-synthetic": "dose-synthetic", "density-curve": "scanner.csv",
    }  # fmt: skip
    options = [part for name, place in given.items() for part in (f"--{name}", str(folders / place))]
    command = ["evaluate", "-p", "ct", *options, "--prescription", "60", "--bootstrap", "200", "-q"]
    result = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "run")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    judged = JudgedCases.read(tmp_path / "run" / "evaluation" / JUDGED)
    assert judged.references == {f"p{i}": f"p{i}" for i in range(4)}
    rows = {(r.metric, r.stratum): r for r in read_measurements(tmp_path / "run" / "measurements.jsonl")}
    assert rows["gamma_pass_rate", "criterion=global 2%/2mm"].n == 4
    assert rows["dose_error", ""].value == pytest.approx(1.5 * 64 / 60, rel=0.2)
    assert rows["dvh_error_of_prescription", "structure=PTV point=D50"].unit == "%"
    assert rows["electron_density_error", "tissue=soft"].value == pytest.approx(
        100 * 4 / 3000, rel=0.1
    )  # the curve given, not the default


def test_one_dose_without_the_other_and_names_that_are_no_names_are_messages(folders, tmp_path):
    images = OutsideImages(protocol="ct", real=folders / "real", synthetic=folders / "synthetic", dose_real=folders)
    with pytest.raises(DataError, match="both are needed"):
        evaluate_outside(images, tmp_path / "run", Voice(quiet=True))
    for text in ("[1, 2]", "{", '{"PTV": 1}'):
        (folders / "structures" / "structures.json").write_text(text)
        images = OutsideImages(
            protocol="ct", real=folders / "real", synthetic=folders / "synthetic", structures=folders / "structures"
        )
        with pytest.raises(DataError, match="does not name structures"):
            evaluate_outside(images, tmp_path / "other", Voice(quiet=True))
