"""The way there and back: planted generators whose error is known, a study that writes it, and families without one.

Through synthassay.records.cycles and synthassay.evaluate.fidelity.cycles.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluate.fidelity.pictures import smooth
from study.small_studies import write_volumes
from synthassay.errors import NotMeasured, RunError
from synthassay.evaluate.fidelity.cycle_error import cycle_error
from synthassay.evaluate.fidelity.cycles import Cycles
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.run import measure_sets
from synthassay.generators.base import GENERATORS, Generator, GeneratorSettings
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.records.cycles import CaseCycle, read_case_cycles
from synthassay.study.console import Voice
from synthassay.study.cycles import cycles, cycles_file
from synthassay.study.evaluation import study_evidence
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study

TWO_WAYS = {"cyclegan", "structure_cyclegan", "attention_cyclegan", "stargan", "disentangled_vae"}
STUDY = (
    'title = "Small study"\nquestion = "Does it come back?"\ntask = "translate_unpaired"\nbaselines = ["identity"]\n'
    'modality = "mri"\n[data]\npath = "table.csv"\nimage = "t2"\ninput = "t1"\nsplit = "given"\n'
    '[[generators]]\nfamily = "cyclegan"\nimages_seen = 4\nwidth = 4\nblocks = 1\npatch_width = 4\npatch_layers = 1\n'
    "[evaluation]\nbootstrap = 200\n"
)


@pytest.fixture
def study(tmp_path):
    write_volumes(tmp_path, subjects=8, slices=4)
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


class Planted(Generator):
    """There: the source upside down in value; back: the same again, off by a known amount in model units."""

    family = "planted"
    goes_back = True

    def __init__(self, off=0.0, by=None):
        super().__init__(GeneratorSettings(), Facts(1, 1, (), (16, 16)))
        self.off, self.by = off, by

    def phases(self):
        return {}

    def sample(self, condition, rngs):
        return -condition.source

    def way_back(self, made, condition):
        if self.by is not None:
            raise NotMeasured(self.by)
        return -made + self.off


def test_a_perfect_inverse_errs_by_nothing_and_a_known_offset_by_itself(study):
    task = plan_study(study).task
    requests = task.requests()
    span = task.source_scale.high - task.source_scale.low
    found = list(cycles(task, Planted(), requests))
    assert [line.case for line in found] == [request.case for request in requests]
    assert [line.error for line in found] == pytest.approx([0] * len(found), abs=1e-6)
    for off in (0.25, -0.5):
        errors = [line.error for line in cycles(task, Planted(off), requests)]
        assert errors == pytest.approx([abs(off) * span / 2] * len(found), rel=1e-5)
    assert {(line.unit, line.low, line.high) for line in found} == {
        (task.source_unit, task.source_scale.low, task.source_scale.high)
    }


def test_the_error_is_a_mean_over_where_the_subject_is(study):
    task = plan_study(study).task
    request = task.requests()[0]
    shown = task._asked[request.condition["source"]]
    mask = task.mask(shown)
    source = task.condition(request).source
    outside = torch.from_numpy(np.moveaxis(~mask, -1, 0)[:, None])
    assert outside.any()
    assert task.source_error(request, source + 0.5 * outside) == pytest.approx(0, abs=1e-9)
    slab = source.clone()
    slab[0] += 0.5  # one slice of several
    expected = 0.25 * (task.source_scale.high - task.source_scale.low) * mask[..., 0].sum() / mask.sum()
    assert task.source_error(request, slab) == pytest.approx(expected, rel=1e-5)


def test_of_neighbouring_slices_the_middle_one_counts(study):
    task = plan_study(study).task
    request = task.requests()[0]
    three = task.condition(request, neighbours=3).source.clone()
    three[:, 0] += 0.5
    three[:, 2] -= 0.5
    assert task.source_error(request, three) == pytest.approx(0, abs=1e-9)


def test_a_source_without_a_way_back_is_a_line_with_its_reason(study):
    task = plan_study(study).task
    lines = list(cycles(task, Planted(by="nobody knows the way"), task.requests()))
    assert {(line.error, line.not_measured) for line in lines} == {(None, "nobody knows the way")}


def test_a_way_back_that_is_not_finite_stops_the_stage(study):
    task = plan_study(study).task
    with pytest.raises(RunError, match="not finite"):
        list(cycles(task, Planted(float("nan")), task.requests()))


def test_families_that_go_back_are_those_with_both_directions():
    assert {name for name, cls in GENERATORS.items() if cls.goes_back} == TWO_WAYS
    with pytest.raises(NotImplementedError, match="no way back"):
        build_generator("identity", {}, Facts(1, 1, (), (16, 16)), seed=1).way_back(torch.zeros(1, 1, 16, 16), Batch())


CYCLE = {"width": 4, "blocks": 1, "halvings": 1, "patch_width": 4, "patch_layers": 1, "residual": True}
SMALL = {
    "cyclegan": CYCLE,
    "structure_cyclegan": CYCLE,
    "attention_cyclegan": CYCLE,
    "stargan": {"width": 4, "blocks": 1, "critic_width": 4, "critic_layers": 2},
    "disentangled_vae": {"width": 4, "maps": 4, "numbers": 2},
}


@pytest.mark.parametrize("family", sorted(TWO_WAYS))
def test_the_way_back_is_what_training_calls_the_cycle(family):
    """By its own definition, and by the averaged weights that sample."""
    model = build_generator(family, SMALL[family], Facts(1, 1, ("aim", "other"), (16, 16)), seed=1).eval()
    source = torch.from_numpy(smooth((3, 1, 16, 16))).float() * 1.6 - 0.8
    batch = Batch(target=source.flip(0), source=source, label=torch.ones(3, dtype=torch.int64))
    for weight in model.ema.parameters():  # the weights in training are others
        weight.data.mul_(1.5)
    made = model.sample(batch, [torch.Generator()] * 3)
    back = model.way_back(made, batch)
    assert back.shape == source.shape
    assert back.abs().max() <= 1
    if family == "disentangled_vae":
        net = model.ema.average
        own = net.acquisition(source, net.anatomy(source))[0]
        torch.testing.assert_close(back, net.paint(net.anatomy(made), own).clamp(-1, 1))
        return
    if family == "stargan":
        ways = [model.translate(model.ema.average, made, torch.full((3,), domain)).clamp(-1, 1) for domain in (0, 1)]
        assert not torch.equal(*ways)
        assert torch.equal(back, ways[1])
    error = model.validation_loss(batch, torch.Generator())
    expected = float(error.get("cycle_source", error.get("cycle_l1")))
    assert float((back - source).abs().mean()) == pytest.approx(expected, rel=1e-4)


def test_stargan_knows_no_way_back_to_a_domain_that_it_has_not_learnt():
    model = build_generator("stargan", SMALL["stargan"], Facts(1, 1, ("aim", "other"), (16, 16)), seed=1).eval()
    made = torch.zeros(2, 1, 16, 16)
    with pytest.raises(NotMeasured, match="not learnt the domain"):
        model.way_back(made, Batch(source=made, label=torch.tensor([1, -1])))


def test_a_study_writes_it_once_and_the_judge_reads_it(study, tmp_path):
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    plan = plan_study(study)
    path = run / "model" / "cyclegan" / "case_cycles.jsonl"
    lines = read_case_cycles(path)
    rows = {
        name: measure_sets(study_evidence(plan, run, name, {}), METRICS.get("cycle_error"))[0]
        for name in ("cyclegan", "identity")
    }
    shares = [line.error / (line.high - line.low) for line in lines]
    assert rows["cyclegan"].value == pytest.approx(np.mean(shares))
    assert rows["cyclegan"].settings["in_source_unit"] == pytest.approx(np.mean([line.error for line in lines]))
    assert rows["cyclegan"].per_case == {line.case: share for line, share in zip(lines, shares, strict=True)}
    assert rows["identity"].not_measured == "the generator's family has no way back to its source"
    before = path.stat().st_mtime_ns
    run_study(study, run, Voice(quiet=True), until="synthesise")
    assert path.stat().st_mtime_ns == before
    # a run that was killed before the end of this stage writes the same bytes
    whole = path.read_bytes()
    path.unlink()
    run_study(study, run, Voice(quiet=True), until="synthesise")
    assert path.read_bytes() == whole
    path.write_text("{torn\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"line 1.*truncated"):
        measure_sets(study_evidence(plan, run, "cyclegan", {}), METRICS.get("cycle_error"))
    path.unlink()
    assert "only a generator can go it" in lacking(
        study_evidence(plan, run, "cyclegan", {}), METRICS.get("cycle_error")
    )


def test_records_of_other_images_are_not_taken_for_these(study, tmp_path):
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    plan = plan_study(study)
    path = cycles_file(plan, run, plan.generators[0])
    path.write_text(path.read_text().splitlines()[0] + "\n", encoding="utf-8")
    found = measure_sets(study_evidence(plan, run, "cyclegan", {}), METRICS.get("cycle_error"))[0]
    assert "other images" in found.not_measured


def test_sources_that_did_not_come_back_are_named():
    lines = [
        CaseCycle(case=f"c{i}", subject=f"p{i}", unit="arbitrary", low=0, high=2, **one)
        for i, one in enumerate([{"error": 0.5}, {"not_measured": "unseen"}, {"error": 1.5}])
    ]
    found = cycle_error(Cycles({line.case: line for line in lines}), np.random.default_rng(1), 100)
    assert (found.value, found.n, dict(found.failed_cases)) == (0.5, 2, {"c1": "unseen"})
    with pytest.raises(NotMeasured, match="none of 1 sources came back.*unseen"):
        cycle_error(Cycles({"c1": lines[1]}), np.random.default_rng(1), 100)
