"""One self-contained HTML file from a run folder."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from synthassay.records.base import sha256_of, write_text
from synthassay.report.album import LARGEST_SUM, Album
from synthassay.report.appraisal import appraisals, scorecard
from synthassay.report.contents import MEASUREMENTS, Contents, read_contents
from synthassay.report.curves import FRAME, training
from synthassay.report.external import external_view
from synthassay.report.findings import findings
from synthassay.report.glossary import WORDS, measures
from synthassay.report.learning_curves import FRAME as LEARNING_FRAME
from synthassay.report.learning_curves import learning_curves
from synthassay.report.origin import cohort_view, inputs, manifest_views
from synthassay.report.reader_study import FRAME as READER_FRAME
from synthassay.report.reader_study import reader_study
from synthassay.report.requirements import requirements
from synthassay.report.story import answer, limits, task_of
from synthassay.report.tables import KINDS, PLOT_WIDTH, axis_tables, kind_of

REPORT, KEY = "report.html", "pseudonyms.json"
OUTSIDE_TITLE = "Synthetic images judged against real ones"
OUTSIDE_QUESTION = "What are these images, made elsewhere, worth?"


def build_report(run: Path, pictures: int = LARGEST_SUM) -> Path:
    """Write ``report.html`` into a run folder, and beside it ``pseudonyms.json``, which only its holder should keep.

    Equal run folders give equal bytes: neither the time nor the folder's place is in the report.

    Args:
        run: Run folder in which at least ``measurements.jsonl`` was written.
        pictures: Most bytes of pictures to embed, by rank over all sets; what is left out is said in its place.

    Returns:
        Path of the report.

    Raises:
        RunError: The folder holds no measurements, or one of its files is damaged; the message names it.
        SpecError: The study file in it cannot be followed.
    """
    contents = read_contents(run)
    page = _template().render(**_context(contents, pictures))
    write_text(run / KEY, json.dumps(contents.pseudonyms().table(), indent=1, ensure_ascii=False) + "\n")
    write_text(run / REPORT, page)
    return run / REPORT


def _context(contents: Contents, pictures: int) -> dict[str, Any]:
    """Everything that the template may show; it looks nothing up by itself."""
    names = contents.pseudonyms()
    album = Album(contents, names, pictures)
    found = findings(contents, names)
    asked_for = requirements(contents, names)
    study, lock = contents.study, contents.lock
    return {
        "css": files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        "title": study.title if study else OUTSIDE_TITLE,
        "question": study.question if study else OUTSIDE_QUESTION,
        "study": study,
        "study_text": names.scrub(contents.study_text),
        "answer": answer(contents, found, asked_for, names),
        "verdicts": [v for v in contents.verdicts if v.of in (contents.generators or contents.baselines)],
        "requirements": asked_for,
        "task": task_of(contents),
        "tables": axis_tables(contents, names),
        "plot_width": PLOT_WIDTH,
        "kinds": KINDS,
        "controls": contents.controls,
        "kind_of": lambda of: kind_of(of, contents),
        "judged": contents.judged,
        "findings": found,
        "samples": album.samples(),
        "samples_left_out": album.samples_left_out(),
        "cases": album.cases(),
        "neighbours": album.neighbours(),
        "frame": FRAME,
        "learning": learning_curves(contents),
        "learning_frame": LEARNING_FRAME,
        "external": external_view(contents, names),
        "readers": reader_study(contents.reader_result) if contents.reader_result else None,
        "reader_frame": READER_FRAME,
        "trainings": [training(of, lines) for of, lines in contents.training.items()],
        "cohort": cohort_view(contents.cohort, names) if contents.cohort else None,
        "manifests": manifest_views(contents.manifests, contents.judged),
        "inputs": inputs(contents, names),
        "lock": lock,
        "command": names.scrub(lock.command) if lock else "",
        "measurements_file": MEASUREMENTS,
        "measurements_sha256": contents.measurements_sha256,
        "cohort_sha256": contents.cohort.digest() if contents.cohort else "",
        "study_sha256": sha256_of(contents.run / "study.toml") if study else "",
        "appraisals": appraisals(contents.run, names),
        "scorecard": scorecard(contents.run, names),
        "limits": limits(contents, asked_for),
        "measures": measures(contents, names),
        "words": WORDS,
    }


@cache
def _template() -> Template:
    loader = PackageLoader("synthassay.report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")
