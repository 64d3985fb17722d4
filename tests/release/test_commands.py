"""Release and verify as a user meets them."""

from __future__ import annotations

import json
import shutil
import stat

import pytest
from typer.testing import CliRunner

from release.conftest import KEY
from release.small_runs import write_run
from synthassay.cli import app
from synthassay.errors import RunError
from synthassay.release.signing import public_pem

RUNNER = CliRunner()


def invoke(*arguments):
    return RUNNER.invoke(app, [str(argument) for argument in arguments])


def test_a_run_is_released_with_a_new_key_and_verified(tmp_path):
    run, out = write_run(tmp_path / "run"), tmp_path / "out"
    found = invoke("release", run, "--out", out)
    assert found.exit_code == 0, found.output
    key = tmp_path / "out.key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "keep it secret" in found.output
    fingerprint = found.output.partition("SHA-256 ")[2].partition("\n")[0]
    assert fingerprint in (out / "README.md").read_text()
    checked = invoke("verify", out)
    assert checked.exit_code == 0
    assert fingerprint in checked.output
    again = invoke("release", run, "--out", tmp_path / "again", "--key", key, "--quiet")
    assert (again.exit_code, again.output) == (0, "")
    assert (tmp_path / "again/release.dsse.json").read_bytes() == (out / "release.dsse.json").read_bytes()
    assert not (tmp_path / "again.key.pem").exists()


def test_a_blocked_release_leaves_no_key(tmp_path):
    run = write_run(tmp_path / "run", copied=0.5)
    found = invoke("release", run, "--out", tmp_path / "out")
    assert isinstance(found.exception, RunError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_an_unknown_format_is_a_message(tmp_path):
    found = invoke("release", tmp_path, "--out", tmp_path / "out", "--format", "jpeg")
    assert "auto, nifti, dicom, png, tiff" in str(found.exception)


def test_verify_fails_with_exit_code_1_and_in_json(tmp_path, released):
    folder = shutil.copytree(released(), tmp_path / "copy")
    (folder / "card.md").write_text("other")
    found = invoke("verify", folder, "--json")
    assert found.exit_code == 1
    checks = {check["name"]: check["problems"] for check in json.loads(found.output)["checks"]}
    assert checks["files are those that were signed"] == ["card.md: was altered after it was signed"]


def test_verify_takes_the_signers_key_and_the_run(tmp_path, released):
    key = tmp_path / "signer.pem"
    key.write_bytes(public_pem(KEY.public_key()))
    found = invoke("verify", released(), "--key", key, "--run", released().parent / "run")
    assert found.exit_code == 0, found.output
    assert "(given)" in found.output


def test_verify_of_a_run_is_as_before_and_refuses_a_key(tmp_path, released):
    run = released().parent / "run"
    found = invoke("verify", run)
    assert found.exit_code == 0
    assert "3 images are whole, marked as synthetic and listed" in found.output
    assert "is no release" in str(invoke("verify", run, "--key", tmp_path / "key.pem").exception)


def test_a_folder_that_is_not_there_is_a_message(tmp_path):
    assert "is not a folder" in str(invoke("verify", tmp_path / "nowhere").exception)


@pytest.mark.parametrize("date", ["yesterday", "2026-1-1"])
def test_a_date_is_a_day(date, tmp_path, released):
    found = invoke("release", released().parent / "run", "--out", tmp_path / "out", "--date", date)
    assert "is no day" in str(found.exception)
