"""The pages and files that a review gives: drawings, pages that open anywhere offline, tables, and PRISMA's own CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.base import write_text
from synthassay.records.extraction import CATEGORIES
from synthassay.review.adding_up import WORDS
from synthassay.review.agreement import agreements
from synthassay.review.evidence import Evidence, Gap, gather
from synthassay.review.flow import Flow, build_flow
from synthassay.review.flow_figure import flow_svg
from synthassay.review.formats.parsed import Parsed, text_of
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import to_table
from synthassay.review.map_figure import map_svg
from synthassay.review.project import Project
from synthassay.review.screening import Screening
from synthassay.review.trend_figure import trend_svg
from synthassay.review.words import STAGE_WORDS

PRISMA_ROWS = {
    "previous_studies": "previous_studies", "previous_reports": "previous_reports", "database_results": "identified",
    "website_results": "other_identified", "duplicates": "duplicates", "excluded_automatic": "excluded_automatic",
    "excluded_other": "excluded_other", "records_screened": "screened", "records_excluded": "excluded",
    "dbr_sought_reports": "sought", "dbr_notretrieved_reports": "not_retrieved", "dbr_assessed": "assessed",
    "other_sought_reports": "other_sought", "other_notretrieved_reports": "other_not_retrieved",
    "other_assessed": "other_assessed", "new_studies": "included_studies", "new_reports": "included_reports",
    "total_studies": "total_studies", "total_reports": "total_reports",
}  # fmt: skip
"""Row of the PRISMA2020 package's CSV to our count."""
WAY_ROWS = {
    "website_results": "Websites",
    "organisation_results": "Organisations",
    "citations_results": "Citation searching",
}
"""Row of that CSV to the words of ``other_sources``."""


def write_flow(project: Project, out: Path) -> tuple[Path, ...]:
    """Write ``flow.svg``, ``flow.html`` and ``flow.csv``, or nothing where a count does not add up.

    Raises:
        DataError: As ``build_flow``.
    """
    flow = build_flow(project)
    figure = flow_svg(flow)
    page = _page(
        "flow.html.j2",
        plan=project.plan,
        flow=flow,
        figure=figure,
        words=WORDS,
        agreements=agreements(Screening(project)),
        stages=STAGE_WORDS,
    )
    return _written(out, {"flow.svg": figure, "flow.html": page, "flow.csv": prisma_table(flow)})


def write_evidence(project: Project, out: Path) -> tuple[Path, ...]:
    """Write ``map.svg``, ``trend.svg``, ``evidence.html``, ``map.csv`` and ``gap.json``.

    Raises:
        DataError: Nothing was extracted.
    """
    evidence = gather(project)
    drawn = {"map.svg": map_svg(evidence), "trend.svg": trend_svg(evidence)}
    page = _page(
        "evidence.html.j2",
        plan=project.plan,
        evidence=evidence,
        map=drawn["map.svg"],
        trend=drawn["trend.svg"],
        studies=list(_shown(evidence, project)),
        tables=list(_tables(project)),
    )
    gap = json.dumps([_gap(gap) for gap in evidence.gaps], indent=1) + "\n"
    return _written(out, {**drawn, "evidence.html": page, "map.csv": _map_table(evidence), "gap.json": gap})


def _page(template: str, **context: Any) -> str:
    environment = Environment(
        loader=PackageLoader("synthassay.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    css = files("synthassay.review").joinpath("templates/base.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(css=css, **context)


def _written(out: Path, texts: dict[str, str]) -> tuple[Path, ...]:
    for name, text in texts.items():
        write_text(out / name, text)
    return tuple(out / name for name in texts)


def prisma_table(flow: Flow) -> str:
    """Return the counts as the CSV of the R package PRISMA2020: ``data``, ``n``; empty where not reported.

    Reasons of exclusion stand as ``Reason, n; Reason, n``; a reason without a count stands alone.
    """
    cells = {row: _cell(flow.count(name)) for row, name in PRISMA_ROWS.items()} | _by_source(flow)
    rows = [{"data": row, "n": cell} for row, cell in cells.items()]
    named = (("database_specific_results", "databases"), ("register_specific_results", "registers"))
    for row, name in (*named, ("dbr_excluded", "full_text_reasons"), ("other_excluded", "other_full_text_reasons")):
        reasons = getattr(flow.counts, name)
        told = "; ".join(f"{words}, {n}" if n is not None else words for words, n in reasons.items())
        rows.append({"data": row, "n": told})
    return to_table(rows, ("data", "n"))


def _by_source(flow: Flow) -> dict[str, str]:
    """Registers apart from databases, and other ways apart from websites, where the flow tells them apart."""
    counts, found = flow.counts, {}
    registers = [n for n in counts.registers.values() if n is not None]
    if registers and len(registers) == len(counts.registers) and counts.identified is not None:
        found["register_results"] = _cell(sum(registers))
        found["database_results"] = _cell(counts.identified - sum(registers))
    ways = {row: counts.other_sources.get(words) for row, words in WAY_ROWS.items()}
    known = [n for n in ways.values() if n is not None]
    if known and sum(known) == counts.other_identified:
        found |= {row: _cell(n) for row, n in ways.items()}
    return found


def _cell(number: int | None) -> str:
    return "" if number is None else str(number)


def _shown(evidence: Evidence, project: Project) -> Iterable[dict[str, Any]]:
    rows = project.extractions()
    for study in (*evidence.studies, *evidence.reviews, *evidence.runs):
        record = next((project.records[name] for name in study.reports if name in project.records), None)
        yield {
            "name": study.name, "title": record.title if record else "", "design": study.design, "year": study.year,
            "modality": study.modality, "family": study.family, "task": study.task, "evaluation": study.evaluation,
            "evidence": [quote for name in study.reports if name in rows for quote in rows[name].evidence],
        }  # fmt: skip


def _map_table(evidence: Evidence) -> str:
    """One row per cell with a study or a run: the numbers behind the map."""
    columns = (
        "task", "modality", "architecture", "studies", "evaluation_not_extracted", "not_evaluated",
        *(axis.value for axis in CATEGORIES), "own_runs", "names",
    )  # fmt: skip
    rows = []
    for cell in sorted(evidence.cells.values(), key=lambda c: (c.task, c.modality, c.family or "")):
        known = cell.extracted
        rows.append(
            {
                "task": cell.task.value,
                "modality": cell.modality.value,
                "architecture": cell.family.value if cell.family else "not extracted",
                "studies": str(len(cell.studies)),
                "evaluation_not_extracted": str(len(cell.studies) - len(known)),
                "not_evaluated": str(sum(not s.evaluation for s in known)),
                **{axis.value: str(cell.judged(axis)) for axis in CATEGORIES},
                "own_runs": str(len(cell.runs)),
                "names": "; ".join(s.name for s in (*cell.studies, *cell.runs)),
            }
        )
    return to_table(rows, columns)


def _gap(gap: Gap) -> dict[str, Any]:
    def told(share: Any) -> dict[str, Any]:
        return {"count": share.count, "of": share.of, "interval": share.interval}

    return {
        "studies": gap.name,
        "extracted": gap.extracted,
        "not_extracted": gap.not_extracted,
        **{axis.value: told(share) for axis, share in gap.by.items()},
        "exactly": gap.patterns,
        "also": {words: told(share) for words, share in gap.also.items()},
    }


def _tables(project: Project) -> Iterable[dict[str, Any]]:
    """Tables of ``tables/*.csv``, shown below the evidence; the file's name is the title."""
    for file in sorted((project.path / "tables").glob("*.csv")):
        rows = rows_of(text_of(file.read_bytes(), Parsed()))
        if rows:
            head = [name.capitalize() for name in rows[0]]
            title = file.stem.replace("-", " ").capitalize()
            yield {"title": title, "head": head, "rows": [[row.get(n, "") for n in rows[0]] for row in rows]}
