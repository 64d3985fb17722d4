"""Every metric has its heading in the reference, and no heading is without its metric."""

from __future__ import annotations

import re
from pathlib import Path

from synthassay.evaluate.metric import METRICS

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def headings(page):
    return re.findall(r"^#{2,3} ([a-z0-9_]+)$", (REFERENCE / page).read_text(encoding="utf-8"), re.M)


PAGES = sorted(page.name for page in REFERENCE.glob("measures*.md"))


def test_pages_and_metrics_name_the_same_measures():
    named = [name for page in PAGES for name in headings(page)]
    assert sorted(named) == METRICS.names()


def test_each_heading_gives_its_metrics_source():
    for page in PAGES:
        text = (REFERENCE / page).read_text(encoding="utf-8")
        for part in re.split(r"^#{2,3} ", text, flags=re.M)[1:]:
            name = part.splitlines()[0]
            if name in METRICS:
                assert METRICS.get(name).source in part, f"{page}: {name} does not cite {METRICS.get(name).source}"
