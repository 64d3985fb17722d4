"""A watermarked release says so, bears the mark in every file, and shows what the mark changed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from release import small_runs
from release.conftest import KEY, WISHES
from release.small_runs import write_run
from synthassay.errors import ImageError
from synthassay.images.formats import read_image, write_image
from synthassay.images.image import Geometry, Image
from synthassay.images.verify import sha256_of_image
from synthassay.images.watermark import THRESHOLD
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Better, Unit
from synthassay.records.watermark import MarkEffect
from synthassay.release.build import release_run
from synthassay.release.marking import Effects, detect, mark_faults, told
from synthassay.release.naming import label_of
from synthassay.release.statement import read_statement
from synthassay.release.verify import verify_release

MARKED = replace(WISHES, watermark=True)
EFFECT = MarkEffect(
    metric="ssim", title="SSIM", unit="1", better=Better.HIGHER, unmarked=0.8, marked=0.79, difference=-0.01,
    interval=Interval(low=-0.02, high=-0.005, method="bootstrap"), n=3, subjects=3,
)  # fmt: skip


def large_image(kind: str, i: int) -> Image:
    """Noise enough to hide a mark in."""
    rng = np.random.default_rng(i)
    if kind == "xray":
        return Image(rng.normal(120, 9, (1, 48, 48)).astype(np.uint8), Geometry(spacing_mm=(0.2, 0.2)))
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    if kind == "ct":
        whole = np.rint(rng.normal(40, 15, (1, 32, 32, 3))).astype(np.int16)
        return Image(whole, Geometry.from_affine(affine), Unit.HU)
    return Image(rng.normal(400, 20, (1, 32, 32, 3)).astype(np.float32), Geometry.from_affine(affine))


@pytest.fixture(params=["xray", "ct", "mri"])
def made(request, tmp_path, monkeypatch):
    monkeypatch.setattr(small_runs, "small_image", large_image)
    run = write_run(tmp_path / "run", request.param)
    folder = release_run(run, tmp_path / "out", KEY, MARKED, remeasure=lambda *_: Effects((EFFECT,))).folder
    return run, folder


def test_the_mark_is_in_every_file_signed_and_told(made):
    _, folder = made
    manifest = Manifest.read(folder / "manifest.json")
    assert manifest.watermark is not None
    assert min(detect(folder, manifest).scores.values()) >= THRESHOLD
    assert detect(folder, manifest).whole > max(detect(folder, manifest).scores.values())
    assert manifest.watermark.effects == (EFFECT,)
    found = verify_release(folder)
    assert found.ok, str(found)
    assert "ok   every image bears the watermark" in str(found)
    card = (folder / "card.md").read_text()
    assert told(manifest.watermark) in card
    assert "| SSIM ↑ | 0.8 | 0.79 | -0.01 [-0.02, -0.005] | 3 |" in card


def test_no_mark_without_asking(released):
    folder = released()
    assert Manifest.read(folder / "manifest.json").watermark is None
    assert "no watermark" in (folder / "card.md").read_text()
    assert "bears the watermark" not in str(verify_release(folder))


def test_an_image_without_the_mark_is_found(made):
    run, folder = made
    manifest = Manifest.read(folder / "manifest.json")
    image = manifest.images[1]
    old = json.loads(next((run / "releases").glob("*.json")).read_text())["images"][image.case]["image"]
    unmarked = read_image(next((run / "synthetic").glob("*")) / old)
    modality = read_statement_modality(folder)
    if manifest.format == "dicom":
        for file in (folder / image.path).iterdir():
            file.unlink()
    label = label_of(manifest, image.case, image.seed, modality)
    write_image(folder / image.path, unmarked, label, file_format=manifest.format)
    digest = sha256_of_image(folder / image.path)
    images = tuple(i.model_copy(update={"sha256": digest}) if i.case == image.case else i for i in manifest.images)
    faults = list(mark_faults(folder, manifest.model_copy(update={"images": images})))
    assert len(faults) == 1
    assert faults[0].startswith(f"{image.case}: does not bear the watermark")


def read_statement_modality(folder):
    from synthassay.records.vocabulary import Modality
    from synthassay.release.build import ENVELOPE
    from synthassay.release.signing import read_envelope

    return Modality(read_statement(read_envelope(folder / ENVELOPE)[0], "").predicate.modality)


def test_a_mark_that_belongs_to_other_entries_is_found(made):
    _, folder = made
    manifest = Manifest.read(folder / "manifest.json")
    other = manifest.images[0].model_copy(update={"seed": manifest.images[0].seed + 1})
    changed = manifest.model_copy(update={"images": (other, *manifest.images[1:])})
    assert "does not follow from the entries" in next(iter(mark_faults(folder, changed)))
    assert "tells of no watermark" in next(iter(mark_faults(folder, manifest.model_copy(update={"watermark": None}))))


def test_images_too_small_to_hide_a_mark_are_not_released(tmp_path):
    run = write_run(tmp_path / "run")
    with pytest.raises(ImageError, match="too few pixels"):
        release_run(run, tmp_path / "out", KEY, MARKED)
    assert not (tmp_path / "out").exists()


def test_without_the_judge_the_release_says_that_nothing_was_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(small_runs, "small_image", large_image)
    folder = release_run(write_run(tmp_path / "run"), tmp_path / "out", KEY, MARKED).folder
    assert "Not measured again: nothing could take" in (folder / "card.md").read_text()


def test_float_volumes_survive_dicom_to_half_a_step(tmp_path, monkeypatch):
    """Values that fall halfway between two steps are read back as float32, which adds its own rounding."""

    def halves(kind: str, i: int) -> Image:
        pixels = ((np.arange(7 * 6 * 3) + 0.5) * 500 / 65535).reshape(1, 7, 6, 3) * 1.2636007
        pixels.flat[0], pixels.flat[-1] = 0.0, 1.2636007
        return Image(pixels.astype(np.float32), Geometry.from_affine(np.diag([2.0, 2.0, 3.0, 1.0])))

    monkeypatch.setattr(small_runs, "small_image", halves)
    run = write_run(tmp_path / "run", "mri")
    assert release_run(run, tmp_path / "out", KEY, replace(WISHES, file_format="dicom")).images == 3
