"""The page of other tools' defects, written from what the tests compute; run this file to write it anew."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from defects.defect import Defect

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "reference" / "defects-of-others.md"
OPENING = """\
# Defects of others that we do not have

Measures that share a name do not always share a value, and some published code is wrong. Each line is one trap that we
found in public code, with the number that it gives and ours on the same input. Both are computed when the tests run;
numbers marked *quoted* were measured by running the tool once, because it cannot be installed beside our tests. This
table is written by `cd tests && python -m defects.page`, and a test fails when it is out of date or when a line stops
being true. Tools change: a line speaks of the version that was run.

"""


def areas() -> dict[str, list[Defect]]:
    """Area to its defects, in the order of the files' names."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        if path.stem in ("defect", "page") or path.stem.startswith("test_"):
            continue
        spec = importlib.util.spec_from_file_location(f"defects_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[path.stem] = module.DEFECTS
    return found


def page(shown: dict[tuple[str, int], tuple[str, str]]) -> str:
    """The whole page from the numbers computed."""
    parts = [OPENING]
    for area, defects in areas().items():
        lines = [
            f"## {area.replace('_', ' ').capitalize()}",
            "",
            "| tool | trap | on | theirs | ours |",
            "| --- | --- | --- | --- | --- |",
        ]
        for number, defect in enumerate(defects):
            theirs, ours = shown[area, number]
            quoted = "" if defect.theirs is not None else " *(quoted)*"
            lines.append(f"| {defect.tool} | {defect.trap} | {defect.setting} | {theirs}{quoted} | {ours} |")
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    numbers = {(area, i): d.shown() for area, defects in areas().items() for i, d in enumerate(defects)}
    PAGE.write_text(page(numbers), encoding="utf-8")
