"""The protocol of volumes: its dominant failure is looked for by more than one measure, in MR and in CT alike."""

from __future__ import annotations

from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Axis, TaskName, Unit

CONTINUITY = {"slice_continuity", "gradient_ratio", "slice_flicker", "structure_continuity"}


def test_slices_that_do_not_continue_are_looked_for_in_every_task():
    for task in TaskName:
        asked = {r.metric: r for r in PROTOCOLS.get("volume").required(task)}
        assert asked.keys() >= CONTINUITY | {"seam_index", "shape_plausibility"}
        assert all(asked[name].axis is Axis.FAILURE for name in CONTINUITY)


def test_the_first_failure_mode_is_the_dominant_one():
    first = PROTOCOLS.get("volume").failure_modes[0]
    assert set(first.found_by) >= CONTINUITY
    assert "Diagnostic inconsistency" in first.consequence


def test_ct_volumes_are_judged_by_the_same_and_by_attenuation():
    plain, ct = PROTOCOLS.get("volume"), PROTOCOLS.get("volume_ct")
    more = {r.metric for r in ct.requirements} - {r.metric for r in plain.requirements}
    assert (plain.unit, ct.unit) == (Unit.ARBITRARY, Unit.HU)
    assert more == {"hu_error", "hu_bias"}
    assert ct.failure_modes == plain.failure_modes
