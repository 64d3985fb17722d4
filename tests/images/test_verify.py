"""Verification finds each kind of harm, once, and nothing where there is none."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow

from images.examination import CT_LABEL, LABEL, ct_volume, grey_picture
from synthassay.errors import DataError
from synthassay.images.formats import write_image
from synthassay.images.verify import sha256_of_image, verify_folder
from synthassay.records.manifest import Manifest, SyntheticImage

NAMES = {"png": "{}.png", "tiff": "{}.tif", "nifti": "{}.nii.gz", "dicom": "{}"}


def manifest_of(folder, entries, file_format="png"):
    manifest = Manifest(
        study="S",
        generator="vae",
        family="vae",
        software="synthassay 0.1.0",
        format=file_format,
        unit="arbitrary",
        images=entries,
    )
    manifest.write(folder / "manifest.json")


@pytest.fixture
def made(tmp_path):
    """A run folder with two images in every format and a manifest for each."""
    for file_format, name in NAMES.items():
        folder = tmp_path / "run" / file_format
        entries = []
        for i in range(2):
            volume = file_format in ("nifti", "dicom")
            label = replace(CT_LABEL if volume else LABEL, seed=i, case=f"case-{i}")
            relative = f"images/{name.format(f'case-{i}')}"
            path = write_image(folder / relative, ct_volume() if volume else grey_picture(), label)
            digest = sha256_of_image(path)
            entries.append(SyntheticImage(case=f"case-{i}", path=relative, sha256=digest, seed=i))
        manifest_of(folder, tuple(entries), file_format)
    return tmp_path / "run"


def kinds(folder) -> list[tuple[str, str]]:
    return [(problem.path, problem.kind) for problem in verify_folder(folder).problems]


def test_a_sound_run_has_no_problem(made):
    found = verify_folder(made)
    assert found.problems == ()
    assert found.ok
    assert found.images == 8
    assert found.manifests == tuple(f"{name}/manifest.json" for name in sorted(NAMES))
    assert "8 images are whole, marked as synthetic and listed" in str(found)


def test_a_changed_byte_shows_in_every_format(made):
    for path in (made / "png/images/case-0.png", made / "tiff/images/case-1.tif"):
        content = bytearray(path.read_bytes())
        content[-20] ^= 1
        path.write_bytes(content)
    (made / "dicom/images/case-1/0002.dcm").rename(made / "dicom/images/case-1/0009.dcm")
    changed = {path for path, kind in kinds(made) if kind == "changed"}
    assert changed == {"png/images/case-0.png", "tiff/images/case-1.tif", "dicom/images/case-1"}


def test_a_missing_image_and_a_missing_slice_show(made):
    (made / "nifti/images/case-0.nii.gz").unlink()
    (made / "dicom/images/case-0/0003.dcm").unlink()
    assert kinds(made) == [("dicom/images/case-0", "changed"), ("nifti/images/case-0.nii.gz", "missing")]


def test_a_picture_whose_mark_was_stripped_shows_as_changed_and_unmarked(made):
    path = made / "png/images/case-0.png"
    with Pillow.open(path) as picture:
        bare = Pillow.fromarray(np.asarray(picture))
    bare.save(path)
    assert kinds(made) == [("png/images/case-0.png", "changed"), ("png/images/case-0.png", "unmarked")]


def test_dicom_that_a_de_identifier_stripped_is_caught_even_under_a_new_manifest(made):
    folder = made / "dicom"
    for file in folder.rglob("*.dcm"):
        d = pydicom.dcmread(file)
        del d.SyntheticData
        d.save_as(file)
    entries = tuple(
        SyntheticImage(
            case=f"case-{i}", path=f"images/case-{i}", sha256=sha256_of_image(folder / f"images/case-{i}"), seed=i
        )
        for i in range(2)
    )
    manifest_of(folder, entries, "dicom")
    found = verify_folder(folder)
    assert kinds(folder) == [("images/case-0", "unmarked"), ("images/case-1", "unmarked")]
    assert "(0008,001C)" in str(found)
    assert "PS3.15" in str(found)


def test_a_lost_sidecar_weakens_the_mark(made):
    (made / "nifti/images/case-0.json").unlink()
    assert kinds(made) == [("nifti/images/case-0.nii.gz", "mark weakened")]


@pytest.mark.parametrize("name", ["extra.png", "sub/extra.jpg", "extra.nii.gz", "sub/extra.dcm", "no_suffix"])
def test_an_image_that_no_manifest_lists_shows(made, name):
    path = made / "png" / "images" / name
    path.parent.mkdir(exist_ok=True)
    shutil.copy(made / "png/images/case-0.png", path)
    assert kinds(made) == [(f"png/images/{name}", "unlisted")]


def test_other_files_and_images_in_the_making_are_left_alone(made):
    (made / "png" / "notes.txt").write_text("hello")
    shutil.copy(made / "png/images/case-0.png", made / "png/images/.partial-x.png")
    (made / "report.html").write_text("<p>")
    assert kinds(made) == []


@pytest.mark.parametrize("path", ["../../../secret.png", "/etc/passwd", "images/../../x.png", "images/link.png"])
def test_a_path_that_leaves_the_folder_is_refused_and_not_read(made, tmp_path, path):
    secret = tmp_path / "secret.png"
    shutil.copy(made / "png/images/case-0.png", secret)
    (made / "png/images/link.png").symlink_to(secret)
    manifest = json.loads((made / "png/manifest.json").read_text())
    manifest["images"][0]["path"] = path
    (made / "png/manifest.json").write_text(json.dumps(manifest))
    assert ("png/manifest.json", "outside") in kinds(made)
    assert "secret.png: " not in str(verify_folder(made))


def test_two_images_with_one_dicom_identity_show(made):
    folder = made / "dicom"
    shutil.rmtree(folder / "images/case-1")
    shutil.copytree(folder / "images/case-0", folder / "images/case-1")
    digest = sha256_of_image(folder / "images/case-0")
    entries = tuple(SyntheticImage(case=f"case-{i}", path=f"images/case-{i}", sha256=digest, seed=i) for i in range(2))
    manifest_of(folder, entries, "dicom")
    assert kinds(folder) == [("images/case-1", "identity shared")] * 6  # the series and its five slices


def test_an_image_that_is_listed_twice_shows(made):
    manifest = json.loads((made / "png/manifest.json").read_text())
    manifest["images"].append(manifest["images"][0] | {"case": "again"})
    (made / "png/manifest.json").write_text(json.dumps(manifest))
    assert kinds(made) == [("png/images/case-0.png", "listed twice")]


@pytest.mark.parametrize("text", ["{", "[]", '{"study": "S"}'])
def test_a_damaged_manifest_is_a_problem_and_not_a_crash(made, text):
    (made / "png/manifest.json").write_text(text)
    assert ("png/manifest.json", "manifest") in kinds(made)


def test_a_truncated_image_is_a_problem_and_not_a_crash(made):
    path = made / "nifti/images/case-0.nii.gz"
    path.write_bytes(path.read_bytes()[:200])
    assert kinds(made) == [("nifti/images/case-0.nii.gz", "changed"), ("nifti/images/case-0.nii.gz", "unreadable")]


def test_without_a_manifest_nothing_is_proven(tmp_path):
    assert kinds(tmp_path) == [(".", "no manifest")]
    with pytest.raises(DataError, match="is not a folder"):
        verify_folder(tmp_path / "absent")


def test_a_manifest_below_another_answers_for_its_own_folder(made):
    inner = made / "png" / "more"
    shutil.copytree(made / "tiff", inner)
    assert kinds(made) == []
    (inner / "manifest.json").unlink()
    assert {kind for _, kind in kinds(made)} == {"unlisted"}


def test_the_hash_of_a_folder_is_of_its_names_and_hashes(tmp_path):
    for name, content in (("b", b"2"), ("a", b"1")):
        (tmp_path / name).write_bytes(content)
    one, two = (hashlib.sha256(content).hexdigest() for content in (b"1", b"2"))
    assert sha256_of_image(tmp_path) == hashlib.sha256(f"a {one}\nb {two}\n".encode()).hexdigest()
