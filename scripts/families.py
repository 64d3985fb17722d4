"""Keep what each family was measured to do and write the page and the gallery that compare them.

python scripts/families.py collect runs/families-xray runs/xray-gans   # records and sheets into docs/results/families/
python scripts/families.py page                                        # docs/reference/families.md
python scripts/families.py gallery                                     # docs/results/families/gallery.html
"""

from __future__ import annotations

import io
import json
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from families_gallery import gallery
from families_page import KEY_MEASURES, page
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "results" / "families"
PAGE = ROOT / "docs" / "reference" / "families.md"
GALLERY = KEPT / "gallery.html"
REASONS = KEPT / "not-measured.toml"
DIGITS = 4
LARGEST_SHEET = 28_000  # bytes: eighty sheets stay below three megabytes
COLUMNS, GRID_COLUMNS, GAP = 4, 8, 4  # pictures of a row kept; of a row of grid.png; white pixels between them
SHORTEST_NAME = 4  # a shorter case name is a number that measures hold by chance
MACHINE = ("device", "threads", "platform", "python", "software", "git")


def collect(run: Path, kept: Path = KEPT) -> dict[str, Any]:
    """Keep one run: a record without names of patients, and a sheet of each generator.

    Args:
        run: Folder of a whole run, or of kept measurements of an older one, whose costs were not recorded.
        kept: Folder of the kept records.

    Raises:
        SystemExit: A name of a case or a subject would be kept.
    """
    spec = run / "study.toml"
    spec = spec if spec.exists() else ROOT / "studies" / f"{run.name}.toml"
    study = tomllib.loads(spec.read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (run / "measurements.jsonl").read_text(encoding="utf-8").splitlines()]
    place = kept / run.name
    place.mkdir(parents=True, exist_ok=True)
    trained = {g.get("name", g["family"]): g for g in study.get("generators", [])}
    sets = []
    for of in dict.fromkeys(row["of"] for row in rows):
        settings = {k: v for k, v in trained.get(of, {}).items() if k not in {"name", "family"}}
        sets.append(
            {
                "name": of,
                "family": trained.get(of, {}).get("family", of),
                "settings": settings,
                **_cost(run, of),
                "alarms": _alarms(run, of),
                "sheet": _sheet(run, of, place),
                "measured": [_measured(row) for row in rows if row["of"] == of and row["value"] is not None],
                "not_measured": _missing(rows, of, study["task"]),
            }
        )
    record = {
        "schema_version": 1,
        "study": run.name,
        "title": study["title"],
        "modality": study["modality"],
        "task": study["task"],
        "data": study["data"].get("source", run.name),
        "seed": study["seed"],
        **_trained_on(run),
        "machine": _machine(run),
        "sets": sets,
        "comparisons": _comparisons(run, study["task"]),
    }
    text = json.dumps(_rounded(record), separators=(",", ":"), ensure_ascii=False) + "\n"
    if found := sorted(name for name in _names(run) if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)):
        sys.exit(f"{run}: would keep the name of a patient ({found[0]!r}). Nothing was written; mend the record.")
    (place / "record.json").write_text(text, encoding="utf-8")
    return record


def kept_records(kept: Path = KEPT) -> list[dict[str, Any]]:
    """All records that are kept, by study."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(kept.glob("*/record.json"))]


def reasons(path: Path = REASONS) -> dict[str, dict[str, str]]:
    """Task to family to why nothing was measured."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def drop_reasons(text: str, measured: Iterable[tuple[str, str]]) -> str:
    """Return the text of the reasons without those of (task, family) that have been measured."""
    gone, task, lines = set(measured), "", []
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            task = heading[1]
        family = line.partition(" = ")[0]
        if (task, family) not in gone:
            lines.append(line)
    return "\n".join(lines) + "\n"


def costs(lines: Iterable[str], of: str) -> dict[str, float | None]:
    """Add up the stages of one generator; a stage that was resumed has several lines, and all of them were spent.

    Returns:
        Seconds and processor seconds of training, seconds of sampling, peak memory of training in MiB; None where
        no stage was recorded.
    """
    sums: dict[str, float] = defaultdict(float)
    peak = None
    for line in map(json.loads, lines):
        if line["of"] != of:
            continue
        if line["stage"] == "train":
            sums["train_seconds"] += line["seconds"]
            sums["train_cpu_seconds"] += line.get("cpu_seconds") or 0.0
            peak = max(peak or 0.0, line.get("peak_mib") or 0.0)
        elif line["stage"] == "synthesise":
            sums["sample_seconds"] += line["seconds"]
    found = {name: sums.get(name) for name in ("train_seconds", "train_cpu_seconds", "sample_seconds")}
    return {**found, "peak_mib": peak}


def sheet(grid: bytes, columns: int, largest: int = LARGEST_SHEET) -> bytes:
    """Return a small JPEG of the first pictures of each row of a run's ``grid.png``, which the seed has drawn.

    Args:
        grid: PNG of rows of equal pictures.
        columns: Pictures in its longest row.
        largest: Bytes not to be passed.
    """
    with Image.open(io.BytesIO(grid)) as opened:
        image = opened.convert("RGB")
    step = (image.width - GAP) // columns
    image = image.crop((0, 0, GAP + min(columns, COLUMNS) * step, image.height))
    for quality in range(88, 20, -6):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= largest:
            break
    return out.getvalue()


def _sheet(run: Path, of: str, place: Path) -> dict[str, Any] | None:
    grid, manifest = run / "evaluation" / of / "grid.png", run / "synthetic" / of / "manifest.json"
    if not (grid.exists() and manifest.exists()):
        return None
    labels = [one["label"] for one in json.loads(manifest.read_text(encoding="utf-8"))["images"]]
    columns = min(GRID_COLUMNS, max(labels.count(label) for label in set(labels)))
    jpeg = sheet(grid.read_bytes(), columns)
    (place / f"{of}.jpg").write_bytes(jpeg)
    with Image.open(io.BytesIO(jpeg)) as image:
        return {"file": f"{of}.jpg", "width": image.width, "height": image.height, "labels": sorted(set(labels))}


def _cost(run: Path, of: str) -> dict[str, Any]:
    timing, manifest = run / "timing.jsonl", run / "synthetic" / of / "manifest.json"
    found: dict[str, Any] = dict(costs(timing.read_text().splitlines() if timing.exists() else (), of))
    made = len(json.loads(manifest.read_text(encoding="utf-8"))["images"]) if manifest.exists() else None
    return {**found, "images_made": made, "parameters": _parameters(run / "model" / of)}


def _parameters(model: Path) -> int | None:
    """Numbers that training changes; each once, though two phases may share it."""
    if not (model / "weights.safetensors").exists():
        return None
    from synthassay.generators.stored import load_generator

    phases = load_generator(model).phases().values()
    return sum(p.numel() for p in {id(p): p for phase in phases for p in phase.parameters()}.values())


def _alarms(run: Path, of: str) -> list[str]:
    path = run / "model" / of / "training.jsonl"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines() if path.exists() else ())
    return list(dict.fromkeys(alarm for line in lines for alarm in line.get("alarms", ())))


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    interval = row["interval"] and [row["interval"]["low"], row["interval"]["high"]]
    kept = ("metric", "title", "axis", "stratum", "value", "n", "subjects", "floor", "unit", "better", "target")
    bound = {"bound": row["settings"]["bound"]} if row["settings"].get("bound", "none") != "none" else {}
    return {**{k: row[k] for k in kept}, "interval": interval, **bound}


def _missing(rows: list[dict[str, Any]], of: str, task: str) -> dict[str, str]:
    wanted = {metric for metric, _ in KEY_MEASURES[task]}
    return {
        r["metric"]: r["not_measured"] for r in rows if r["of"] == of and r["value"] is None if r["metric"] in wanted
    }


def _comparisons(run: Path, task: str) -> list[dict[str, Any]]:
    path = run / "evaluation" / "comparisons.json"
    found = json.loads(path.read_text(encoding="utf-8"))["comparisons"] if path.exists() else []
    return [
        {
            **{k: c[k] for k in ("metric", "stratum", "of", "against", "difference", "better")},
            "interval": [c["interval"]["low"], c["interval"]["high"]],
        }
        for c in found
        if (c["metric"], c["stratum"]) == KEY_MEASURES[task][0] and c["interval"]
    ]


def _cases(run: Path) -> list[dict[str, Any]]:
    path = run / "cohort.json"
    return json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else []


def _trained_on(run: Path) -> dict[str, int | None]:
    path = run / "cohort.json"
    if not path.exists():
        return {"training_cases": None, "training_subjects": None}
    cohort = json.loads(path.read_text(encoding="utf-8"))
    splits = cohort.get("splits") or cohort.get("split") or {}
    train = [c for c in cohort["cases"] if (c.get("split") or splits.get(c["subject"])) == "train"]
    return {"training_cases": len(train), "training_subjects": len({c["subject"] for c in train})}


def _machine(run: Path) -> dict[str, Any]:
    path = run / "lock.json"
    lock = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: lock[name] for name in MACHINE if name in lock}


def _names(run: Path) -> set[str]:
    names = {case[key] for case in _cases(run) for key in ("case", "subject", "session") if case.get(key)}
    return {name for name in names if len(name) >= SHORTEST_NAME and not name.isdigit()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def write(what: str) -> None:
    """Write the page or the gallery from the kept records."""
    records = kept_records()
    if what == "page":
        PAGE.write_text(page(records, reasons()), encoding="utf-8")
    else:
        GALLERY.write_text(gallery(records), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["collect"] and len(sys.argv) > 2:
        for folder in sys.argv[2:]:
            got = collect(Path(folder))
            measured = {(got["task"], one["family"]) for one in got["sets"]}
            REASONS.write_text(drop_reasons(REASONS.read_text(encoding="utf-8"), measured), encoding="utf-8")
    elif sys.argv[1:] in (["page"], ["gallery"]):
        write(sys.argv[1])
    else:
        sys.exit(__doc__)
