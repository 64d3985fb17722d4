"""Strata by class, and the bare statistic of every measure between sets; covers distribution.discrepancies too."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.set_measures import PATIENTS, REAL, draw, found
from synthassay.evaluate.distribution.equal_n import Sample, compared
from synthassay.evaluate.metric import METRICS

MEASURES = (
    "classifier_two_sample", "collapse", "coverage", "density", "different_bins", "frechet_distance", "gaussian_mmd",
    "kernel_distance", "mode_coverage", "precision", "recall", "sliced_wasserstein", "vendi",
)  # fmt: skip
SICK = np.array([["well", "sick"][(i // 2) % 3 == 0] for i in range(240)])


def by_class(name, synthetic, labels, **more):
    subjects = [f"case {i}" for i in range(len(synthetic))]
    given = {"synthetic_labels": list(labels), "test_labels": SICK.tolist(), **more}
    return METRICS.get(name).compute(synthetic, subjects, REAL, PATIENTS, 5, **given)


def test_every_measure_between_sets_gives_its_bare_statistic():
    judged, comparator = (Sample.of(draw(60, s), [str(i) for i in range(60)]) for s in range(2))
    for name in MEASURES:
        statistic = METRICS.get(name).statistic
        assert statistic is not None, name
        assert np.isfinite(statistic(judged, comparator))


@pytest.mark.parametrize("name", ["frechet_distance", "coverage", "kernel_distance", "gaussian_mmd"])
def test_a_failure_of_one_class_shows_in_its_stratum_and_the_whole_is_as_without_classes(name):
    synthetic = draw()
    labels = np.array(["sick", "well"])[np.arange(200) % 2]
    synthetic[labels == "sick"] += 2.0
    whole, sick, well = by_class(name, synthetic, labels)
    plain = found(name, synthetic)
    assert (whole.value, whole.interval, whole.floor) == (plain.value, plain.interval, plain.floor)
    assert [row.stratum for row in (whole, sick, well)] == ["", "class=sick", "class=well"]
    assert well.interval.low <= well.floor_interval.high
    assert well.interval.high >= well.floor_interval.low
    away = sick.interval.low > sick.floor_interval.high or sick.interval.high < sick.floor_interval.low
    assert away
    assert sick.subjects == len(set(np.array(PATIENTS)[SICK == "sick"]))


def test_a_class_equals_the_measure_of_its_images_alone():
    labels = np.array(["sick", "well"])[np.arange(200) % 2]
    rows = by_class("precision", draw(), labels)
    at = np.flatnonzero(labels == "well")
    real = np.flatnonzero(SICK == "well")
    alone = compared(
        "precision",
        METRICS.get("precision").statistic,
        Sample.of(draw()[at], [str(i) for i in at]),
        Sample.of(REAL[real], np.array(PATIENTS)[real]),
        seed=5,
        real_memo={},
        repeats=20,
    )
    assert rows[2].n == 100
    assert rows[2].value == pytest.approx(alone.value, abs=0.05)


def test_a_class_that_cannot_be_measured_is_a_row_with_its_reason():
    labels = np.array(["well"] * 190 + ["odd"] * 10)
    rows = {row.stratum: row for row in by_class("density", draw(), labels)}
    assert rows[""].value is not None
    assert rows["class=sick"].not_measured == "no synthetic image is of class sick"
    assert rows["class=odd"].not_measured == "no unseen real image is of class odd"
    few = {row.stratum: row for row in by_class("density", draw(), np.array(["well"] * 190 + ["sick"] * 10))}
    assert "only 5 images" in few["class=sick"].not_measured


@pytest.mark.parametrize("labels", [{}, {"synthetic_labels": ["well"] * 200, "test_labels": ["well"] * 240}])
def test_without_two_classes_there_are_no_strata(labels):
    subjects = [f"case {i}" for i in range(200)]
    rows = METRICS.get("coverage").compute(draw(), subjects, REAL, PATIENTS, 5, **labels)
    assert rows.stratum == ""


def test_a_holdout_without_classes_gives_no_strata():
    more = {"holdout_features": draw(40, 8), "holdout_subjects": [f"h{i}" for i in range(40)]}
    labels = np.array(["sick", "well"])[np.arange(200) % 2]
    assert by_class("coverage", draw(), labels, **more).stratum == ""
    assert len(by_class("coverage", draw(), labels, **more, holdout_labels=["well", "sick"] * 20)) == 3
