"""A reporting checklist filled from a run, as one HTML file to print and to complete."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.appraisal import Appraisal
from synthassay.records.base import write_text
from synthassay.report.appraisal import shown
from synthassay.report.contents import Contents


def write_reporting_page(appraisal: Appraisal, about: str, contents: Contents, path: Path) -> Path:
    """Write the table: each item with where the run has it, and a space where only the paper can tell.

    Args:
        appraisal: The filled checklist.
        about: What the checklist is for.
        contents: The run, for its title and for the names that must not be shown.
        path: Where to write.

    Raises:
        RunError: It cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("synthassay.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template("reporting.html.j2").render(
        css=files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        appraisal=shown(appraisal, contents.run, contents.pseudonyms()),
        about=about,
        title=contents.study.title if contents.study else "Synthetic images judged against real ones",
    )
    write_text(path, page)
    return path
