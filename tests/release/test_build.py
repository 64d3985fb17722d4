"""A release holds the run's pixels under new names, tells nobody's, and is there whole or not at all."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from release.conftest import KEY, WISHES
from release.small_runs import SUBJECTS, small_image, write_run
from synthassay.errors import ImageError, RunError
from synthassay.images.formats import mark_of, read_image, uids_of
from synthassay.images.image import Geometry, Image
from synthassay.images.nifti import sidecar_of
from synthassay.records.manifest import Manifest
from synthassay.release import writing
from synthassay.release.build import Wishes, release_run
from synthassay.release.verify import verify_release


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("kind", ["xray", "ct", "mri"])
def test_the_released_images_are_those_of_the_run(kind, released):
    folder = released(kind)
    manifest = Manifest.read(folder / "manifest.json")
    names = json.loads((folder.parent / "run" / "releases" / f"{manifest.generator}.json").read_text())
    assert len(manifest.images) == 3
    for image in manifest.images:
        was = names["images"][image.case]
        seen = read_image(folder / image.path)
        i = was["seed"] - 1000
        np.testing.assert_array_equal(seen.pixels, small_image(kind, i).pixels)
        assert mark_of(folder / image.path) == ("", ())
        assert was["source_subjects"] == ([] if kind == "xray" else [SUBJECTS[i]])


@pytest.mark.parametrize("kind", ["xray", "ct", "mri"])
def test_no_identifier_is_anywhere_in_its_bytes(kind, released):
    for name, content in bytes_below(released(kind)).items():
        plain = gzip.decompress(content) if name.endswith(".gz") else content
        for text in (b"HOSP", b"secret"):
            assert text not in plain, name
        assert "HOSP" not in name


def test_uids_and_seeds_are_not_the_runs(released):
    """A patient's identifier that somebody guesses leads from either to the image; from these it does not."""
    folder = released("ct")
    run = folder.parent / "run" / "synthetic" / "pgan"
    made, now = Manifest.read(run / "manifest.json"), Manifest.read(folder / "manifest.json")
    assert not {i.seed for i in made.images} & {i.seed for i in now.images}
    assert made.training_subjects_sha256 != now.training_subjects_sha256
    old = {uid for image in made.images for uid in uids_of(run / image.path)}
    assert not old & {uid for image in now.images for uid in uids_of(folder / image.path)}


def test_seeds_that_tell_on_nobody_are_kept(released):
    manifest = Manifest.read(released("xray") / "manifest.json")
    assert sorted(image.seed for image in manifest.images) == [1000, 1001, 1002]


@pytest.mark.parametrize("kind", ["xray", "ct", "mri"])
def test_the_same_run_and_key_give_the_same_bytes(kind, released, tmp_path):
    again = release_run(released(kind).parent / "run", tmp_path / "again", KEY, WISHES).folder
    assert bytes_below(again) == bytes_below(released(kind))


def test_another_key_changes_only_what_names_the_key(released, tmp_path):
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    again = bytes_below(release_run(released().parent / "run", tmp_path / "again", other, WISHES).folder)
    first = bytes_below(released())
    assert {n for n in first if first[n] != again[n]} == {"README.md", "public-key.pem", "release.dsse.json"}


OTHERS = [("xray", "dicom"), ("xray", "tiff"), ("ct", "nifti"), ("mri", "dicom")]


@pytest.mark.parametrize(("kind", "file_format"), OTHERS)
def test_other_formats_hold_the_same_images(kind, file_format, released, tmp_path):
    wishes = replace(WISHES, file_format=file_format)
    found = release_run(released(kind).parent / "run", tmp_path / "other", KEY, wishes)
    assert verify_release(found.folder).ok
    assert Manifest.read(found.folder / "manifest.json").format == file_format


def test_label_maps_go_along(released):
    folder = released("mri", drawn=True)
    for image in Manifest.read(folder / "manifest.json").images:
        assert image.structures is not None
        assert image.structures.path.endswith(f"sub-{image.case}_desc-synthetic_dseg.nii.gz")
        assert set(np.unique(read_image(folder / image.structures.path).pixels)) <= {0, 1}
    assert verify_release(folder).ok


def test_a_format_that_cannot_hold_the_images_leaves_nothing(released, tmp_path):
    run = released("ct").parent / "run"
    with pytest.raises(ImageError, match="images/syn0001.tif: can hold one grey"):
        release_run(run, tmp_path / "out", KEY, replace(WISHES, file_format="tiff"))
    with pytest.raises(ImageError, match="BIDS"):
        release_run(released("xray").parent / "run", tmp_path / "out", KEY, replace(WISHES, file_format="nifti"))
    assert list(tmp_path.iterdir()) == []


def test_bids_wants_to_know_of_skulls(released, tmp_path):
    with pytest.raises(RunError, match="--skull-stripped"):
        release_run(released("mri").parent / "run", tmp_path / "out", KEY, Wishes())


def test_nothing_is_overwritten(released, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(RunError, match="exists already"):
        release_run(released().parent / "run", tmp_path / "out", KEY, WISHES)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_full_disk_leaves_nothing(after, released, tmp_path, monkeypatch):
    written, real = [], Path.write_bytes
    run = shutil.copytree(released("xray").parent / "run", tmp_path / "run")
    monkeypatch.setattr(os, "fsync", lambda handle: None)

    def full(path, data):
        written.append(path)
        if len(written) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="disk is full"):
        release_run(run, tmp_path / "out", KEY, WISHES) if after < 3 else _and_sign(run, tmp_path / "out", written)
    monkeypatch.undo()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def _and_sign(run: Path, out: Path, written: list) -> None:
    """Three images are written by then; the fourth writing is the signature."""
    del written[:]
    written.extend([None, None])
    release_run(run, out, KEY, WISHES)


def test_a_killed_process_leaves_no_half_release(released, tmp_path):
    run = shutil.copytree(released("ct").parent / "run", tmp_path / "run")
    code = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from release.conftest import KEY, WISHES
        from synthassay.release.build import release_run
        def kill(done, total):
            if done == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        release_run(Path({str(run)!r}), Path({str(tmp_path / "out")!r}), KEY, WISHES, kill)
    """)
    paths = os.pathsep.join(path for path in sys.path if path)
    found = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert found.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert [p.name[:9] for p in tmp_path.iterdir() if p.name != "run"] == [".partial-"]
    assert verify_release(release_run(run, tmp_path / "out", KEY, WISHES).folder).ok


def test_a_run_that_was_altered_is_not_released(released, tmp_path):
    run = shutil.copytree(released().parent / "run", tmp_path / "run")
    lines = (run / "measurements.jsonl").read_text()
    (run / "measurements.jsonl").write_text(lines.replace('"value": 0.8', '"value": 0.9'))
    with pytest.raises(RunError, match="is not what the stage"):
        release_run(run, tmp_path / "out", KEY, WISHES)


def test_an_image_that_was_altered_is_not_released(released, tmp_path):
    run = shutil.copytree(released().parent / "run", tmp_path / "run")
    image = next((run / "synthetic/vae/images").iterdir())
    image.write_bytes(image.read_bytes()[:-1])
    with pytest.raises(RunError, match="cannot be released"):
        release_run(run, tmp_path / "out", KEY, WISHES)


def test_an_identifier_in_the_studys_own_words_blocks_the_release(tmp_path):
    run = write_run(tmp_path / "run")
    study = run / "study.toml"
    study.write_text(study.read_text().replace("trying the release", f"showing {SUBJECTS[3].lower()} to others"))
    with pytest.raises(RunError, match="would tell who a patient is") as caught:
        release_run(run, tmp_path / "out", KEY, WISHES)
    assert "card.md: its text holds an identifier" in str(caught.value)
    assert SUBJECTS[3] not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_unknown_set_is_named(released, tmp_path):
    with pytest.raises(RunError, match="vae"):
        release_run(released().parent / "run", tmp_path / "out", KEY, replace(WISHES, of="vea"))


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="no run of a study"):
        release_run(tmp_path, tmp_path / "out", KEY, WISHES)


def test_what_is_read_back_must_be_what_was_to_be_written(released, tmp_path, monkeypatch):
    """A writer that loses the mark, a value or the place is caught before anything is signed."""
    run, real = released("mri").parent / "run", writing.write_image

    def shifted(path, image, label, **more):
        return real(path, Image(image.pixels + np.float32(1), image.geometry, image.unit), label, **more)

    def moved(path, image, label, **more):
        affine = image.geometry.affine + np.eye(4)[:, [3, 0, 1, 2]] * 0.5
        return real(path, Image(image.pixels, Geometry.from_affine(affine), image.unit), label, **more)

    def unmarked(path, image, label, **more):
        real(path, image, label, **more)
        sidecar_of(path).write_text("{}")
        return path

    for spoil, told in ((shifted, "other values"), (moved, "another place"), (unmarked, "does not say that it is")):
        monkeypatch.setattr(writing, "write_image", spoil)
        with pytest.raises(ImageError, match=told):
            release_run(run, tmp_path / "out", KEY, WISHES)
    assert list(tmp_path.iterdir()) == []
