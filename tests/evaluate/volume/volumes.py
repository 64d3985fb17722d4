"""What every measure of volumes must pass."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import METRICS
from synthassay.images.specimen import Specimen


def assert_real_volumes_lie_at_the_floor(judge, metric):
    found = judge(metric)[0]
    assert found.interval.low <= found.floor_interval.high
    assert found.settings["outlying_images"] <= 0.2
    assert len(found.per_case) == 20


def assert_worsens_until_found(judge, metric, failure, severities, *, share=0.8):
    """The value does not fall with the dose; at the last, value and single volumes are beyond real ones."""
    found = [judge(metric, failure, severity)[0] for severity in severities]
    values = [f.value for f in found]
    assert values[-1] > values[0], values
    assert (np.diff(values) > -0.15 * np.max(values)).all(), values
    assert found[-1].interval.low > found[-1].floor_interval.high
    assert found[-1].settings["outlying_images"] >= share


def assert_edges_are_said(metric, brains):
    compute = METRICS.get(metric).compute
    picture = Specimen(np.random.default_rng(0).normal(size=(1, 16, 16)), (1.0, 1.0))
    if metric != "seam_index":
        with pytest.raises(NotMeasured, match="pictures, not volumes"):
            compute([picture] * 20, [picture] * 40, 0)
    with pytest.raises(NotMeasured, match="differ in dimension or in the size"):
        compute([brains[0].replace(spacing_mm=(2.0, 2.0, 4.0))], brains[20:], 0)
    if metric != "structure_continuity":
        constant = [s.replace(pixels=np.ones_like(s.pixels)) for s in brains[:2]]
        with pytest.raises(NotMeasured, match="constant inside the body"):
            compute(constant, brains[20:], 0)
    empty = [brains[0].replace(mask=np.zeros_like(brains[0].mask))]
    with pytest.raises(NotMeasured, match="mask is empty"):
        compute(empty, brains[20:], 0)
    with pytest.raises(NotMeasured, match="fewer than 4 subjects"):
        compute(brains[:1], brains[20:], 0)


def assert_nan_outside_the_mask_changes_nothing(metric, brains):
    compute, memo = METRICS.get(metric).compute, {}
    blind = [s.replace(pixels=np.where(s.mask, s.pixels, np.nan)) for s in brains[:20]]
    plain = compute(brains[:20], brains[20:60], 0, real_memo=memo)[0]
    assert compute(blind, brains[20:60], 0, real_memo=memo)[0].value == plain.value
