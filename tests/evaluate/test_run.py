"""The judgement: one order, one set of seeds, rows for all that is required, and resuming without a trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.sets import fields, images, paired
from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import DataError, ImageError, UnknownName
from synthassay.evaluate.case_pass import ABSENT_STRATUM
from synthassay.evaluate.fidelity.mae import mae
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.run import evaluate, measure_sets, plan
from synthassay.images.image import Image
from synthassay.protocols import PROTOCOLS, Requirement
from synthassay.records.vocabulary import Axis, Unit


def protocol_of(*metrics, **facts):
    requirements = tuple(Requirement(m, Axis.FIDELITY, "Because.", "doi:10.1000/1") for m in metrics)
    return replace(PROTOCOLS.get("mri"), requirements=requirements, **facts)


def by_name(rows):
    return {(row.metric, row.stratum): row for row in rows}


@pytest.fixture
def only_case_metrics(monkeypatch):
    """Leave set-level metrics that could be measured out of the plan: they have tests of their own."""
    from synthassay.evaluate import run

    whole = run.plan

    def kept(evidence):
        return [(m, why) for m, why in whole(evidence) if isinstance(m, str) or m.per == "case" or lacking(evidence, m)]

    monkeypatch.setattr(run, "plan", kept)


@pytest.mark.usefixtures("only_case_metrics")
def test_values_are_means_over_cases_inside_the_mask():
    evidence = paired()
    row = by_name(evaluate(evidence))["mae", ""]
    pairs = zip(evidence.synthetic, evidence.reference, evidence.masks, strict=True)
    expected = [mae(s.pixels, r.pixels, m.pixels[0] > 0) for s, r, m in pairs]
    assert list(row.per_case.values()) == expected
    assert row.value == pytest.approx(np.mean(expected))
    assert (row.n, row.subjects) == (12, 6)
    assert row.interval.low < row.value < row.interval.high
    assert row.unit == "arbitrary"
    assert row.settings["measured"] == "inside the mask"


@pytest.mark.usefixtures("only_case_metrics")
def test_requirements_come_first_and_the_rest_by_name():
    evidence = paired(protocol=protocol_of("ssim", "bias"))
    names = list(dict.fromkeys(row.metric for row in evaluate(evidence)))
    assert names[:2] == ["ssim", "bias"]
    assert names[2:] == sorted(names[2:])
    assert {"mae", "psnr", "rmse", "ssim_slices"} <= set(names)


@pytest.mark.usefixtures("only_case_metrics")
def test_a_requirement_that_cannot_be_measured_is_a_row_with_its_reason():
    missing = Requirement("reader_study", Axis.CLINICAL, "Because.", "doi:10.1000/1", missing="nobody read")
    protocol = replace(
        protocol_of("hu_error", "copied_images"),
        requirements=(*protocol_of("hu_error", "copied_images").requirements, missing),
    )
    found = by_name(evaluate(paired(protocol=protocol)))
    assert found["hu_error", ""].not_measured == "the images are not in Hounsfield units"
    assert found["copied_images", ""].not_measured == "the training images were not given"
    assert found["reader_study", ""].not_measured == "nobody read"


def test_an_unknown_requirement_stops_the_run():
    with pytest.raises(UnknownName, match="Did you mean: ssim"):
        plan(paired(protocol=protocol_of("ssimm")))


@pytest.mark.usefixtures("only_case_metrics")
def test_a_case_that_fails_is_named_and_the_others_count():
    evidence = paired()
    pixels = [image.pixels.copy() for image in evidence.synthetic]
    pixels[3][0, 10, 10] = np.nan  # inside the mask
    pixels[4][0, 0, 0] = np.nan  # outside
    broken = list(images("synthetic", np.stack(pixels), subjects=evidence.synthetic.subjects).entries)

    def unreadable():
        raise ImageError("synthetic-005.png", "is truncated")

    broken[5] = Entry(broken[5].case, broken[5].subject, unreadable)
    row = by_name(evaluate(paired(synthetic=ImageSet("synthetic", tuple(broken)))))["mae", ""]
    assert row.failed_cases == {
        "synthetic-003": "it has 1 values inside the mask that are not finite",
        "synthetic-005": "synthetic-005.png: is truncated.",
    }
    assert (row.n, row.subjects) == (10, 6)
    assert np.isfinite(row.value)


def test_an_image_that_cannot_be_read_leaves_measures_of_sets_unmeasured_with_the_reason():
    def unreadable():
        raise ImageError("synthetic-005.png", "is truncated")

    broken = list(paired().synthetic.entries)
    broken[5] = Entry(broken[5].case, broken[5].subject, unreadable)
    evidence = paired(synthetic=ImageSet("synthetic", tuple(broken)))
    for name in ("shape_plausibility", "frechet_distance"):
        (row,) = measure_sets(evidence, METRICS.get(name))
        assert row.value is None
        assert "synthetic-005.png" in row.not_measured


@pytest.mark.usefixtures("only_case_metrics")
def test_an_empty_mask_fails_its_case_alone():
    masks = np.ones((12, 1, 24, 24), np.float32)
    masks[0] = 0
    row = by_name(evaluate(paired(masks=images("masks", masks, subjects=paired().synthetic.subjects))))["mae", ""]
    assert row.failed_cases == {"synthetic-000": "its mask is empty"}


@pytest.mark.usefixtures("only_case_metrics")
def test_identical_images_have_no_signal_to_noise_ratio_but_an_error_of_zero():
    evidence = paired()
    found = by_name(evaluate(paired(synthetic=ImageSet("synthetic", evidence.reference.entries))))
    assert found["mae", ""].value == 0
    assert "infinite" in found["psnr", ""].not_measured
    assert len(found["psnr", ""].failed_cases) == 12


@pytest.mark.usefixtures("only_case_metrics")
def test_tissues_that_an_image_lacks_are_counted_as_such():
    real = np.full((4, 1, 8, 8), 40, np.float32)
    real[0, 0, :2] = 700
    evidence = paired(
        protocol=PROTOCOLS.get("ct"),
        synthetic=images("synthetic", real + 10, unit=Unit.HU, subjects=list("abcd")),
        reference=images("reference", real, unit=Unit.HU, subjects=list("abcd")),
        masks=images("masks", np.ones_like(real), unit=Unit.LABEL, subjects=list("abcd")),
        test=images("test", real, unit=Unit.HU, subjects=list("abcd")),
    )
    found = by_name(evaluate(evidence))
    assert found["hu_error", "tissue=soft"].n == 4
    bone = found["hu_error", "tissue=bone"]
    assert (bone.n, bone.subjects, bone.interval) == (1, 1, None)
    assert bone.settings["no_interval"] == "fewer than 3 subjects"
    assert set(bone.failed_cases.values()) == {ABSENT_STRATUM}
    assert "none of 4 images" in found["hu_error", "tissue=air"].not_measured


def test_a_unit_that_changes_on_the_way_stops_the_run():
    real = images("test", fields(3, 1), unit=Unit.HU)
    strange = replace(real.entries[1], load=lambda: Image(fields(1, 1)[0]))
    mixed = ImageSet("synthetic", (real.entries[0], strange, real.entries[2]))
    protocol = replace(PROTOCOLS.get("ct"), requirements=protocol_of("mae").requirements)
    evidence = paired(protocol=protocol, synthetic=mixed, reference=real, masks=None, test=real)
    with pytest.raises(DataError, match="test-001.*unit arbitrary"):
        evaluate(evidence)


def many(**changes):
    """Evidence for which case and set metrics apply."""
    return paired(
        24,
        training=images("training", fields(10, 7)),
        holdout=images("holdout", fields(8, 8)),
        protocol=protocol_of("mae", "nearest_training_ratio", "copied_images", "closer_to_training"),
        **changes,
    )


class Killed(Exception):
    pass


@pytest.fixture
def only_required(monkeypatch):
    from synthassay.evaluate import run

    monkeypatch.setattr(run.METRICS, "items", list)


@pytest.mark.usefixtures("only_required")
def test_resuming_after_any_metric_gives_the_same_measurements():
    whole = evaluate(many())
    names = list(dict.fromkeys(row.metric for row in whole))
    assert len(names) == 4
    for stop in range(1, 4):
        done = {}

        def emit(name, rows, done=done, stop=stop):
            done[name] = rows
            if len(done) == stop:
                raise Killed

        with pytest.raises(Killed):
            evaluate(many(), emit=emit)
        again = []
        resumed = evaluate(many(), completed=done, emit=lambda name, rows, again=again: again.append(name))
        assert resumed == whole
        assert not set(again) & set(done)


@pytest.mark.usefixtures("only_required")
def test_progress_counts_images_and_ends_complete():
    seen = []
    evaluate(many(), progress=lambda step, done, total: seen.append((step, done, total)))
    cases = [(done, total) for step, done, total in seen if step.startswith("images")]
    assert cases == [(i, 24) for i in range(1, 25)]
    assert ("Copied training images", 1, 1) in seen


@pytest.mark.usefixtures("only_case_metrics")
def test_every_image_is_read_once_for_all_case_metrics():
    evidence, reads = paired(), []
    counted = tuple(
        replace(entry, load=lambda entry=entry: (reads.append(entry.case), entry.load())[1])
        for entry in evidence.synthetic.entries
    )
    evaluate(paired(synthetic=ImageSet("synthetic", counted)))
    assert len(reads) == 12 + 1  # one more to check the unit first
