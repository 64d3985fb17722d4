"""The protocol of synthetic CT from MR: intensities, structures and dose, and the hallucinated structure above all."""

from __future__ import annotations

from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Axis, Unit

PROTOCOL = PROTOCOLS.get("mr_to_ct")


def test_it_judges_hounsfield_units_and_asks_for_everything_in_every_task():
    assert PROTOCOL.unit is Unit.HU
    asked = {r.metric for r in PROTOCOL.requirements if not r.sign}
    assert {r.metric for r in PROTOCOL.required("translate")} == asked


def test_drift_of_anatomy_is_asked_for_and_a_cycle_is_a_sign_of_unpaired_tasks_alone():
    asked = {r.metric for r in PROTOCOL.required("translate_unpaired")}
    assert {"mind_distance_to_source", "edge_displacement"} <= asked
    assert "cycle_error" not in asked
    signs = {task: {r.metric for r in PROTOCOL.shown(task) if r.sign} for task in ("translate", "translate_unpaired")}
    assert signs == {"translate": set(), "translate_unpaired": {"cycle_error"}}


def test_invented_structures_are_looked_for_with_and_without_a_reference():
    first = PROTOCOL.failure_modes[0]
    assert "anatomy" in first.consequence
    assert {"structure_overlap", "shape_plausibility", "structure_presence"} <= set(first.found_by)


def test_likeness_alone_reaches_neither_failures_nor_dose():
    by_axis = {axis: {r.metric for r in PROTOCOL.requirements if r.axis is axis} for axis in Axis}
    assert {"hu_error", "hu_bias", "ct_number_curve", "electron_density_error"} <= by_axis[Axis.FIDELITY]
    assert {"tissue_overlap", "tissue_distance"} <= by_axis[Axis.FAILURE]
    assert by_axis[Axis.UTILITY] == {"gamma_pass_rate", "dvh_error"}
    assert by_axis[Axis.CLINICAL] == {"reader_study"}
