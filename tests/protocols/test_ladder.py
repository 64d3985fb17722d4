"""How far evidence reaches: rungs are climbed in order, bounds count, and gaps are named."""

from __future__ import annotations

import pytest

from synthassay.protocols.ladder import RUNGS, requirement_statuses, verdict
from synthassay.protocols.protocol import Protocol, Requirement
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better, Modality, Unit


def requirement(metric, axis, **facts):
    return Requirement(metric, axis, "Because.", "doi:10.1000/1", **facts)


PROTOCOL = Protocol(
    name="p",
    title="P",
    modality=Modality.CT,
    unit=Unit.HU,
    data_range=None,
    range_source="",
    requirements=(
        requirement("mae", Axis.FIDELITY, least_subjects=20),
        requirement("copied_images", Axis.LEAKAGE, at_most=0.0),
        requirement("nearest_training_ratio", Axis.LEAKAGE, not_below=1.0),
        requirement("tstr_auc", Axis.UTILITY, tasks=("augment",)),
        requirement("reader_study", Axis.CLINICAL, missing="nobody read"),
    ),
    failure_modes=(),
)


def row(metric, value=1.0, *, subjects=30, interval=None, of="g", reason="", stratum=""):
    return Measurement(
        metric=metric,
        title=metric,
        axis=Axis.FIDELITY,
        of=of,
        stratum=stratum,
        value=None if reason else value,
        not_measured=reason,
        interval=interval,
        n=subjects,
        subjects=subjects,
        unit="1",
        better=Better.LOWER,
        source="doi:10.1000/1",
    )


def good():
    return [row("mae"), row("copied_images", 0.0), row("nearest_training_ratio"), row("tstr_auc")]


def met(rows, task="augment"):
    return {status.metric: status.met for status in requirement_statuses(PROTOCOL, task, rows)}


def test_all_that_can_be_measured_reaches_the_rung_below_readers():
    found = verdict("g", PROTOCOL, "augment", good())
    assert (found.rung, found.level) == (3, "level 2, diagnostic accuracy efficacy")
    assert found.missing == ("reader_study: nobody read",)


def test_too_few_subjects_leave_the_lowest_rung_unreached():
    rows = [row("mae", subjects=7), *good()[1:]]
    found = verdict("g", PROTOCOL, "augment", rows)
    assert found.rung == 0
    assert "7 subjects" in found.missing[0]
    assert "Above that gap: use measured on real held-out patients" in found.text


def test_a_small_class_beside_the_whole_does_not_fail_it():
    small = row("mae", subjects=3, stratum="class=rare")
    assert met([row("mae"), small])["mae"]
    assert not met([row("mae", subjects=3), row("mae", stratum="class=common")])["mae"]


def test_one_stratum_with_too_few_subjects_is_enough_to_fail():
    rows = [row("mae", stratum="tissue=body"), row("mae", subjects=3, stratum="tissue=bone")]
    status = requirement_statuses(PROTOCOL, "augment", rows)[0]
    assert not status.met
    assert "tissue=bone" in status.reason


def test_a_copied_image_is_not_outweighed_by_anything():
    rows = [row("mae"), row("copied_images", 0.01), row("nearest_training_ratio"), row("tstr_auc")]
    assert not met(rows)["copied_images"]
    assert verdict("g", PROTOCOL, "augment", rows).rung == 1


@pytest.mark.parametrize(("high", "expected"), [(0.98, False), (1.01, True)])
def test_a_ratio_fails_only_when_its_whole_interval_lies_below_one(high, expected):
    interval = Interval(low=0.9, high=high, method="m")
    assert met([row("nearest_training_ratio", 0.95, interval=interval)])["nearest_training_ratio"] is expected


def test_a_requirement_of_another_task_is_not_asked():
    assert "tstr_auc" not in met(good(), task="denoise")
    found = verdict("g", PROTOCOL, "denoise", good()[:3])
    assert found.rung == 2


def test_reasons_of_unmeasured_rows_are_passed_on():
    statuses = requirement_statuses(PROTOCOL, "augment", [row("mae", reason="there were no references")])
    assert statuses[0].reason == "there were no references"
    assert statuses[1].reason == "it was not measured"


def test_measurements_of_other_generators_do_not_count():
    assert verdict("g", PROTOCOL, "augment", [row("mae", of="other")]).rung == 0


def test_external_requirements_stand_on_their_own_rung():
    external = requirement("tstr_auc_external", Axis.UTILITY)
    assert [rung.number for rung in RUNGS if rung.holds(external)] == [4]


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.01, 0.04, "help."), (-0.04, -0.01, "harm."), (-0.01, 0.02, "no help shown.")]
)
def test_a_measured_use_is_not_taken_for_a_use_that_was_found(low, high, words):
    gain = row("auc_gain", (low + high) / 2, interval=Interval(low=low, high=high, method="m"))
    gain = gain.model_copy(update={"axis": Axis.UTILITY, "better": Better.HIGHER, "title": "Gain in AUC"})
    found = verdict("g", PROTOCOL, "augment", [*good(), gain])
    assert found.rung_title == "use measured on real held-out patients"
    assert found.text.endswith(f"Gain in AUC: {gain.value:.3f} [{low:.3f}, {high:.3f}], {words}")
    assert (
        "Gain" not in verdict("g", PROTOCOL, "augment", [*good(), gain.model_copy(update={"stratum": "real=5%"})]).text
    )


def test_one_regime_of_many_tried_is_not_called_harm_by_its_own_interval():
    interval = Interval(low=-0.04, high=-0.01, method="m")
    gain = row("auc_gain", -0.02, interval=interval).model_copy(update={"settings": {"p_corrected": 0.59}})
    assert verdict("g", PROTOCOL, "augment", [*good(), gain]).text.endswith(
        "harm by its own interval, not among all regimes (Holm)."
    )
