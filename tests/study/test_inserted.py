"""Lesions inserted before denoising: made once, marked, resumed, and judged beside the images without them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import synthassay.synthesise as synthesis
from study.small_studies import write_denoising_study, write_translation_study
from synthassay.data.image_set import ImageSet
from synthassay.data.lesions import lesion_signal
from synthassay.data.outside import folder_image_set
from synthassay.errors import DataError, NotMeasured
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.run import measure_sets
from synthassay.images.verify import verify_folder
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality, Split
from synthassay.study.console import Voice
from synthassay.study.evaluation import study_evidence
from synthassay.study.foresight import unmeasurable
from synthassay.study.inserted import inserted_folder, inserted_lesions
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study

QUIET = Voice(quiet=True)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_denoising_study(tmp_path_factory.mktemp("ct"))
    text = path.read_text().replace("bootstrap = 200", "bootstrap = 200\ninserted_lesions = 4")
    path.write_text(text.replace('"identity", "non_local_means"', '"identity"'))
    return path


@pytest.fixture(scope="module")
def run(study, tmp_path_factory):
    return run_study(study, tmp_path_factory.mktemp("out") / "run", QUIET, until="synthesise")


def images_of(plan, run, name):
    synthetic = folder_image_set("synthetic", run / "synthetic" / name, Modality.CT)
    return {"synthetic": synthetic, **{kind: plan.task.real(kind, Split.TEST) for kind in ("source", "reference")}}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_slices_with_lesions_are_marked_listed_and_one_slice_thick(study, run):
    assert verify_folder(run).ok
    manifest = Manifest.read(inserted_folder(run, "identity") / "manifest.json")
    assert manifest.images
    assert all(image.lesion is not None for image in manifest.images)
    ordinary = Manifest.read(run / "synthetic" / "identity" / "manifest.json")
    assert all(image.lesion is None for image in ordinary.images)
    seeds = {image.reference_case: image.seed for image in ordinary.images}
    assert all(image.seed == seeds[image.reference_case] for image in manifest.images)
    slices = folder_image_set("inserted", inserted_folder(run, "identity"), Modality.CT)
    assert {entry.load().space for entry in slices.entries} == {(32, 32, 1)}


def test_a_slice_lies_where_it_does_in_its_volume(study, run):
    plan = plan_study(study)
    place = inserted_folder(run, "identity")
    manifest = Manifest.read(place / "manifest.json")
    entry = folder_image_set("inserted", place, Modality.CT).entries[-1]
    listed = manifest.images[-1]
    volume = plan.task.pairs(listed.reference_case).reference.geometry.affine
    expected = volume @ [0, 0, listed.lesion.centre[2], 1]
    assert entry.load().geometry.affine[:3, 3] == pytest.approx(expected[:3], abs=1e-3)


def test_the_identity_gives_back_the_source_with_the_lesion(study, run):
    plan = plan_study(study)
    read = inserted_lesions(inserted_folder(run, "identity"), images_of(plan, run, "identity"), Modality.CT)
    views = read()
    assert len({view.site for view in views}) > 1
    for view in views:
        added = view.present["reference"] - view.absent["reference"]
        centre = tuple(n // 2 for n in added.shape)
        assert added[centre] == pytest.approx(added.max(), abs=1e-3)
        assert added.max() == pytest.approx(view.contrast, rel=0.2)  # partial volumes of thick slices
        assert view.present["source"] - view.absent["source"] == pytest.approx(added, abs=1e-2)
        assert view.present["synthetic"] == pytest.approx(view.present["source"], abs=0.6)
        assert view.absent["synthetic"] == pytest.approx(view.absent["source"], abs=0.6)  # DICOM holds whole HU
    signal = lesion_signal((32, 32, 4), (3.0, 3.0, 5.0), (16, 16, 2), views[0].diameter_mm, views[0].contrast)
    assert signal.max() > 0


def test_too_few_places_for_an_observer_is_a_row_with_its_reason(study, run):
    evidence = study_evidence(plan_study(study), run, "identity", {})
    rows = measure_sets(evidence, METRICS.get("lesion_detectability"))
    assert [row.of for row in rows] == ["identity"]
    assert "train an observer" in rows[0].not_measured


def test_interrupted_while_inserting_it_goes_on_and_ends_with_the_same_bytes(study, run, tmp_path, monkeypatch):
    whole, count = synthesis.write_image, iter(range(10_000))
    ordinary = len(Manifest.read(run / "synthetic" / "identity" / "manifest.json").images)

    def stop(*args, **kwargs):
        if next(count) == ordinary + 3:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    monkeypatch.setattr(synthesis, "write_image", stop)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, tmp_path / "run", QUIET, until="synthesise")
    monkeypatch.undo()
    assert (inserted_folder(tmp_path / "run", "identity") / "made.jsonl").is_file()
    run_study(study, tmp_path / "run", QUIET, until="synthesise")
    assert digests(tmp_path / "run" / "synthetic") == digests(run / "synthetic")


def test_another_number_of_places_repeats_neither_training_nor_synthesis(study, run, tmp_path):
    changed = tmp_path / "ct.toml"
    for file in study.parent.iterdir():
        if file != study:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    changed.write_text(study.read_text())
    out = run_study(changed, tmp_path / "run", QUIET, until="synthesise")
    before = {p: p.stat().st_mtime_ns for p in (out / "synthetic" / "identity" / "images").rglob("*")}
    many = len(Manifest.read(inserted_folder(out, "identity") / "manifest.json").images)
    changed.write_text(study.read_text().replace("inserted_lesions = 4", "inserted_lesions = 1"))
    run_study(changed, out, QUIET, until="synthesise")
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert len(Manifest.read(inserted_folder(out, "identity") / "manifest.json").images) < many
    assert verify_folder(out).ok


def test_without_lesions_nothing_is_inserted_and_the_measure_says_what_it_needs(study, tmp_path):
    for file in study.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    changed = tmp_path / study.name
    changed.write_text(study.read_text().replace("inserted_lesions = 4", "inserted_lesions = 0"))
    out = run_study(changed, tmp_path / "run", QUIET, until="synthesise")
    assert not inserted_folder(out, "identity").exists()
    evidence = study_evidence(plan_study(changed), out, "identity", {})
    assert "lesions added" in lacking(evidence, METRICS.get("lesion_detectability"))
    with pytest.raises(NotMeasured, match="inserted_lesions above 0"):
        evidence.set_fixture("inserted_lesions", "lesion_detectability")


def test_translation_inserts_nothing(tmp_path):
    plan = plan_study(write_translation_study(tmp_path))
    assert not plan.task.inserts
    assert plan.task.inserted() == ()


def test_a_folder_that_belongs_to_other_images_is_refused(study, run):
    plan = plan_study(study)
    images = images_of(plan, run, "identity")
    none = {kind: ImageSet(kind, images[kind].entries[:0]) for kind in images}
    read = inserted_lesions(inserted_folder(run, "identity"), none, Modality.CT)
    with pytest.raises(DataError, match="belongs to no image"):
        read()
    assert inserted_lesions(run / "nowhere", images, Modality.CT) is None


def test_a_lesion_of_no_contrast_leaves_the_slice_as_it_was(study, run):
    """The same noise and the same stream of the generator: what differs is the lesion alone."""
    plan = plan_study(study)
    request = plan.task.inserted()[0]
    blank = request.lesion.model_copy(update={"contrast": 0.0})
    volume = next(r for r in plan.task.requests() if r.reference_case == request.reference_case)
    ordinary = plan.task.condition(volume, 3).source.numpy()
    alone = plan.task.condition(type(request)(**{**vars(request), "lesion": blank}), 3).source.numpy()
    assert request.seed == volume.seed
    assert np.array_equal(alone[0], ordinary[request.first_slice])


def test_a_study_without_lesions_is_told_so_before_anything_is_trained(study, tmp_path):
    for file in study.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    none = tmp_path / "none.toml"
    none.write_text(study.read_text().replace("inserted_lesions = 4", "inserted_lesions = 0"))
    told = {requirement.metric: reason for requirement, reason in unmeasurable(plan_study(none))}
    assert "inserted_lesions above 0" in told["lesion_detectability"]
    told = {requirement.metric: reason for requirement, reason in unmeasurable(plan_study(study))}
    assert told["lesion_detectability"].startswith("only 4 subjects are held out; its value will be shown")
