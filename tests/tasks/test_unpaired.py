"""Unpaired tasks: whom a generator sees, what is aimed at, what is refused, and what is known of the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from synthassay.errors import DataError, ImageError, SpecError
from synthassay.records.cohort import Cohort
from synthassay.records.vocabulary import Role, Split, Unit
from synthassay.tasks.harmonise import Harmonise
from synthassay.tasks.stain_normalise import StainNormalise
from synthassay.tasks.translate_unpaired import TranslateUnpaired
from tasks.small_cohorts import cohort, spec, write_mr

T1_TO_T2 = {"input": "t1", "image": "t2"}


@pytest.fixture
def translate(tmp_path) -> TranslateUnpaired:
    return TranslateUnpaired(spec("translate_unpaired", "mri", data=T1_TO_T2), cohort(write_mr(tmp_path), "arbitrary"))


def tiles(folder: Path, sites: list[str], dtype: type = np.uint8) -> Cohort:
    """One tile per subject and site, subject by subject."""
    rng = np.random.default_rng(4)
    count = 5
    images = rng.integers(40, 250, (count * len(sites), 10, 12, 3)).astype(dtype)
    path = folder / "small.npz"
    np.savez(
        path,
        image=images,
        subject=np.repeat(list("abcde"), len(sites)),
        case=np.array([f"{s}-{site}" for s in "abcde" for site in sites]),
        site=np.array(sites * count),
        mpp=np.array(0.5),
    )
    return cohort(path, "RGB")


def test_no_subject_gives_both_a_source_and_a_target(translate):
    ours, theirs = translate.apart(Split.TRAIN)
    assert {s.case.subject for s in ours} & {t.case.subject for t in theirs} == set()
    assert {s.role for s in ours} == {"t1"} and {t.role for t in theirs} == {"t2"}
    examples = translate.examples(Split.TRAIN)
    whole = examples.batch(range(len(examples)))
    assert whole.source.shape[1:] == whole.target.shape[1:] == (1, 14, 18)
    assert set(whole.label.tolist()) == {1}
    assert {examples.subject(i) for i in range(len(examples))} == {s.case.subject for s in ours}


def test_a_source_meets_other_targets_from_round_to_round_and_the_same_ones_each_time(translate):
    examples, per_round = translate.examples(Split.TRAIN), len(translate.examples(Split.TRAIN)) // 16
    first = [examples.batch([turn * per_round]) for turn in range(16)]
    assert all(torch.equal(b.source, first[0].source) for b in first)
    assert len({b.target.numpy().tobytes() for b in first}) > 1
    assert torch.equal(examples.batch([3]).target, translate.examples(Split.TRAIN).batch([3]).target)


def test_where_pairs_exist_they_are_the_known_answer_and_never_learnt_from(translate):
    assert translate.paired
    asked = translate.requests()
    assert [r.reference_case for r in asked] == ["ses-3", "ses-4", "ses-5"]
    assert asked[0].condition == {"source": "ses-3", "from": "t1", "to": "t2"}
    reference = translate.real("reference", Split.TEST)
    assert reference.cases == ["ses-3", "ses-4", "ses-5"]
    condition = translate.condition(asked[0])
    assert condition.label.tolist() == [1] * 9
    image = translate.image(asked[0], condition.source)
    assert image.space == (14, 18, 9) and image.geometry.spacing_mm == (2.0, 2.0, 3.0)
    source = translate.given(translate.sources(Split.TEST)[0]).pixels
    np.testing.assert_allclose(image.pixels, source.clip(0, 1.5), atol=1e-6)


def test_the_same_field_on_the_target_scanner_is_the_reference(tmp_path):
    task = StainNormalise(spec("stain_normalise", "pathology", domains={"to": "lab"}), tiles(tmp_path, ["lab", "old"]))
    assert task.paired and task.domains == ("lab", "old")
    assert [(r.reference_case, r.condition["source"]) for r in task.requests()] == [
        ("d-lab", "d-old"), ("e-lab", "e-old"),
    ]  # fmt: skip
    request = task.requests()[0]
    image = task.image(request, task.condition(request).source)
    assert image.unit is Unit.RGB
    real = next(iter(task.real("source", Split.TEST))).pixels
    np.testing.assert_array_equal(image.pixels, real)  # whole levels come back as they were
    assert len(task.real(Role.IMAGE, Split.TEST)) == 2


def test_many_domains_are_learnt_from_and_named(tmp_path):
    task = Harmonise(spec("harmonise", "pathology", domains={"to": "b"}), tiles(tmp_path, ["a", "b", "c"]))
    assert task.facts().classes == ("b", "a", "c")
    examples = task.examples(Split.TRAIN)
    assert set(examples.batch(range(len(examples))).label.tolist()) == {1, 2}


def test_an_unseen_scanner_is_refused_or_adapted_and_which_is_said(tmp_path):
    known = tiles(tmp_path, ["a", "b"])
    cases = [c.model_copy(update={"site": "new"}) if c.subject == "e" and c.site == "a" else c for c in known.cases]
    task = Harmonise(
        spec("harmonise", "pathology", domains={"to": "b"}), known.model_copy(update={"cases": tuple(cases)})
    )
    with pytest.raises(SpecError, match=r"no training image of new.*adapts"):
        task.require_domains("combat")
    asked = {r.condition["from"]: r for r in task.requests()}
    assert "unseen" in asked["new"].condition and "unseen" not in asked["a"].condition
    assert task.condition(asked["new"]).label.tolist() == [-1]


def test_what_is_aimed_at_must_exist(tmp_path):
    with pytest.raises(SpecError, match=r"no site of this cohort.*Did you mean: lab"):
        StainNormalise(spec("stain_normalise", "pathology", domains={"to": "labb"}), tiles(tmp_path, ["lab", "old"]))
    with pytest.raises(DataError, match="from"):
        Harmonise(spec("harmonise", "mri", data={"image": "t1"}, domains={"to": "x"}), cohort(write_mr(tmp_path), ""))


def test_stain_normalisation_needs_colour(tmp_path):
    write_mr(tmp_path, site=np.array(["x", "y"] * 3))
    task = StainNormalise(
        spec("stain_normalise", "mri", data={"image": "t1"}, domains={"to": "x"}), cohort(tmp_path / "small.npz", "")
    )
    with pytest.raises(ImageError, match="not an RGB picture"):
        task.facts()


def test_stain_normalisation_keeps_the_levels_of_rgb(tmp_path):
    study = spec("stain_normalise", "pathology", data={"window": (0, 200)}, domains={"to": "lab"})
    with pytest.raises(SpecError, match=r"data.window.*0 to 255"):
        StainNormalise(study, tiles(tmp_path, ["lab", "old"])).facts()
