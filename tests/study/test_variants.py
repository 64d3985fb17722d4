"""Variants: trained weights sampled otherwise, or from an earlier moment; their faults are told before training."""

from __future__ import annotations

import json

import pytest
import torch

from study.small_studies import CHEST
from synthassay.errors import SpecError
from synthassay.generators.stored import load_generator
from synthassay.networks.weights import read_tensors
from synthassay.records.manifest import Manifest
from synthassay.study.console import Voice
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study
from synthassay.study.variants import described

FLOW = CHEST.replace(
    'family = "vae"\nimages_seen = 480\nbatch = 16\nwidths = [8, 16]\nlatent = 8\n',
    'family = "rectified_flow"\nimages_seen = 160\nbatch = 16\nwidths = [8, 16]\nattention = false\nsteps = 2\n',
)
GOOD = '[[variants]]\nname = "guided"\nof = "rectified_flow"\nguidance = 3.0\n'
EARLY = '[[variants]]\nname = "early"\nof = "rectified_flow"\nafter = 40\n'


def faults(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as problem:
        plan_study(path)
    return problem.value.faults


@pytest.mark.parametrize(
    ("text", "field", "what", "remedy"),
    [
        (GOOD.replace('"rectified_flow"', '"rectified_flwo"'), "of", "no generator of this study", "rectified_flow"),
        (GOOD.replace('"rectified_flow"', '"resample_real"'), "of", "no generator of this study", ""),
        (GOOD.replace('"guided"', '"resample_real"'), "name", "is the name of another set", "its own"),
        (GOOD.replace("guidance = 3.0", "batch = 8"), "batch", "no variant of rectified_flow can change", "guidance"),
        (GOOD.replace("guidance = 3.0", "guidance = -1.0"), "guidance", "greater than or equal to 0", "guidance"),
        (GOOD.replace("guidance = 3.0", 'steps = "4"'), "steps", "valid integer", "Sampling steps"),
        (GOOD.replace("guidance = 3.0\n", ""), "name", "changes nothing", "after"),
        (EARLY.replace("40", "160"), "after", "not before the end of training, at 160", "lower"),
        (EARLY.replace("40", "-1"), "after", "greater than or equal to 0", ""),
    ],
)
def test_a_wrong_variant_is_a_fault_with_its_line(tmp_path, text, field, what, remedy):
    (fault,) = faults(tmp_path, FLOW + text)
    line = next(i for i, at in enumerate((FLOW + text).splitlines(), 1) if i > 20 and at.startswith(f"{field} ="))
    assert fault.place == f"line {line}, variants[0].{field}"
    assert what in fault.what
    assert remedy in fault.remedy


def test_families_without_settings_of_sampling_offer_moments_alone(tmp_path):
    text = GOOD.replace('"rectified_flow"', '"vae"').replace("guidance = 3.0", "latent = 4")
    (fault,) = faults(tmp_path, CHEST + text)
    assert "use `after`" in fault.remedy


def test_a_name_twice_is_a_fault(tmp_path):
    found = faults(tmp_path, FLOW + GOOD + GOOD)
    assert [fault.place.split(", ")[1] for fault in found] == ["variants[1].name"]


def test_variants_are_sets_of_their_own_with_the_weights_of_another(tmp_path):
    study = tmp_path / "study.toml"
    control = '[[controls]]\nname = "worse"\nof = "guided"\nfailure = "added_noise"\nseverity = 2\n'
    study.write_text(FLOW + GOOD + EARLY + control, encoding="utf-8")
    plan = plan_study(study)
    assert [judged.name for judged in plan.judged] == ["rectified_flow", "guided", "early", "resample_real", "worse"]
    assert not plan.generators[1].baseline
    assert described(plan.generators[1]) == "rectified_flow, guidance = 3.0"
    assert described(plan.generators[2]) == "rectified_flow after 40 images"

    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    weights = {
        name: read_tensors(run / "model" / name / "weights.safetensors")[0]
        for name in ("rectified_flow", "guided", "early")
    }
    assert all(torch.equal(weights["guided"][k], value) for k, value in weights["rectified_flow"].items())
    assert any(not torch.equal(weights["early"][k], value) for k, value in weights["rectified_flow"].items())
    assert load_generator(run / "model" / "guided").settings.guidance == 3.0
    assert not (run / "model" / "guided" / "training.jsonl").exists()
    images = {name: Manifest.read(run / "synthetic" / name / "manifest.json").images for name in (*weights, "worse")}
    assert len({images[name][0].sha256 for name in images}) == 4
    assert [image.seed for image in images["guided"]] == [image.seed for image in images["early"]]


def test_weights_kept_on_the_way_change_nothing_and_are_those_of_that_moment(tmp_path):
    plain, kept = tmp_path / "plain.toml", tmp_path / "kept.toml"
    plain.write_text(FLOW, encoding="utf-8")
    kept.write_text(FLOW + EARLY, encoding="utf-8")
    without = run_study(plain, tmp_path / "a", Voice(quiet=True), until="train")
    with_it = run_study(kept, tmp_path / "b", Voice(quiet=True), until="train")
    one, other = (
        read_tensors(run / "model" / "rectified_flow" / "weights.safetensors")[0] for run in (without, with_it)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    # 40 images are not a whole number of batches of 16: the third batch passes them
    early = read_tensors(with_it / "model" / "rectified_flow" / "weights-40.safetensors")[0]
    assert int(early["ema.updates"]) == 3
    assert any(not torch.equal(early[name], other[name]) for name in early)


def test_a_variant_added_later_leaves_the_training_alone(tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(FLOW, encoding="utf-8")
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="train")
    before = (run / "stages" / "train-rectified_flow.json").read_text()
    study.write_text(FLOW + GOOD, encoding="utf-8")
    run_study(study, run, Voice(quiet=True), until="train")
    stages = [json.loads(line) for line in (run / "timing.jsonl").read_text().splitlines()]
    assert [stage["of"] for stage in stages if stage["stage"] == "train"].count("rectified_flow") == 1
    assert (run / "stages" / "train-rectified_flow.json").read_text() == before
