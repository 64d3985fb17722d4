"""What the failure bench found, as one page: what a protocol sees where it matters, the heat map, and every curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.base import write_text
from synthassay.records.bench import FailureBench, InjectedFailure, Response, Sight
from synthassay.report.heat_map import heat_map
from synthassay.report.power_curves import FRAME, PowerCurves, power_curves

PAGE = "failures.html"


@dataclass(frozen=True)
class FailureView:
    """One failure as the page shows it.

    Attributes:
        best: Responses that see it, the most sensitive first.
        blind: Measures tried that never see it.
    """

    failure: InjectedFailure
    sight: Sight
    curves: PowerCurves
    responses: tuple[Response, ...]
    blind: tuple[str, ...]


def build_failure_page(bench: FailureBench, out: Path) -> Path:
    """Write ``failures.html``: one file that opens anywhere, offline.

    Args:
        bench: What was found.
        out: Folder to write to.

    Returns:
        Path of the page.
    """
    path = out / PAGE
    write_text(path, _environment().get_template("failures.html.j2").render(**_context(bench)))
    return path


def heat_map_picture(bench: FailureBench) -> str:
    """Return the map of measures against failures as SVG."""
    return _environment().get_template("_heat_map.svg.j2").render(map=heat_map(bench, frozenset(bench.required)))


def verdict_lines(bench: FailureBench) -> list[str]:
    """Return what the bench says of the protocol, and of others of its kind, as sentences for people."""
    lines = _sight_lines(bench, bench.protocol, bench.sights)
    for name, sights in bench.others.items():
        lines += _sight_lines(bench, name, sights)
    alarms = [r.false_alarms for r in bench.responses if r.false_alarms is not None]
    if alarms:
        lines.append(
            f"False alarms on undamaged real images: {sum(alarms) / len(alarms):.1%} on average over "
            f"{len(alarms)} pairs of measure and failure, {max(alarms):.1%} at most; thresholds were set for "
            f"{bench.level:.0%}."
        )
    return lines


def _sight_lines(bench: FailureBench, protocol: str, sights: Sequence[Sight]) -> list[str]:
    blind = [s for s in sights if s.blind]
    title = {failure.name: failure.title for failure in bench.failures}
    lines = [
        f"The {protocol} protocol sees {len(sights) - len(blind)} of {len(sights)} injected failures at the severity "
        "where they would matter to a patient, or before."
    ]
    if blind:
        lines.append("It is blind there to: " + ", ".join(title[s.failure].lower() for s in blind) + ".")
    dominant = [s for s in sights if s.dominant]
    for mode in dict.fromkeys(s.mode for s in dominant):
        found = [s for s in dominant if s.mode == mode]
        seen = sum(not s.blind for s in found)
        lines.append(
            f"Dominant failure mode of its images, “{mode}”: {seen} of {len(found)} ways of it are seen in time."
        )
    return lines


def ordered(responses: Sequence[Response]) -> list[Response]:
    """Responses with a curve, the most sensitive first."""
    shown = [r for r in responses if not r.not_measured]
    return sorted(shown, key=lambda r: (r.first_seen is None, r.first_seen or 0.0, r.metric))


def _context(bench: FailureBench) -> dict[str, Any]:
    views = []
    for failure, sight in zip(bench.failures, bench.sights, strict=True):
        found = ordered([r for r in bench.responses if r.failure == failure.name])
        views.append(
            FailureView(
                failure=failure,
                sight=sight,
                curves=power_curves(failure, found, bench.power),
                responses=tuple(found),
                blind=tuple(sorted(r.metric for r in found if r.first_seen is None)),
            )
        )
    return {
        "css": files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        "bench": bench,
        "lines": verdict_lines(bench),
        "views": views,
        "frame": FRAME,
        "map": heat_map(bench, frozenset(bench.required)),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("synthassay.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = lambda value: "–" if value is None else f"{value:.2f}"
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:.4g}"
    return environment
