"""The study as resolved: every name found, every setting checked, the cohort built; nothing trained yet."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from synthassay.data.cohorts import load_cohort, require_classes
from synthassay.data.elsewhere import Elsewhere, load_elsewhere
from synthassay.data.sources import SOURCES
from synthassay.errors import DataError, Fault, SpecError, UnknownName, did_you_mean
from synthassay.generators import GENERATORS, Generator, GeneratorSettings
from synthassay.generators.stored import build_generator
from synthassay.protocols import PROTOCOLS, Protocol
from synthassay.records.cohort import Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.study_file import faults_of, in_file_order, place, read_study
from synthassay.registry import Registry
from synthassay.study.controls import PlannedControl, control_data_faults, control_name_faults, planned_controls
from synthassay.study.variant_faults import variant_name_faults
from synthassay.tasks import TASKS, Task
from synthassay.tasks.elsewhere import TRAVELS


@dataclass(frozen=True)
class PlannedGenerator:
    """One generator or baseline of a study.

    Attributes:
        name: Its name in tables and folders.
        cls: The family's class; ``settings`` validated by it.
        baseline: Whether it is a classical baseline.
        variant_of: The generator whose weights it takes; None where it has its own.
        after: A variant's weights are those after so many images; 0 for those of the end.
    """

    name: str
    cls: type[Generator]
    settings: GeneratorSettings
    baseline: bool
    variant_of: PlannedGenerator | None = None
    after: int = 0

    @property
    def neighbours(self) -> int:
        """Neighbouring slices that it sees as channels."""
        return int(getattr(self.settings, "neighbours", 1))

    def build(self, task: Task) -> Generator:
        """Build it, untrained, for a task; the same study gives the same starting weights."""
        settings = self.settings.model_dump()
        return build_generator(self.cls.family, settings, task.facts(self.neighbours), seed=task.spec.seed)


@dataclass(frozen=True)
class Plan:
    """A study with everything that it names found.

    Attributes:
        controls: Sets with a known fault, made of the images of ``generators``.
        external: Real images from elsewhere that what was learnt is tried on; None where the study names none.
    """

    path: Path
    spec: StudySpec
    cohort: Cohort
    task: Task
    generators: tuple[PlannedGenerator, ...]
    protocol: Protocol
    controls: tuple[PlannedControl, ...] = ()
    external: Elsewhere | None = None

    def kept(self, generator: PlannedGenerator) -> list[int]:
        """Images after which a generator's weights are kept for its variants."""
        return sorted({g.after for g in self.generators if g.variant_of is generator and g.after})

    @property
    def judged(self) -> tuple[PlannedGenerator | PlannedControl, ...]:
        """All sets of synthetic images: generators and baselines, then controls."""
        return (*self.generators, *self.controls)


def plan_study(path: Path, seed: int | None = None) -> Plan:
    """Read a study file, find every name in it and build its cohort.

    Args:
        path: The study file.
        seed: Root of every random number in the place of the file's own.

    Raises:
        SpecError: Carries all faults of the file: wrong fields, unknown names and wrong settings together.
        DataError: The images contradict each other or the study.
        ImageError: An image cannot be read.
    """
    faults: list[Fault] = []
    try:
        spec = read_study(path)
    except SpecError as problem:
        faults = list(problem.faults)
    table, text = _table(path)
    if table is None:
        raise SpecError(str(path), faults)
    faults = in_file_order([*faults, *_name_faults(table, text)])
    if faults:
        raise SpecError(str(path), faults)
    spec = spec if seed is None else spec.model_copy(update={"seed": seed})
    cohort = load_cohort(spec.data, spec.modality, spec.seed, folder=path.resolve().parent)
    if TASKS.get(spec.task).conditioned_on == "label":
        require_classes(cohort)
    task = TASKS.get(spec.task)(spec, cohort)
    faults = control_data_faults(spec, task, text)
    if faults:
        raise SpecError(str(path), in_file_order(faults))
    for planned in _generators(spec, type(task)):
        if planned.cls.knows_domains:
            task.require_domains(planned.cls.family)
    protocol = PROTOCOLS.get(protocol_name(spec))
    away = load_elsewhere(spec, cohort, folder=path.resolve().parent) if spec.external is not None else None
    return Plan(path, spec, cohort, task, _generators(spec, type(task)), protocol, planned_controls(spec), away)


def protocol_name(spec: StudySpec) -> str:
    """Name of the protocol that judges the study."""
    return spec.evaluation.protocol or spec.modality.value


def _generators(spec: StudySpec, task: type[Task]) -> tuple[PlannedGenerator, ...]:
    trained = [
        PlannedGenerator(g.label, GENERATORS.get(g.family), GENERATORS.get(g.family).Settings(**g.settings), False)
        for g in spec.generators
    ]
    of = {planned.name: planned for planned in trained}
    variants = [
        PlannedGenerator(v.name, of[v.of].cls, _varied(of[v.of].settings, v.settings), False, of[v.of], v.after)
        for v in spec.variants
    ]
    names = task.baselines if spec.baselines is None else spec.baselines
    classical = [PlannedGenerator(n, GENERATORS.get(n), GENERATORS.get(n).Settings(), True) for n in names]
    return (*trained, *variants, *classical)


def _varied(settings: GeneratorSettings, changed: dict[str, Any]) -> GeneratorSettings:
    return type(settings).model_validate({**settings.model_dump(), **changed})


def _table(path: Path) -> tuple[dict[str, Any] | None, str]:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None, ""  # read_study has already said what is wrong


def _name_faults(table: dict[str, Any], text: str) -> list[Fault]:
    task = table.get("task")
    faults = _unknown(TASKS, task, ("task",), text)
    faults += _generator_faults(table, text)
    for name in _list(table.get("baselines")):
        faults += _unknown(GENERATORS, name, ("baselines",), text) or _serves(name, task, ("baselines",), text)
    faults += variant_name_faults(table, text)
    faults += control_name_faults(table, text)
    evaluation = table.get("evaluation")
    protocol = evaluation.get("protocol") if isinstance(evaluation, dict) else None
    faults += _unknown(PROTOCOLS, protocol or None, ("evaluation", "protocol"), text)
    faults += _embedding_faults(evaluation.get("embedding") if isinstance(evaluation, dict) else None, text)
    if isinstance(task, str) and "external" in table and task not in TRAVELS:
        remedy = f"Leave [external] out; these tasks have it: {', '.join(TRAVELS)}."
        faults.append(Fault(place(text, ("external",)), "has no images from elsewhere for this task", task, remedy))
    for where in ("data", "external"):
        named = table.get(where)
        faults += _source_faults(named.get("source") if isinstance(named, dict) else None, where, text)
    return faults


def _source_faults(source: Any, table: str, text: str) -> list[Fault]:
    if not isinstance(source, str) or not source:
        return []
    from synthassay.data.phantoms.source import PHANTOMS

    known = [*SOURCES.names(), *PHANTOMS]
    if source in known:
        return []
    where = place(text, (table, "source"))
    return [Fault(where, "no known source has this name", source, did_you_mean(source, known))]


def _embedding_faults(name: Any, text: str) -> list[Fault]:
    if not isinstance(name, str) or not name:
        return []
    from synthassay.evaluate.features.choose import card_of
    from synthassay.evaluate.features.embedding import EMBEDDINGS

    try:
        card = card_of(name)
    except DataError as problem:
        return [Fault(place(text, ("evaluation", "embedding")), str(problem), name)]
    return [] if card is not None else _unknown(EMBEDDINGS, name, ("evaluation", "embedding"), text)


def _generator_faults(table: dict[str, Any], text: str) -> list[Fault]:
    faults: list[Fault] = []
    for i, entry in enumerate(_list(table.get("generators"))):
        family = entry.get("family") if isinstance(entry, dict) else None
        unknown = _unknown(GENERATORS, family, ("generators", i, "family"), text)
        if unknown or not isinstance(family, str):
            faults += unknown
            continue
        faults += _serves(family, table.get("task"), ("generators", i, "family"), text)
        model = GENERATORS.get(family).Settings
        settings = {key: value for key, value in entry.items() if key not in ("family", "name")}
        try:
            model.model_validate_json(json.dumps(settings, default=str), strict=True)
        except ValidationError as problem:
            faults += faults_of(problem, model, text, prefix=("generators", i))
    return faults


def _unknown(registry: Registry, name: Any, location: tuple[str | int, ...], text: str) -> list[Fault]:
    if not isinstance(name, str):
        return []  # missing or of a wrong type: the record says so
    try:
        registry.get(name)
    except UnknownName as problem:
        fault = problem.faults[0]
        return [Fault(place(text, location), fault.what, name, fault.remedy)]
    return []


def _serves(family: Any, task: Any, location: tuple[str | int, ...], text: str) -> list[Fault]:
    if not isinstance(task, str) or task not in TASKS or task in GENERATORS.get(family).serves:
        return []
    able = [name for name, cls in GENERATORS.items() if task in cls.serves]
    return [Fault(place(text, location), f"cannot do the task {task}", family, f"These can: {', '.join(able)}.")]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
