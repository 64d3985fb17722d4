"""The main job, end to end: same bytes twice, killed anywhere it goes on, and what it writes can be checked."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from study.small_studies import write_chest_study, write_denoising_study, write_translation_study
from synthassay.images.verify import verify_folder
from synthassay.records.manifest import Manifest
from synthassay.study.console import Voice
from synthassay.study.evaluation import read_measurements
from synthassay.study.run import run_study

MAY_DIFFER = {"timing.jsonl", ".lock"}


@pytest.fixture(scope="module", autouse=True)
def one_thread_and_a_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("SYNTHASSAY_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("OMP_NUM_THREADS", "1")
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    patch.undo()


def digests(run: Path) -> dict[str, str]:
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in MAY_DIFFER
    }


@pytest.fixture(scope="module")
def chest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chest")
    study = write_chest_study(folder)
    return study, run_study(study, folder / "run", Voice(quiet=True))


def test_the_run_folder_holds_everything(chest):
    _, run = chest
    for name in ("study.toml", "lock.json", "cohort.json", "measurements.jsonl", "report.html", "timing.jsonl"):
        assert (run / name).is_file()
    assert not list(run.rglob(".partial-*"))
    rows = read_measurements(run / "measurements.jsonl")
    assert {row.of for row in rows} == {"vae", "resample_real"}
    assert any(row.metric == "tstr_auc" and row.value is not None and row.interval is not None for row in rows)
    assert all(row.not_measured or row.value is not None for row in rows)


def test_every_synthetic_image_is_marked_and_as_listed(chest):
    _, run = chest
    assert verify_folder(run).ok
    manifest = Manifest.read(run / "synthetic" / "vae" / "manifest.json")
    assert len(manifest.images) == 48
    assert {image.label for image in manifest.images} == {"normal", "opacity"}
    assert len({image.seed for image in manifest.images}) == 48


def test_resampled_images_name_the_training_patient_that_they_show(chest):
    _, run = chest
    cohort = json.loads((run / "cohort.json").read_text())
    for image in Manifest.read(run / "synthetic" / "resample_real" / "manifest.json").images:
        assert len(image.source_subjects) == 1
        assert cohort["split"][image.source_subjects[0]] == "train"


def test_copies_of_training_images_are_found(chest):
    _, run = chest
    rows = {(r.of, r.metric): r for r in read_measurements(run / "measurements.jsonl") if not r.stratum}
    assert rows["resample_real", "copied_images"].value == 1.0
    assert rows["vae", "copied_images"].value < 0.1


def test_the_same_study_twice_gives_the_same_bytes(chest, tmp_path):
    study, run = chest
    again = run_study(study, tmp_path / "again", Voice(quiet=True))
    assert digests(again) == digests(run)


def test_running_again_repeats_nothing(chest):
    study, run = chest
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.suffix in (".safetensors", ".png")}
    run_study(study, run, Voice(quiet=True))
    assert {path: path.stat().st_mtime_ns for path in before} == before


KILLED = """
import os, signal, sys
from pathlib import Path
from synthassay.study.console import Voice
from synthassay.study.run import run_study

study, run, marker = map(Path, sys.argv[1:])

def kill_once_marked(event, arguments):
    if event == "open" and (run / marker).exists() and (run / marker).stat().st_size:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill_once_marked)
run_study(study, run, Voice(quiet=True))
"""
"""Is killed when it opens the next file after the marker has content: no handler runs, nothing is flushed."""


@pytest.mark.parametrize(
    ("marker", "stage", "until"),
    [
        ("model/vae/checkpoint.safetensors", "train-vae", "synthesise"),
        ("synthetic/vae/made.jsonl", "synthesise-vae", "synthesise"),
        ("evaluation/vae/measured.jsonl", "evaluate-vae", "report"),
    ],
)
def test_killed_in_any_stage_it_goes_on_and_ends_with_the_same_bytes(chest, tmp_path, marker, stage, until):
    study, undisturbed = chest
    run = tmp_path / "run"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(study), str(run), marker], check=False, timeout=240)
    assert ended.returncode == -signal.SIGKILL
    assert (run / marker).exists()
    assert not (run / "stages" / f"{stage}.json").exists()
    run_study(study, run, Voice(quiet=True), until=until)
    found, whole = digests(run), digests(undisturbed)
    assert (run / "stages" / f"{stage}.json").exists()
    assert found == (whole if until == "report" else {name: whole[name] for name in whole if name in found})
    assert {name for name in whole if name.startswith(("model/", "synthetic/"))} <= set(found)


def test_changing_the_sampling_repeats_synthesis_but_not_training(chest, tmp_path):
    study, _ = chest
    changed = tmp_path / "chest.toml"
    changed.write_text(study.read_text().replace("per_class = 24", "per_class = 4"))
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    weights = (run / "model" / "vae" / "weights.safetensors").stat().st_mtime_ns
    run_study(changed, run, Voice(quiet=True), until="synthesise")
    assert (run / "model" / "vae" / "weights.safetensors").stat().st_mtime_ns == weights
    assert len(Manifest.read(run / "synthetic" / "vae" / "manifest.json").images) == 8


def test_translation_is_judged_against_each_patients_own_reference(tmp_path):
    run = run_study(write_translation_study(tmp_path), tmp_path / "run", Voice(quiet=True))
    rows = {(r.of, r.metric): r for r in read_measurements(run / "measurements.jsonl") if not r.stratum}
    assert rows["linear_regression", "mae"].value < rows["identity", "mae"].value
    assert rows["pgan", "mae"].interval is not None
    assert rows["pgan", "mae"].subjects == 4
    comparisons = json.loads((run / "evaluation" / "comparisons.json").read_text())["comparisons"]
    assert {(c["of"], c["against"]) for c in comparisons} == {("pgan", "identity"), ("pgan", "linear_regression")}
    assert verify_folder(run).ok


def test_denoised_ct_is_written_as_dicom_and_judged_in_hounsfield_units(tmp_path):
    run = run_study(write_denoising_study(tmp_path), tmp_path / "run", Voice(quiet=True))
    rows = {(r.of, r.metric): r for r in read_measurements(run / "measurements.jsonl") if not r.stratum}
    assert rows["non_local_means", "mae"].unit == "HU"
    assert 0 < rows["non_local_means", "mae"].value < rows["identity", "mae"].value
    assert verify_folder(run).ok
    assert list((run / "synthetic" / "non_local_means").rglob("*.dcm"))


def test_another_seed_is_as_if_it_stood_in_the_file_and_is_kept_with_the_run(tmp_path):
    written = write_chest_study(tmp_path)
    asked = run_study(written, tmp_path / "asked", Voice(quiet=True), until="synthesise", seed=7)
    other = tmp_path / "other.toml"
    other.write_text("seed = 7\n" + written.read_text(encoding="utf-8"), encoding="utf-8")
    stated = run_study(other, tmp_path / "stated", Voice(quiet=True), until="synthesise")
    own = run_study(written, tmp_path / "own", Voice(quiet=True), until="synthesise")
    assert "seed = 7\n" in (asked / "study.toml").read_text(encoding="utf-8")
    assert (own / "study.toml").read_bytes() == written.read_bytes()

    def made(run: Path) -> dict[str, str]:
        return {name: digest for name, digest in digests(run).items() if name.endswith((".png", ".safetensors"))}

    assert made(asked) == made(stated)
    assert set(made(asked)) == set(made(own))
    assert not set(made(asked).values()) & set(made(own).values())
