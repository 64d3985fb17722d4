"""Appraisals of several runs side by side, as one HTML file and two plots that stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.appraisal import Appraisal
from synthassay.records.base import write_text
from synthassay.report.risk_plots import kind_of, risk_summary, traffic_light

PAGE, LIGHTS, SUMMARY = "appraisals.html", "traffic-light.svg", "summary.svg"


def write_risk_page(rows: Sequence[tuple[str, Appraisal]], out: Path) -> list[Path]:
    """Write the page and the plots; equal appraisals give equal bytes.

    Args:
        rows: Name of each run with its appraisal, all by one instrument that judges domains.
        out: Folder to write into.

    Returns:
        Paths of page, traffic lights and summary.

    Raises:
        ValueError: The appraisals cannot be drawn side by side.
        RunError: A file cannot be written.
    """
    lights, summary = traffic_light(rows), risk_summary(rows)
    environment = Environment(
        loader=PackageLoader("synthassay.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template("appraisals.html.j2").render(
        css=files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        first=rows[0][1],
        rows=rows,
        lights=lights,
        summary=summary,
        kind_of=kind_of,
    )
    written = {PAGE: page, LIGHTS: lights, SUMMARY: summary}
    for name, text in written.items():
        write_text(out / name, text)
    return [out / name for name in written]
