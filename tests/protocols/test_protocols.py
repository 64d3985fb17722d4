"""Every protocol (synthassay.protocols.protocol, shared parts in synthassay.protocols.common) is complete.

Modalities: synthassay.protocols.ct, synthassay.protocols.mri, synthassay.protocols.xray,
synthassay.protocols.volume, synthassay.protocols.mr_to_ct,
synthassay.protocols.pathology. Sources, reasons, metrics that exist, failure modes that something would find.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from protocols.protocol_page import PAGE, page
from synthassay.evaluate.metric import METRICS
from synthassay.failures.failure import FAILURES
from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Axis, Modality, TaskName, Unit

NAMES = PROTOCOLS.names()
MODALITIES = {
    "ct": Modality.CT,
    "mr_to_ct": Modality.CT,
    "mri": Modality.MRI,
    "pathology": Modality.PATHOLOGY,
    "volume": Modality.MRI,
    "volume_ct": Modality.CT,
    "xray": Modality.XRAY,
}
SOURCE = re.compile(r"^(doi:10\.\d{4,}/\S+|arXiv:\d{4}\.\d{4,5})$")


@pytest.mark.parametrize("name", MODALITIES)
def test_modalities_have_a_protocol(name):
    assert PROTOCOLS.get(name).name == name
    assert PROTOCOLS.get(name).modality is MODALITIES[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_requirement_has_a_reason_a_source_and_something_that_measures_it(name):
    for requirement in PROTOCOLS.get(name).requirements:
        assert requirement.why.endswith("."), requirement.metric
        assert SOURCE.match(requirement.source), requirement.source
        if requirement.missing:
            assert requirement.metric not in METRICS, f"{requirement.metric} can be measured: it is not missing"
        else:
            assert METRICS.get(requirement.metric).axis is requirement.axis


@pytest.mark.parametrize("name", NAMES)
def test_every_failure_mode_is_looked_for(name):
    protocol = PROTOCOLS.get(name)
    required = {requirement.metric for requirement in protocol.requirements}
    assert protocol.failure_modes
    for mode in protocol.failure_modes:
        assert mode.consequence
        assert SOURCE.match(mode.source)
        assert set(mode.found_by) <= required, mode.name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", [*TaskName, ""])
def test_every_task_must_show_more_than_fidelity(name, task):
    axes = {requirement.axis for requirement in PROTOCOLS.get(name).required(task)}
    assert {Axis.FIDELITY, Axis.LEAKAGE, Axis.CLINICAL} <= axes


@pytest.mark.parametrize("name", NAMES)
def test_no_metric_is_required_twice_for_a_task(name):
    for task in TaskName:
        metrics = [requirement.metric for requirement in PROTOCOLS.get(name).required(task)]
        assert len(metrics) == len(set(metrics))


@pytest.mark.parametrize("name", NAMES)
def test_only_units_with_a_scale_have_a_range(name):
    protocol = PROTOCOLS.get(name)
    if protocol.unit is Unit.HU:
        assert protocol.data_range == (-1024.0, 3071.0)
    if protocol.unit is Unit.ARBITRARY:
        assert protocol.data_range is None
    if protocol.unit is Unit.RGB:
        assert protocol.data_range == (0.0, 255.0)


def test_a_section_is_judged_by_stain_and_by_morphology_for_every_task():
    protocol = PROTOCOLS.get("pathology")
    for task in (TaskName.AUGMENT, TaskName.TRANSLATE):
        asked = {requirement.metric for requirement in protocol.required(task)}
        assert {"stain_vector_distance", "nuclear_morphometry", "tissue_architecture"} <= asked
    assert "nuclear_f1" in {requirement.metric for requirement in protocol.required(TaskName.TRANSLATE)}
    assert "nuclear_f1" not in {requirement.metric for requirement in protocol.required(TaskName.AUGMENT)}


def test_protocols_need_neither_numpy_nor_torch():
    code = (
        "import sys; from synthassay.protocols import PROTOCOLS; import synthassay.protocols.ladder; PROTOCOLS.names();"
        "print([m for m in ('numpy', 'torch', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_page_of_protocols_is_in_step_with_the_declarations():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/protocols/protocol_page.py"


@pytest.mark.parametrize("name", NAMES)
def test_every_dominant_failure_mode_can_be_enacted(name):
    protocol = PROTOCOLS.get(name)
    enacted = [failure for mode in protocol.failure_modes for failure in mode.enacted_by]
    assert len(enacted) == len(set(enacted)), "each failure is one mode"
    for failure in enacted:
        assert protocol.modality in FAILURES.get(failure).modalities, failure
    assert [mode for mode in protocol.failure_modes if mode.dominant and mode.enacted_by]
