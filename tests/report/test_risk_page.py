from __future__ import annotations

import pytest

from report.test_risk_plots import EVIL, rows
from synthassay.report.risk_page import write_risk_page


def test_page_and_plots_say_the_same_of_all_runs(tmp_path):
    page, lights, summary = write_risk_page(rows(3), tmp_path)
    text = page.read_text()
    assert lights.read_text() in text
    assert summary.read_text() in text
    assert "Risk of bias of 3 runs" in text
    assert EVIL not in text
    assert "<script" not in text


def test_equal_appraisals_give_equal_bytes(tmp_path):
    first = [path.read_bytes() for path in write_risk_page(rows(2), tmp_path / "a")]
    assert [path.read_bytes() for path in write_risk_page(rows(2), tmp_path / "b")] == first


def test_nothing_is_written_where_nothing_can_be_drawn(tmp_path):
    with pytest.raises(ValueError, match="nothing to draw"):
        write_risk_page([], tmp_path / "out")
    assert not (tmp_path / "out").exists()
