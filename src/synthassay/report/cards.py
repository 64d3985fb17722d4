"""A model card for each generator, a datasheet of the synthetic images, and a methods paragraph, as Markdown.

What a run knows is written out; what only its authors know is marked as theirs to write. Forms: Mitchell et al. 2019,
arXiv:1810.03993 (model cards); Gebru et al. 2021, arXiv:1803.09010 (datasheets).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.base import write_text
from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Axis, Split
from synthassay.report.contents import Contents
from synthassay.report.findings import shown
from synthassay.report.numbers import count, listed, unit_words
from synthassay.report.origin import cohort_view
from synthassay.report.requirements import requirements
from synthassay.report.story import limits
from synthassay.report.tables import direction_words, stratum_words

AUTHORS = "*To be written by the authors:*"
SIDES = {
    Split.TRAIN: "training",
    Split.VALIDATION: "validation",
    Split.TEST: "testing",
    Split.EXTERNAL: "external tests",
}
MOST = 40  # measures that a card lists
PER_AXIS = 8


def write_cards(contents: Contents, folder: Path) -> list[Path]:
    """Write ``methods.md``, ``datasheet.md`` and ``model-card-<set>.md`` of every generator; equal runs, equal bytes.

    Subjects and cases stand nowhere in them.

    Returns:
        What was written.

    Raises:
        RunError: A file cannot be written.
    """
    names = contents.pseudonyms()
    common = _common(contents, names)
    written = {
        "methods.md": _render("methods.md.j2", common),
        "datasheet.md": _render("datasheet.md.j2", common | {"sets": [_set(contents, of) for of in contents.judged]}),
    }
    for of in contents.generators:
        facts = {"card": _set(contents, of), "measures": _measures(contents, names, of)}
        written[f"model-card-{of}.md"] = _render("model_card.md.j2", common | facts)
    for name, text in written.items():
        write_text(folder / name, text)
    return [folder / name for name in written]


def _common(contents: Contents, names: Pseudonyms) -> dict[str, Any]:
    """What all of the texts may use."""
    study, lock, cohort = contents.study, contents.lock, contents.cohort
    counts = {split: (len(cohort.subjects(split)), len(cohort.of(split))) for split in Split} if cohort else {}
    asked_for = requirements(contents, names)
    rows = [m for m in contents.measurements if m.value is not None and m.of in contents.judged]
    return {
        "authors": AUTHORS,
        "study": study,
        "lock": lock,
        "cohort": cohort_view(cohort, names) if cohort else None,
        "splits": [
            f"{count(s, 'subject')} ({count(c, 'case')}) for {SIDES[split]}" for split, (s, c) in counts.items() if s
        ],
        "listed": listed,
        "generators": [_set(contents, of) for of in contents.generators],
        "baselines": list(contents.baselines),
        "controls": list(contents.controls),
        "protocol": contents.requirements.protocol if contents.requirements else "",
        "required": len(asked_for),
        "met": sum(requirement.met for requirement in asked_for),
        "by_axis": [(axis.value, found) for axis in Axis if (found := _named(m for m in rows if m.axis is axis))],
        "intervals": list(dict.fromkeys(m.interval.method for m in rows if m.interval)),
        "sources": list(dict.fromkeys(m.source for m in rows)),
        "packages": _packages(contents),
        "limits": limits(contents, asked_for),
        "measurements_sha256": contents.measurements_sha256,
    }


def _set(contents: Contents, of: str) -> dict[str, Any]:
    """What is known of one set and of who made it."""
    manifest = contents.manifests.get(of)
    spec = next((g for g in contents.study.generators if g.label == of), None) if contents.study else None
    lines = contents.training.get(of, ())
    return {
        "name": of,
        "family": manifest.family if manifest else spec.family if spec else "",
        "settings": [f"{k} = {json.dumps(v)}" for k, v in sorted(spec.settings.items())] if spec else [],
        "images": len(manifest.images) if manifest else 0,
        "labels": _labels(contents, of),
        "format": manifest.format if manifest else "",
        "unit": manifest.unit if manifest else "",
        "weights": manifest.weights_sha256 if manifest else "",
        "subjects": manifest.training_subjects_sha256 if manifest else "",
        "images_seen": lines[-1].images_seen if lines else 0,
    }


def _labels(contents: Contents, of: str) -> list[str]:
    counts: dict[str, int] = {}
    for image in contents.manifests[of].images if of in contents.manifests else ():
        if image.label:
            counts[image.label] = counts.get(image.label, 0) + 1
    return [f"{number} {label}" for label, number in sorted(counts.items())]


def _measures(contents: Contents, names: Pseudonyms, of: str) -> list[dict[str, str]]:
    """A card's table: of each axis the first measures, whole rows alone."""
    found = []
    for axis in Axis:
        rows = [m for m in contents.measurements if m.of == of and m.axis is axis and m.value is not None]
        whole = [m for m in rows if not m.stratum] or rows
        found += [
            {
                "axis": axis.value,
                "title": names.scrub(m.title + (f", {stratum_words(m.stratum)}" if m.stratum else "")),
                "value": f"{shown(m)} {unit_words(m.unit)}".strip(),
                "direction": direction_words(m),
                "over": count(m.n, "case") + (f", {count(m.subjects, 'subject')}" if m.subjects else ""),
            }
            for m in whole[:PER_AXIS]
        ]
    return found[:MOST]


def _named(rows: Iterable[Measurement]) -> list[str]:
    return list(dict.fromkeys(row.title for row in rows))


def _packages(contents: Contents) -> list[str]:
    named = contents.lock.packages if contents.lock else {}
    return [f"{name} {version}" for name, version in sorted(named.items())]


def _render(name: str, facts: dict[str, Any]) -> str:
    return _environment().get_template(name).render(**facts).strip() + "\n"


@cache
def _environment() -> Environment:
    # Markdown, not HTML: a text of the study could only ever format itself, and nothing renders it here.
    return Environment(
        loader=PackageLoader("synthassay.report"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
