"""Losses of single images: each depends on its image alone, and a study writes them once, where it is asked to."""

from __future__ import annotations

import pytest
import torch

from generators.examination import CLASSES, Bodies
from study.small_studies import write_chest_study
from synthassay.errors import RunError
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.run import measure_sets
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.records.losses import read_case_losses
from synthassay.records.vocabulary import Split
from synthassay.study.console import Voice
from synthassay.study.evaluation import study_evidence
from synthassay.study.losses import SPLITS, split_losses
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study

FACTS = Facts(1, 0, CLASSES, (16, 16))
BODIES = Bodies(12, 16, 0, CLASSES)
FAMILIES = {
    "rectified_flow": {"widths": [8, 16], "attention": False},
    "vae": {"widths": [8, 16], "latent": 4},
}


def built(family, **more):
    return build_generator(family, {**FAMILIES[family], **more}, FACTS, seed=1).eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_loss_depends_on_its_image_alone(family):
    model, batch = built(family), BODIES.batch(range(12))
    together = model.case_losses(batch, [3, 4])
    alone = torch.cat([model.case_losses(piece, [3, 4]) for piece in batch.split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert together.shape == (12,)
    assert len(set(together.tolist())) == 12
    assert not torch.equal(together, model.case_losses(batch, [5, 6]))


def test_the_vaes_loss_is_its_negative_elbo():
    model = built("vae", observation="fixed")
    batch = BODIES.batch([2])
    noise = torch.Generator().manual_seed(9)
    assert float(model.case_losses(batch, [9])) == pytest.approx(
        float(model.validation_loss(batch, noise)["negative_elbo"]), rel=1e-5
    )


def test_an_untrained_flow_that_answers_zero_errs_by_the_velocity_itself():
    model = built("rectified_flow")
    for weight in model.parameters():
        weight.data.zero_()
    batch = BODIES.batch(range(4))
    noise = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(9))
    expected = (batch.target - noise).square().flatten(1).mean(1)
    torch.testing.assert_close(model.case_losses(batch, [9]), expected)


def test_a_family_without_such_a_loss_says_so():
    model = build_generator(
        "pgan", {"width": 4, "blocks": 1, "patch_width": 4, "neighbours": 1}, Facts(1, 1, (), (32, 32)), seed=1
    )
    assert not model.case_loss
    with pytest.raises(NotImplementedError, match="pgan defines no loss"):
        model.case_losses(Batch(torch.zeros(1, 1, 32, 32)), [1])


def test_a_loss_that_is_not_finite_stops_the_stage():
    model = built("vae")
    model.ema.average.decode = lambda latent, label: torch.full((len(latent), 1, 16, 16), torch.nan)
    with pytest.raises(RunError, match="not finite"):
        list(split_losses(model, BODIES, Split.TRAIN, 1, 1))


def test_a_study_writes_losses_where_it_is_asked_to_and_the_judge_reads_them(tmp_path):
    study = write_chest_study(tmp_path)
    study.write_text(study.read_text() + "[leakage]\nlosses = true\ndraws = 2\n")
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    path = run / "model" / "vae" / "case_losses.jsonl"
    lines = read_case_losses(path)
    plan = plan_study(study)
    for split in SPLITS:
        mine = [line for line in lines if line.split is split]
        assert [line.subject for line in mine] == [case.subject for case in plan.cohort.of(split)]
        assert [line.example for line in mine] == list(range(len(mine)))
    assert not (run / "model" / "resample_real" / "case_losses.jsonl").exists()
    rows = {
        name: measure_sets(study_evidence(plan, run, name, {}), METRICS.get("membership_by_loss"))[0]
        for name in ("vae", "resample_real")
    }
    assert rows["vae"].value is not None
    assert rows["vae"].settings["draws"] == 2
    assert "[leakage] losses" in rows["resample_real"].not_measured
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.suffix in (".jsonl", ".safetensors")}
    before.pop(run / "timing.jsonl")
    run_study(study, run, Voice(quiet=True), until="synthesise")
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_asking_for_losses_later_trains_nothing_again(tmp_path):
    study = write_chest_study(tmp_path)
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    weights = run / "model" / "vae" / "weights.safetensors"
    before = weights.stat().st_mtime_ns
    study.write_text(study.read_text() + "[leakage]\nlosses = true\ndraws = 1\n")
    run_study(study, run, Voice(quiet=True), until="synthesise")
    assert weights.stat().st_mtime_ns == before
    assert (weights.parent / "case_losses.jsonl").is_file()
