"""The gallery: what each family makes, beside real pictures, as one page that opens offline beside its sheets."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from families_page import KEY_MEASURES, KIND, LEARNT, TITLES, Record, cell, cost_cells, find

CSS = Path(__file__).resolve().parents[1] / "src" / "synthassay" / "report" / "templates" / "report.css"
STYLE = """
.page, main { display: block; }
.sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1.2rem; }
figure.family { margin: 0; padding: .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
figure.family img { display: block; width: 100%; height: auto; background: #fff; border-radius: 4px; }
figure.family figcaption { margin-top: .6rem; font-size: .88rem; }
figure.family strong { font-size: 1rem; }
.mark { font-weight: 700; color: var(--bad); letter-spacing: .04em; }
.mark.plain { color: var(--soft); }
"""
HU_WINDOW = "Shown from -200 HU (black) to 300 HU (white)."
OTHER_WINDOW = "Shown over the range of the study's training pictures; colours as they are."
NO_CRITERION = (
    "The pictures are drawn by the study's seed, never by how good they look, and the real ones are the same for all "
    "families of a study. Rows of synthetic pictures stand above rows of real ones; the identity's row of synthetic "
    "pictures is the source. JPEG at low quality: look at the run folder for detail."
)


def gallery(records: Sequence[Record]) -> str:
    """Return the page.

    Args:
        records: Kept records of runs; the sheets lie beside their record.
    """
    shown = [r for task in KEY_MEASURES for r in records if r["task"] == task and any(s["sheet"] for s in r["sets"])]
    links = "".join(f'<li><a href="#{r["study"]}">{escape(r["title"])}</a></li>' for r in shown)
    body = "\n".join(section(record) for record in shown)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>What each family makes</title>
<style>
{CSS.read_text(encoding="utf-8")}{STYLE}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<p class="banner"><strong>Synthetic images</strong> <span>not for diagnosis</span></p>
<header class="title">
<p class="brand">synthassay · gallery of families</p>
<h1>What each family makes, beside real pictures</h1>
<p>{NO_CRITERION}</p>
<nav aria-label="Studies"><ol>{links}</ol></nav>
</header>
<div class="page"><main id="main" tabindex="-1">
{body}
</main></div>
</body>
</html>
"""


def section(record: Record) -> str:
    """Return one study's sheets."""
    window = HU_WINDOW if any(row["unit"] == "HU" for s in record["sets"] for row in s["measured"]) else OTHER_WINDOW
    figures = "\n".join(figure(record, one) for one in record["sets"] if one["sheet"])
    return f"""<section id="{record["study"]}">
<h2>{escape(record["title"])}</h2>
<p class="small">{escape(TITLES[record["task"]])}. {window}</p>
<div class="sheets">
{figures}
</div>
</section>"""


def figure(record: Record, one: Record) -> str:
    """Return one generator's sheet with what it is, what it learnt from, how long, and its key figure."""
    kind, drawn = KIND[one["family"]], one["sheet"]
    measure = KEY_MEASURES[record["task"]][0]
    row = find(one, measure)
    key = f"{row['title']} {cell(one, measure)}{_unit(row['unit'])}" if row else "Key figure not measured"
    learnt = f"{record['training_cases']} cases of {record['training_subjects']} subjects"
    how = f"learnt from {learnt} in {cost_cells(one)[0].partition(' ')[0]} minutes" if kind in LEARNT else kind
    classes = f" of the classes {', '.join(drawn['labels'])}" if any(drawn["labels"]) else ""
    alt = f"Rows of synthetic pictures by {one['name']} above rows of real pictures{classes}"
    return f"""<figure class="family">
<img src="{record["study"]}/{drawn["file"]}" width="{drawn["width"]}" height="{drawn["height"]}"
 loading="lazy" alt="{escape(alt)}">
<figcaption><strong>{escape(one["name"])}</strong>, {escape(how)}. {escape(key)}. {_mark(kind)}</figcaption>
</figure>"""


def _mark(kind: str) -> str:
    if kind == "identity":
        return '<span class="mark plain">Rows named synthetic: the source, unchanged</span>'
    copied = ", made of real pictures" if kind.startswith("copies") else ""
    return f'<span class="mark">SYNTHETIC, where the row says so{copied}</span>'


def _unit(unit: str) -> str:
    return "" if unit in {"1", "none", "share", "arbitrary", "AUC"} else f" {unit}"
