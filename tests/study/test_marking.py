"""What a watermark changes is measured on the run's own evidence, pair by pair."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from study.small_studies import write_chest_study
from synthassay.images.watermark import key_of, mark_pixels
from synthassay.study.console import Voice
from synthassay.study.marking import mark_effects
from synthassay.study.run import run_study


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marking")
    study = write_chest_study(folder)
    return run_study(study, folder / "run", Voice(quiet=True), until="synthesise")


def marked(case, image):
    return image.with_pixels(mark_pixels(image.pixels, key_of("ab" * 32, case)).pixels)


def test_no_mark_changes_nothing_and_a_mark_something(run):
    same = {row.metric: row for row in mark_effects(run, "vae", lambda case, image: image).rows}
    assert {row.difference for row in same.values()} <= {0.0, None}
    found = {row.metric: row for row in mark_effects(run, "vae", marked).rows}
    assert found.keys() == same.keys()
    frechet = found["frechet_distance"]
    assert frechet.difference == pytest.approx(frechet.marked - frechet.unmarked)
    assert frechet.difference != 0 and frechet.interval.low <= frechet.difference <= frechet.interval.high
    assert found["classifier_two_sample"].not_measured

    def spoiled(case, image):
        return image.with_pixels(np.full_like(image.pixels, 100))

    worse = {row.metric: row for row in mark_effects(run, "vae", spoiled).rows}
    assert worse["frechet_distance"].difference > 10 * abs(frechet.difference)


def test_without_the_real_images_it_says_why_and_names_no_place(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    text = (copy / "study.toml").read_text().replace("subjects = 60", "subjects = 61")
    (copy / "study.toml").write_text(text)
    found = mark_effects(copy, "vae", marked)
    assert found.rows == () and "no longer those" in found.missing
    (copy / "study.toml").write_text(text.replace('source = "phantom:chest-xray"', 'path = "/secret/place"'))
    found = mark_effects(copy, "vae", marked)
    assert "could not be read again" in found.missing and "secret" not in found.missing
