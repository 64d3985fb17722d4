from __future__ import annotations

from appraise.asking import level, reply
from appraise.conftest import SUBJECTS, manifest, rewrite
from synthassay.records.appraisal import Level


def test_a_generator_that_learnt_from_others_is_found(run):
    rewrite(run / "synthetic/vae/manifest.json", training_subjects_sha256="00" * 32)
    assert reply(run, "learnt_from_training_only") == "no"
    assert reply(run, "leakage_avoided") == "no"
    assert level(run, "separation") is Level.HIGH


def test_a_manifest_that_does_not_say_is_no_yes(run):
    rewrite(run / "synthetic/vae/manifest.json", training_subjects_sha256="")
    assert reply(run, "learnt_from_training_only") == "no information"
    assert reply(run, "leakage_avoided") == "no information"


def test_images_made_from_test_subjects_are_found_where_others_learn_from_them(run):
    leaked = manifest("vae").model_dump(mode="json")
    leaked["images"][0]["source_subjects"] = ["HOSP-004"]
    rewrite(run / "synthetic/vae/manifest.json", images=leaked["images"])
    assert reply(run, "sources_not_from_test") == "no"
    study = (run / "study.toml").read_text().replace('"augment"', '"denoise"').replace("[classification]\n", "")
    (run / "study.toml").write_text(study.replace('network = "convnet"\n', ""))
    assert reply(run, "sources_not_from_test") == "not applicable"


def test_one_side_only_keeps_nothing_out(run):
    rewrite(run / "cohort.json", split=dict.fromkeys(SUBJECTS, "train"))
    assert reply(run, "subjects_disjoint") == "no"
    assert reply(run, "validation_apart") == "no"
    assert reply(run, "internal_test") == "no"
