"""The comparison of two runs as one HTML file that opens anywhere, offline."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.base import write_text
from synthassay.records.comparison import RunComparison
from synthassay.report.numbers import plain, probability, unit_words, with_interval
from synthassay.report.tables import DIRECTIONS, stratum_words


def write_comparison_page(found: RunComparison, path: Path) -> Path:
    """Write the comparison to ``path``; equal comparisons give equal bytes, and no case or patient is named.

    Returns:
        The path.

    Raises:
        RunError: It cannot be written.
    """
    loader = PackageLoader("synthassay.report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("comparison.html.j2").render(
        css=files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        found=found,
        value=lambda value, interval: "–" if value is None else " ".join(with_interval(value, interval)).strip(),
        plain=lambda value: "–" if value is None else plain(value),
        probability=lambda p: "–" if p is None else probability(p),
        stratum=stratum_words,
        unit=unit_words,
        direction=lambda row: DIRECTIONS[row.better],
    )
    write_text(path, page)
    return path
