"""Keep what is small of the runs of ``studies/`` and write the README's tables from it.

python scripts/results.py collect runs/ct-low-dose     # measurements, report and a picture into docs/results/
python scripts/results.py tables                       # the tables between the README's markers
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
BEGIN, END = "<!-- results: python scripts/results.py tables -->", "<!-- end of results -->"
LARGEST_REPORT, LARGEST_MEASUREMENTS = 3_000_000, 1_000_000
PAGES = ("report.html", "discordance.html")
OF_SETS = (
    "frechet_distance", "coverage", "tstr_auc", "auc_gain", "copied_images", "membership_inference",
)  # fmt: skip
SHOWN = {
    "xray-utility": ("rectified_flow", OF_SETS),
    "hippocampus-utility": ("pgan", ("frechet_distance", "coverage", "tstr_dice", "dice_gain", "segmentation_worth")),
    "mri-t1-to-t2": ("pgan", ("mae", "psnr", "ssim", "lost_lesions")),
    "ct-low-dose": ("pgan", ("hu_error", "psnr", "ssim", "lesion_detectability")),
}
SAMPLES = {
    "mr-to-ct-unpaired": "structure_cyclegan",
    "stain-five-scanners": "disentangled_vae",
    "hippocampus-latent": "latent_diffusion",
}
LARGEST_PICTURE = 150_000
STRATA = {
    "lesion_detectability": ("", "gain over the source"),
    "auc_gain": tuple(f"real={share}%, ratio=1" for share in (1, 5, 25, 100)),
    "dice_gain": ("real=1%, ratio=4", "real=5%, ratio=4", "real=100%, ratio=1"),
    **dict.fromkeys(("frechet_distance", "coverage", "membership_inference", "tstr_dice"), ("",)),
}


def collect(run: Path) -> None:
    """Copy a run's measurements, its report and the sample of the first generator."""
    place = RESULTS / run.name
    place.mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        (place / page).unlink(missing_ok=True)
        if not (run / page).exists():
            continue
        if (run / page).stat().st_size > LARGEST_REPORT:
            sys.stderr.write(f"{run / page}: is larger than {LARGEST_REPORT / 1e6:g} MB; not kept\n")
        else:
            shutil.copyfile(run / page, place / page)
    rows = [json.loads(line) for line in (run / "measurements.jsonl").read_text().splitlines()]
    whole = (run / "measurements.jsonl").stat().st_size <= LARGEST_MEASUREMENTS
    kept = rows if whole else [{**row, "per_case": {}} for row in rows]  # single images stay in the run folder
    (place / "measurements.jsonl").write_text("".join(f"{json.dumps(r, ensure_ascii=False)}\n" for r in kept))
    first = SAMPLES.get(run.name) or SHOWN.get(run.name, ("", ()))[0]
    if first:
        keep_picture(run / "evaluation" / first / "grid.png", place / "sample.png")
    if (run / "evaluation" / "external.png").exists():
        keep_picture(run / "evaluation" / "external.png", place / "external.png")


def keep_picture(path: Path, kept: Path) -> None:
    """Copy a picture; one that is too large with 64 colours, enough to see what a sample looks like."""
    if path.stat().st_size <= LARGEST_PICTURE:
        shutil.copyfile(path, kept)
        return
    from PIL import Image

    Image.open(path).convert("RGB").quantize(64).save(kept, optimize=True)


def table(name: str) -> str:
    """Return one study's table in Markdown."""
    rows = [json.loads(line) for line in (RESULTS / name / "measurements.jsonl").read_text().splitlines()]
    sets = list(dict.fromkeys(row["of"] for row in rows))
    page = next(page for page in PAGES if (RESULTS / name / page).exists())
    lines = [
        f"**[{name}](studies/{name}.toml)**, `synthassay run studies/{name}.toml`"
        f" ([report](docs/results/{name}/{page})):\n",
        "| measure | " + " | ".join(f"`{of}`" for of in sets) + " |",
        "|---|" + "---|" * len(sets),
    ]
    for metric in SHOWN[name][1]:
        for stratum in dict.fromkeys(row["stratum"] for row in rows if row["metric"] == metric):
            if stratum not in STRATA.get(metric, (stratum,)):
                continue
            found = {row["of"]: row for row in rows if (row["metric"], row["stratum"]) == (metric, stratum)}
            first = next(iter(found.values()))
            arrow = {"higher": "↑", "lower": "↓", "target": f"→ {first['target']}"}[first["better"]]
            unit = "" if first["unit"] in ("1", "none") else f", {first['unit']}"
            words = f"{first['title']}{f' ({stratum})' if stratum else ''}{unit} {arrow}"
            lines.append(f"| {words} | " + " | ".join(_cell(found.get(of)) for of in sets) + " |")
    return "\n".join(lines) + "\n"


def tables() -> str:
    """Return all tables."""
    return "\n".join(table(name) for name in SHOWN if (RESULTS / name / "measurements.jsonl").exists())


def rewrite(readme: str) -> str:
    """Return the README's text with the tables between its markers."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.split(END)[1]}"


def _cell(row: dict | None) -> str:
    if row is None or row["value"] is None:
        return "not measured"
    if row["metric"].endswith("_worth") and row["settings"].get("bound", "none") != "none":
        return row["settings"]["bound"]
    digits = 3 if abs(row["value"]) < 2 else max(0, 3 - len(str(int(abs(row["value"])))))
    interval = row["interval"]
    shown = f"{row['value']:.{digits}f}"
    return shown if interval is None else f"{shown} [{interval['low']:.{digits}f}, {interval['high']:.{digits}f}]"


if __name__ == "__main__":
    if sys.argv[1:2] == ["collect"] and len(sys.argv) > 2:
        for folder in sys.argv[2:]:
            collect(Path(folder))
    elif sys.argv[1:] == ["tables"]:
        path = ROOT / "README.md"
        path.write_text(rewrite(path.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        sys.exit(__doc__)
