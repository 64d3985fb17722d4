"""Where appraisal and report meet: reporting tables of a run, and appraisals of several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument
from synthassay.appraise.writing import table
from synthassay.errors import RunError, UnknownName
from synthassay.records.appraisal import APPRAISAL, Appraisal, AppraisalList
from synthassay.records.base import write_text
from synthassay.records.instrument import Instrument, Purpose
from synthassay.report.cards import write_cards
from synthassay.report.contents import read_contents
from synthassay.report.reporting_page import write_reporting_page
from synthassay.report.risk_page import write_risk_page

REPORTING = "reporting"
TABLES = ("claim", "stard-ai", "tripod-ai")


def write_reporting(run: Path, name: str) -> list[Path]:
    """Write a filled reporting table with the cards and the methods text that it points at, under ``RUN/reporting``.

    Answers that people gave to the instrument before (``appraisal.json``) are kept where the run has not changed.

    Args:
        run: Run folder.
        name: ``claim``, ``stard-ai`` or ``tripod-ai``.

    Raises:
        UnknownName: It is none of these.
        RunError: It is not a run folder, or a file cannot be written.
    """
    if name not in TABLES:
        raise UnknownName("reporting checklist", name, TABLES)
    asked = instrument(name)
    contents = read_contents(run)
    filled = _kept(run, asked) or appraise(read_dossier(run), asked)
    folder = run / REPORTING
    page = write_reporting_page(filled, asked.about, contents, folder / f"{asked.name}.html")
    rows = folder / f"{asked.name}.csv"
    write_text(rows, table([filled]))
    return [page, rows, *write_cards(contents, folder)]


def write_side_by_side(runs: Sequence[Path], name: str, out: Path) -> list[Path]:
    """Write traffic lights, summary, table and page of several runs' appraisals by one instrument.

    Raises:
        RunError: A run was not appraised with this instrument, or a file cannot be written.
        UnknownName: There is no such instrument, or it judges no domains.
    """
    asked = instrument(name)
    if asked.purpose is not Purpose.RISK:
        raise UnknownName("instrument of risk of bias", name, ("generative-imaging", "probast-ai"))
    rows = [(run.resolve().name, _needed(run, asked)) for run in runs]
    csv = out / "appraisals.csv"
    write_text(csv, table([appraisal for _, appraisal in rows], [name for name, _ in rows]))
    return [*write_risk_page(rows, out), csv]


def _kept(run: Path, asked: Instrument) -> Appraisal | None:
    found = _appraised(run, asked)
    current = found is not None and found.run_sha256 == read_dossier(run, found.judged).digest
    return found if current else None


def _needed(run: Path, asked: Instrument) -> Appraisal:
    found = _appraised(run, asked)
    if found is None:
        remedy = f"First: synthassay appraise {run} --instrument {asked.name}"
        raise RunError(str(run), "was not appraised with this instrument", value=asked.name, remedy=remedy)
    return found


def _appraised(run: Path, asked: Instrument) -> Appraisal | None:
    place = run / APPRAISAL
    if not place.is_file():
        return None
    appraisals = AppraisalList.read(place).appraisals
    wanted = (a for a in appraisals if a.instrument == asked.name and a.instrument_sha256 == asked.digest())
    return next(wanted, None)
