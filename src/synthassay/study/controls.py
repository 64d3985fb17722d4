"""Controls of a study: sets with a known fault, found and checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthassay.errors import Fault, UnknownName, did_you_mean
from synthassay.failures.failure import FAILURES, Failure
from synthassay.records.spec import ControlSpec, StudySpec
from synthassay.records.study_file import place
from synthassay.records.vocabulary import Role, Split
from synthassay.tasks import TASKS, Task


@dataclass(frozen=True)
class PlannedControl:
    """One control of a study: whose images, and what is done to them."""

    spec: ControlSpec
    failure: Failure
    baseline = True

    @property
    def name(self) -> str:
        """Its name in tables and folders."""
        return self.spec.name


def planned_controls(spec: StudySpec) -> tuple[PlannedControl, ...]:
    """Return the controls of a study whose names were all found."""
    return tuple(PlannedControl(control, FAILURES.get(control.failure)) for control in spec.controls)


def control_name_faults(table: Mapping[str, Any], text: str) -> list[Fault]:
    """What in ``[[controls]]`` names something that is not there, or contradicts the rest of the file."""
    entries = table.get("controls")
    controls = [entry if isinstance(entry, dict) else {} for entry in entries] if isinstance(entries, list) else []
    judged = _judged(table)
    taken = list(judged)
    faults: list[Fault] = []
    for i, control in enumerate(controls):
        name, of = control.get("name"), control.get("of")
        if isinstance(name, str) and name in taken:
            where = place(text, ("controls", i, "name"))
            faults.append(Fault(where, "is the name of another set of this study", name, "Give each its own `name`."))
        taken.append(str(name))
        if isinstance(of, str) and of not in judged:
            where = place(text, ("controls", i, "of"))
            what = "no generator or baseline of this study has this name"
            faults.append(Fault(where, what, of, did_you_mean(of, judged)))
        faults += _failure_faults(control, i, table, text)
    return faults


def control_data_faults(spec: StudySpec, task: Task, text: str) -> list[Fault]:
    """What a failure needs and the study's images do not have; one real image is read to find out."""
    if not spec.controls:
        return []
    image = next(iter(task.real(Role.REFERENCE, Split.TRAIN)))
    faults: list[Fault] = []
    for i, control in enumerate(planned_controls(spec)):
        failure, where = control.failure, place(text, ("controls", i, "failure"))
        if len(image.space) not in failure.dimensions:
            kind = "volumes" if failure.dimensions == (3,) else "pictures"
            remedy = "Choose another; see `synthassay list failures`."
            faults.append(Fault(where, f"is a failure of {kind}, and the images are not", failure.name, remedy))
        if control.spec.spacing_mm and image.geometry.spacing_mm:
            at = place(text, ("controls", i, "spacing_mm"))
            remedy = "Leave it out: the images state their own."
            faults.append(Fault(at, "is given for images that state their spacing", control.spec.spacing_mm, remedy))
        has = {
            "spacing_mm": bool(image.geometry.spacing_mm or control.spec.spacing_mm),
            "structures": task.conditioned_on == "structures",
            "mask": task.paired or task.conditioned_on == "structures",
            "label": task.conditioned_on == "label",
            "training": True,
        }
        for need in failure.needs:
            if not has.get(need, False):
                what = f"needs {need}, which the synthetic images of this study do not have"
                faults.append(Fault(where, what, failure.name, REMEDIES.get(need, "Choose another failure.")))
    return faults


REMEDIES = {"spacing_mm": "Say in `spacing_mm` how large a pixel is taken to be, e.g. spacing_mm = 1.0."}


def _failure_faults(control: Mapping[str, Any], i: int, table: Mapping[str, Any], text: str) -> list[Fault]:
    name = control.get("failure")
    if not isinstance(name, str):
        return []  # missing or of a wrong type: the record says so
    where = place(text, ("controls", i, "failure"))
    try:
        failure = FAILURES.get(name)
    except UnknownName as problem:
        return [Fault(where, problem.faults[0].what, name, problem.faults[0].remedy)]
    faults = []
    modality, severity = table.get("modality"), control.get("severity")
    if isinstance(modality, str) and modality not in [known.value for known in failure.modalities]:
        able = ", ".join(known for known, entry in FAILURES.items() if modality in entry.modalities)
        remedy = f"These do: {able}." if able else "Choose another modality."
        faults.append(Fault(where, f"does not occur in {modality}", name, remedy))
    if isinstance(severity, int | float) and failure.unit.startswith("%") and failure.scope == "set" and severity > 100:
        at = place(text, ("controls", i, "severity"))
        faults.append(Fault(at, f"is more than 100 {failure.unit}", severity, "Give a share from 0 to 100."))
    return faults


def _judged(table: Mapping[str, Any]) -> list[str]:
    """Names of generators and baselines, as far as they can be read."""
    entries = table.get("generators")
    learnt = [str(g.get("name") or g.get("family")) for g in entries or () if isinstance(g, dict)]
    learnt += [str(v.get("name")) for v in table.get("variants") or () if isinstance(v, dict)]
    baselines, task = table.get("baselines"), table.get("task")
    if baselines is None and isinstance(task, str) and task in TASKS:
        baselines = TASKS.get(task).baselines
    return [*learnt, *(str(name) for name in baselines or ())]
