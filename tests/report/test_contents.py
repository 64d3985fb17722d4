"""A run folder is read whole or refused with the place of the fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from synthassay.errors import RunError, SpecError
from synthassay.report.contents import read_contents

MakeRun = Callable[..., Path]


def test_generators_stand_in_the_order_of_the_study_before_baselines(make_run: MakeRun):
    contents = read_contents(make_run(generators=("vae", "pgan"), baselines=("identity",)))
    assert (contents.generators, contents.baselines) == (("vae", "pgan"), ("identity",))


def test_without_a_study_everybody_is_a_generator(make_run: MakeRun):
    contents = read_contents(make_run(outside=True))
    assert contents.generators == ("pgan", "vae", "linear_regression", "identity")
    assert contents.baselines == () and contents.cohort is None


def test_truncated_measurements_are_refused_with_the_line(make_run: MakeRun):
    path = make_run() / "measurements.jsonl"
    whole = path.read_bytes()
    lines = whole.count(b"\n")
    path.write_bytes(whole[:-40])
    with pytest.raises(RunError, match=rf"measurements\.jsonl, line {lines}: is not a Measurement.*truncated"):
        read_contents(path.parent)


def test_a_measurement_with_neither_value_nor_reason_is_refused(make_run: MakeRun):
    path = make_run() / "measurements.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace('"value": ', '"value": null, "n": 0, "x": ')
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(RunError, match="line 2"):
        read_contents(path.parent)


@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_a_folder_without_measurements_is_refused_with_what_to_do(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "measurements.jsonl").write_bytes(content)
    with pytest.raises(RunError, match=r"evaluat"):
        read_contents(tmp_path)


def test_a_file_is_not_a_run_folder(tmp_path: Path):
    (tmp_path / "run").write_text("x", encoding="utf-8")
    with pytest.raises(RunError, match="is not a folder"):
        read_contents(tmp_path / "run")


@pytest.mark.parametrize("name", ["cohort.json", "evaluation/pgan/cases.json", "synthetic/vae/manifest.json"])
def test_a_damaged_record_is_named(make_run: MakeRun, name: str):
    run = make_run()
    (run / name).write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=Path(name).name):
        read_contents(run)


def test_a_study_from_a_newer_version_is_refused(make_run: MakeRun):
    path = make_run() / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("schema_version = 1", "schema_version = 99"), "utf-8")
    with pytest.raises(SpecError, match="newer"):
        read_contents(path.parent)


def test_a_case_name_cannot_lead_out_of_the_folder(make_run: MakeRun):
    path = make_run() / "evaluation" / "pgan" / "cases.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"HOSP-5023_ses-1_pgan"', '"../../cohort"'), "utf-8")
    with pytest.raises(RunError, match=r"cases\.json"):
        read_contents(path.parent.parent.parent)
