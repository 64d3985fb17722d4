"""The names that a study file may use, and the file's JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from synthassay.errors import UnknownName
from synthassay.records.spec import StudySpec

Rows = list[tuple[str, ...]]


def show_names(kind: str) -> None:
    """Print the names of a kind, or of every kind.

    Raises:
        UnknownName: There is no such kind.
    """
    if kind and kind not in KINDS:
        raise UnknownName("kind of name", kind, KINDS)
    console = Console(highlight=False)
    for name in [kind] if kind else KINDS:
        columns, rows = KINDS[name]
        table = Table(title=name, title_justify="left", box=None, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column == "name")
        for row in rows():
            table.add_row(*row)
        console.print(table)
        console.print()


def schema_text() -> str:
    """Return the JSON Schema of a study file, each generator family's settings included."""
    from synthassay.generators import GENERATORS

    schema = StudySpec.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "synthassay study"
    variants = []
    for family, cls in GENERATORS.items():
        settings = cls.Settings.model_json_schema()
        schema["$defs"].update(settings.pop("$defs", {}))
        properties = {
            "family": {"const": family, "description": f"Serves: {', '.join(sorted(cls.serves))}."},
            "name": {"type": "string", "pattern": "^[a-z0-9_-]*$", "default": ""},
            **settings["properties"],
        }
        variants.append({"type": "object", "properties": properties, "required": ["family"],
                         "additionalProperties": False})  # fmt: skip
    schema["$defs"]["GeneratorSpec"] = {"oneOf": variants}
    return json.dumps(schema, indent=1)


def _sources() -> Rows:
    from synthassay.data.sources import SOURCES

    return [(name, card.modality.value, card.title, card.licence) for name, card in SOURCES.items()]


def _phantoms() -> Rows:
    from synthassay.data.phantoms.source import PHANTOMS

    return [(name, PHANTOMS[name].modality.value, PHANTOMS[name].title) for name in sorted(PHANTOMS)]


def _generators() -> Rows:
    from synthassay.generators import GENERATORS

    return [(name, ", ".join(sorted(cls.serves)), _first_line(cls), cls.source) for name, cls in GENERATORS.items()]


def _tasks() -> Rows:
    from synthassay.tasks import TASKS

    return [(name, _first_line(cls), ", ".join(cls.baselines)) for name, cls in TASKS.items()]


def _metrics() -> Rows:
    from synthassay.evaluate.metric import METRICS

    return [(name, m.axis.value, f"{m.better.arrow} {m.unit}", m.title, m.source) for name, m in METRICS.items()]


def _protocols() -> Rows:
    from synthassay.protocols import PROTOCOLS

    return [(name, p.title) for name, p in PROTOCOLS.items()]


def _failures() -> Rows:
    from synthassay.failures.failure import FAILURES

    return [(name, ", ".join(f.modalities), f.unit, f.title, f"{f.matters_at:g}") for name, f in FAILURES.items()]


def _instruments() -> Rows:
    from synthassay.appraise.library import instrument, instrument_names

    found = [instrument(name) for name in instrument_names()]
    return [(i.name, i.purpose.value, f"{len(i.items)}", i.title, i.source) for i in found]


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0]


KINDS: dict[str, tuple[tuple[str, ...], Callable[[], Rows]]] = {
    "sources": (("name", "modality", "what", "licence"), _sources),
    "phantoms": (("name", "modality", "what"), _phantoms),
    "generators": (("name", "serves", "what", "source"), _generators),
    "tasks": (("name", "what", "baselines"), _tasks),
    "metrics": (("name", "axis", "unit", "what", "source"), _metrics),
    "protocols": (("name", "what"), _protocols),
    "failures": (("name", "modalities", "unit", "what", "matters from"), _failures),
    "instruments": (("name", "purpose", "items", "what", "source"), _instruments),
}
