"""Each line of the page of other tools' defects is computed anew, holds, and stands on the page as computed."""

from __future__ import annotations

import pytest

from defects.page import PAGE, areas, page

ALL = {(area, number): defect for area, defects in areas().items() for number, defect in enumerate(defects)}


@pytest.mark.parametrize("key", ALL, ids=[f"{area}-{number}" for area, number in ALL])
def test_the_line_holds_and_stands_on_the_page(key):
    defect = ALL[key]
    theirs, ours = defect.shown()
    assert defect.holds(theirs, ours), f"{defect.tool}: {theirs} against {ours}"
    quoted = "" if defect.theirs is not None else " *(quoted)*"
    line = f"| {defect.tool} | {defect.trap} | {defect.setting} | {theirs}{quoted} | {ours} |"
    assert line in PAGE.read_text(encoding="utf-8").splitlines(), (
        f"run: cd tests && python -m defects.page; missing: {line}"
    )


def test_the_page_has_no_line_that_nothing_computes():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heads = 2 * len(areas())
    assert len(lines) == len(ALL) + heads


def test_the_page_is_laid_out_as_written():
    shown = dict.fromkeys(ALL, ("theirs", "ours"))
    assert page(shown).startswith("# Defects of others")
