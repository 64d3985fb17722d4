"""Folders that no generator of ours made are judged in the same way."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow

from synthassay.errors import DataError, UnknownName
from synthassay.report.build import build_report
from synthassay.study.console import Voice
from synthassay.study.evaluation import read_measurements
from synthassay.study.outside import OutsideImages, evaluate_outside


def write_pictures(folder, count, *, blur=0.0, start=0, seed=0):
    """Smooth random textures of one law; ``blur`` takes their fine detail away."""
    from scipy import ndimage

    folder.mkdir(parents=True)
    for i in range(start, start + count):
        rng = np.random.default_rng([seed, i])
        texture = ndimage.gaussian_filter(rng.standard_normal((32, 32)), 1 + blur)
        grey = (128 + 40 * texture / texture.std()).clip(0, 255).astype(np.uint8)
        Pillow.fromarray(grey).save(folder / f"p{i:03d}.png")
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("outside")
    return {
        "training": write_pictures(root / "training", 40),
        "real": write_pictures(root / "real", 40, start=100),
        "like": write_pictures(root / "like", 40, start=200),
        "blurred": write_pictures(root / "blurred", 40, start=300, blur=1.0),
        "paired": write_pictures(root / "paired", 40, start=100, blur=0.3),
    }


@pytest.fixture(scope="module")
def like(folders, tmp_path_factory):
    """Rows of other pictures of the same law, without pairs."""
    return judged(folders, "like", tmp_path_factory.mktemp("like") / "run")


def judged(folders, name, out, **more):
    images = OutsideImages(
        protocol="xray",
        real=folders["real"],
        synthetic=folders[name],
        training=folders["training"],
        bootstrap=200,
        **more,
    )
    evaluate_outside(images, out, Voice(quiet=True))
    return {r.metric: r for r in read_measurements(out / "measurements.jsonl") if not r.stratum}


def test_blurred_pictures_are_farther_from_real_ones_than_pictures_of_the_same_law(folders, like, tmp_path):
    blurred = judged(folders, "blurred", tmp_path / "run")
    assert blurred["frechet_distance"].value > 2 * like["frechet_distance"].value
    assert like["frechet_distance"].floor is not None


def test_training_images_handed_in_as_synthetic_are_found(folders, like, tmp_path):
    rows = judged(folders, "training", tmp_path / "run")
    assert rows["copied_images"].value == 1.0
    assert like["copied_images"].value == 0.0


def test_equal_names_make_pairs_and_a_report_comes_out(folders, tmp_path):
    rows = judged(folders, "paired", tmp_path / "run")
    assert rows["mae"].n == 40
    report = build_report(tmp_path / "run").read_text(encoding="utf-8")
    assert "not for diagnosis" in report
    assert json.loads((tmp_path / "run" / "evaluation" / "verdict.json").read_text())["verdicts"]


def test_without_pairs_paired_measures_are_not_shown_as_numbers(like):
    assert "mae" not in like or like["mae"].value is None


def test_asking_for_pairs_that_are_not_there_names_them(folders, tmp_path):
    with pytest.raises(DataError, match="40 of 40 synthetic images have no real image of the same name"):
        judged(folders, "like", tmp_path / "run", paired=True)


def test_unknown_protocols_and_missing_folders_are_messages(folders, tmp_path):
    images = OutsideImages(protocol="xry", real=folders["real"], synthetic=folders["like"])
    with pytest.raises(UnknownName, match="Did you mean: xray"):
        evaluate_outside(images, tmp_path / "run", Voice(quiet=True))
    images = OutsideImages(protocol="xray", real=folders["real"], synthetic=tmp_path / "nowhere")
    with pytest.raises(DataError, match="nowhere"):
        evaluate_outside(images, tmp_path / "run", Voice(quiet=True))


def test_grey_pictures_are_refused_under_the_ct_protocol(folders, tmp_path):
    images = OutsideImages(protocol="ct", real=folders["real"], synthetic=folders["like"])
    with pytest.raises(Exception, match="HU"):
        evaluate_outside(images, tmp_path / "run", Voice(quiet=True))


def test_a_wrong_embedding_is_said_before_an_image_is_read(tmp_path):
    nowhere = {"protocol": "xray", "real": tmp_path / "none", "synthetic": tmp_path / "none"}
    with pytest.raises(UnknownName, match="Did you mean: radiomic"):
        evaluate_outside(OutsideImages(**nowhere, embedding="radiomc"), tmp_path / "a", Voice(quiet=True))
    with pytest.raises(DataError, match="cannot be read as an encoder's card"):
        evaluate_outside(OutsideImages(**nowhere, embedding="weights:none.toml"), tmp_path / "b", Voice(quiet=True))


def test_sets_are_compared_in_the_embedding_that_is_asked_for(folders):
    from synthassay.protocols import PROTOCOLS
    from synthassay.study.outside import outside_evidence

    images = OutsideImages("xray", folders["real"], folders["like"], folders["training"], embedding="in_domain")
    evidence = outside_evidence(images, PROTOCOLS.get("xray"))
    assert (evidence.embedding, evidence.options.embedding_steps) == ("in_domain", 0)
