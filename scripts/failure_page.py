"""Keep what the failure bench found and write the page that people cite from it.

python scripts/failure_page.py collect bench-ct bench-mri   # rounded records, pages and maps into docs/results/
python scripts/failure_page.py protocols                    # judges kept responses by the protocols of today
python scripts/failure_page.py page                         # docs/reference/failure-bench.md and the README's lines
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from synthassay.bench.sight import sights
from synthassay.evaluate.fixtures import takes_minutes
from synthassay.evaluate.metric import METRICS
from synthassay.protocols import PROTOCOLS
from synthassay.records.bench import FailureBench
from synthassay.report.failure_bench import build_failure_page, heat_map_picture, verdict_lines

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "results" / "failure-bench"
PAGE = ROOT / "docs" / "reference" / "failure-bench.md"
OPENING = ROOT / "docs" / "results" / "failure-bench" / "opening.txt"
DIGITS = 4


def collect(folder: Path) -> None:
    """Keep one bench: its record with four digits, its page and its map."""
    raw = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    bench = FailureBench.model_validate(_rounded(raw))
    place = KEPT / bench.protocol
    place.mkdir(parents=True, exist_ok=True)
    (place / "bench.json").write_text(json.dumps(_rounded(raw), separators=(",", ":")) + "\n", encoding="utf-8")
    (place / "map.svg").write_text(heat_map_picture(bench) + "\n", encoding="utf-8")
    build_failure_page(bench, place)


def judge_again(path: Path) -> None:
    """Put today's requirements in place of those of the day of the bench; nothing is tried anew.

    Raises:
        SystemExit: A requirement has come that the bench would try: then the bench must be run again.
    """
    bench = FailureBench.read(path)
    protocol = PROTOCOLS.get(bench.protocol)
    required = tuple(r.metric for r in protocol.requirements if not r.missing)
    come = [name for name in required if name not in bench.required and _tried(METRICS.get(name).needs)]
    if come:
        sys.exit(f"{path}: {', '.join(come)} must be tried first: {bench.command}")
    found = tuple(sights(protocol, bench.failures, bench.responses))
    if required != bench.required or found != bench.sights:
        record = bench.model_copy(update={"required": required, "sights": found}).model_dump(mode="json")
        path.write_text(json.dumps(_rounded(record), separators=(",", ":")) + "\n", encoding="utf-8")


def _tried(needs: tuple[str, ...]) -> bool:
    """Whether the bench tries a measure: none that trains for minutes, none of images with a source, as it has none."""
    return not takes_minutes(needs) and "source" not in needs


def kept() -> list[FailureBench]:
    """All benches that are kept, by protocol."""
    return [FailureBench.read(path) for path in sorted(KEPT.glob("*/bench.json"))]


def page(benches: list[FailureBench]) -> str:
    """The whole page."""
    return "\n".join([OPENING.read_text(encoding="utf-8"), *(section(bench) for bench in benches)])


def section(bench: FailureBench) -> str:
    """What was found of one protocol."""
    lines = [f"## {bench.protocol}\n", *(f"{line}\n" for line in verdict_lines(bench))]
    lines.append(
        f"{bench.images} images of {bench.subjects} patients, `{bench.source}`. "
        f"[All numbers and curves](../results/failure-bench/{bench.protocol}/failures.html); the same again:\n\n"
        f"```sh\n{bench.command}\n```\n"
    )
    lines += [f"{note}\n" for note in bench.notes if note.startswith(("Of each", "The images do not state"))]
    lines.append("| failure | matters from | first seen by the protocol | by | in time |\n|---|---|---|---|---|")
    for failure, sight in zip(bench.failures, bench.sights, strict=True):
        first = "never" if sight.first_seen is None else f"{sight.first_seen:g}"
        dominant = " **(dominant mode)**" if sight.dominant else ""
        by = f"`{sight.by}`" if sight.by else ""
        lines.append(
            f"| {failure.title}{dominant} | {failure.matters_at:g} {failure.unit} | {first} | {by} | "
            f"{'no' if sight.blind else 'yes'} |"
        )
    for name, why in bench.not_tried.items():
        lines.append(f"| {name.replace('_', ' ').capitalize()} | not tried: {why} | | | |")
    lines.append(
        f"\n![Measures against failures: {bench.protocol}](../results/failure-bench/{bench.protocol}/map.svg)\n"
    )
    return "\n".join(lines)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    if sys.argv[1:2] == ["collect"]:
        for name in sys.argv[2:]:
            collect(Path(name))
    elif sys.argv[1:] == ["protocols"]:
        for path in sorted(KEPT.glob("*/bench.json")):
            judge_again(path)
    elif sys.argv[1:] == ["page"]:
        PAGE.write_text(page(kept()), encoding="utf-8")
    else:
        sys.exit(__doc__)
