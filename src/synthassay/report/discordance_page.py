"""Whether looking good means helping, as one HTML file that opens anywhere, offline."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.base import write_text
from synthassay.records.discordance import Discordance
from synthassay.report.numbers import listed, plain, probability, unit_words
from synthassay.report.quadrant import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, quadrant
from synthassay.report.tables import DIRECTIONS


def write_discordance_page(found: Discordance, path: Path) -> Path:
    """Write the page to ``path``; equal findings give equal bytes, and no case or patient is named.

    Returns:
        The path.

    Raises:
        RunError: It cannot be written.
    """
    loader = PackageLoader("synthassay.report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("discordance.html.j2").render(
        css=files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        found=found,
        quadrant=quadrant,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        tau=lambda row: "–" if row.tau is None else plain(row.tau, 2),
        ends=lambda interval: "" if interval is None else f"[{plain(interval.low, 2)}, {plain(interval.high, 2)}]",
        value=lambda spot: plain(spot.value),
        within=lambda i: "" if i is None else f"[{plain(i.low)}, {plain(i.high)}]",
        probability=lambda p: "–" if p is None else probability(p),
        unit=unit_words,
        reasons=_reasons,
        direction=lambda row: DIRECTIONS[row.better],
    )
    write_text(path, page)
    return path


def _reasons(without: dict[str, str]) -> list[tuple[str, str]]:
    """Each reason once, with the sets that it holds for."""
    sets: dict[str, list[str]] = {}
    for of, why in without.items():
        sets.setdefault(why, []).append(of)
    return [(why, listed(names)) for why, names in sets.items()]
