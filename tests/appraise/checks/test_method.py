from __future__ import annotations

import pytest

from appraise.asking import reply
from appraise.conftest import rewrite


@pytest.mark.parametrize(
    ("table", "segmentation", "features", "network"),
    [
        ('[classification]\nnetwork = "convnet"\n', "no", "no", "yes"),
        ('[classification]\nnetwork = "features"\n', "no", "yes", "no"),
        ("[segmentation]\nrepeats = 2\n", "yes", "no", "yes"),
        ("", "no information", "no information", "no information"),
    ],
)
def test_conditions_are_read_off_the_study(run, table, segmentation, features, network):
    text = (run / "study.toml").read_text().split("[classification]")[0] + table
    (run / "study.toml").write_text(text)
    assert [reply(run, f"has_{x}") for x in ("segmentation", "features", "network")] == [
        segmentation, features, network,
    ]  # fmt: skip


def test_settings_need_both_study_and_lock(run):
    (run / "lock.json").unlink()
    assert reply(run, "settings_recorded") == "no information"
    assert reply(run, "inputs_hashed") == "no information"
    assert reply(run, "software_recorded") == "no information"


def test_an_intended_use_that_is_not_stated_is_no_yes(run):
    text = (run / "study.toml").read_text().replace("intended_use", "# intended_use")
    (run / "study.toml").write_text(text)
    assert reply(run, "intended_use_stated") == "no information"


def test_images_without_spacing_do_not_record_their_geometry(run):
    rewrite(run / "cohort.json", spacing_mm=[])
    assert reply(run, "geometry_recorded") == "no information"


@pytest.mark.parametrize("name", ["marked_synthetic", "architecture_recorded"])
def test_a_set_without_a_manifest_is_no_yes(run, name):
    (run / "synthetic/vae/manifest.json").unlink()
    assert reply(run, name) == "no information"


def test_a_manifest_that_does_not_mark_is_no_yes(run):
    rewrite(run / "synthetic/vae/manifest.json", synthetic=False)
    assert reply(run, "marked_synthetic") == "no information"


def test_an_empty_log_of_training_is_no_log(run):
    (run / "model/vae/training.jsonl").write_text("")
    assert reply(run, "training_recorded") == "no information"
