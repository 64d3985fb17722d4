"""The judge reads losses as evidence: planted members are told from others, and what is missing is said.

Covers synthassay.evaluate.leakage.losses.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evaluate.examination import assert_worsens
from evaluate.sets import fields, images, paired
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.run import measure_sets
from synthassay.records.base import write_lines
from synthassay.records.losses import CaseLoss
from synthassay.records.vocabulary import Better, Split

METRIC = METRICS.get("membership_by_loss")
COUNTS = {"training": (Split.TRAIN, 80), "holdout": (Split.VALIDATION, 60), "test": (Split.TEST, 40)}


def losses(gap, seed=0):
    """Losses of two images a patient; members' are lower by ``gap`` standard deviations."""
    rng = np.random.default_rng(seed)
    lines = []
    for name, (split, count) in COUNTS.items():
        values = rng.normal(2 - gap * (name == "training"), 1, count)
        lines += [
            CaseLoss(split=split, subject=f"{name}{i // 2}", example=i, loss=value, kind="mse", draws=4)
            for i, value in enumerate(values)
        ]
    return lines


def measured(folder, lines, **changes):
    path = None
    if lines is not None:
        path = folder / "case_losses.jsonl"
        write_lines(path, lines)
    sets = {
        name: images(name, fields(count, i), subjects=[f"{name}{k // 2}" for k in range(count)])
        for i, (name, (_, count)) in enumerate(COUNTS.items())
    }
    evidence = paired(6, reference=None, masks=None, case_losses=path, **{**sets, **changes})
    return evidence, measure_sets(evidence, METRIC)[0]


def test_the_difference_is_the_area_less_the_controls(tmp_path):
    lines = losses(1.0)
    _, row = measured(tmp_path, lines)
    held = [line for line in lines if line.split is not Split.TEST]
    area = roc_auc_score([line.split is Split.TRAIN for line in held], [-line.loss for line in held])
    assert row.settings["auc"] == pytest.approx(area)
    assert row.value == pytest.approx(area - row.settings["control_auc"])
    assert row.interval.low > 0.1
    assert row.settings["p"] == 1 / 500
    assert (row.n, row.subjects, row.settings["loss"], row.settings["draws"]) == (140, 30, "mse", 4)
    assert row.floor_interval.low < 0 < row.floor_interval.high


def test_the_lower_members_losses_the_worse(tmp_path):
    values = [measured(tmp_path, losses(gap))[1].value for gap in (0, 0.5, 1, 3)]
    assert_worsens(values, Better.LOWER)
    assert values[-1] > 0.45


def test_where_nobody_was_learnt_by_heart_nothing_is_found(tmp_path):
    rows = [measured(tmp_path, losses(0.0, seed))[1] for seed in range(12)]
    assert sum(row.interval.low < 0 < row.interval.high for row in rows) >= 10
    assert sum(row.settings["p"] < 0.05 for row in rows) <= 2


def test_without_a_holdout_the_test_patients_are_the_others(tmp_path):
    lines = [line for line in losses(1.0) if line.split is not Split.VALIDATION]
    _, row = measured(tmp_path, lines, holdout=None)
    assert row.value > 0.1
    assert row.floor is None


def test_what_is_missing_is_said(tmp_path):
    evidence, row = measured(tmp_path, None)
    assert "[leakage] losses = true" in lacking(evidence, METRIC)
    assert row.value is None
    assert measured(tmp_path, [])[1].not_measured == "the generator's family defines no loss of a single image"
    strangers = [line.model_copy(update={"subject": "stranger"}) for line in losses(0.0)]
    assert "not among those of the evidence" in measured(tmp_path, strangers)[1].not_measured
    alone = [line for line in losses(0.0) if line.split is Split.TRAIN]
    assert "never saw" in measured(tmp_path, alone)[1].not_measured
    assert "no losses were written for training images" in measured(tmp_path, losses(0)[-40:])[1].not_measured
