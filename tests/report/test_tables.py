"""Tables: every measurement is a row, on one scale with its rivals, with its reason where it has no number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthassay.records.vocabulary import Axis
from synthassay.report.contents import read_contents
from synthassay.report.tables import AxisTable, axis_tables


def tables_of(run: Path) -> dict[Axis, AxisTable]:
    contents = read_contents(run)
    return {table.axis: table for table in axis_tables(contents, contents.pseudonyms())}


def test_every_measurement_is_exactly_one_row(make_run: Callable[..., Path]):
    run = make_run()
    rows = [row for table in tables_of(run).values() for group in table.groups for row in group.rows]
    assert len(rows) == len(read_contents(run).measurements)


def test_strata_follow_their_measure(make_run: Callable[..., Path]):
    run = make_run()
    path = run / "measurements.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(sorted(lines, key=lambda line: "white matter" in line)), encoding="utf-8")
    groups = tables_of(run)[Axis.FIDELITY].groups
    assert [(g.metric, g.stratum) for g in groups[:3]] == [("mae", ""), ("mae", "tissue: white matter"), ("ssim", "")]


def test_rivals_share_one_scale_and_their_order_is_that_of_their_values(make_run: Callable[..., Path]):
    group = tables_of(make_run())[Axis.FIDELITY].groups[0]
    assert [row.of for row in group.rows] == ["pgan", "vae", "linear_regression", "identity"]
    places = [row.mark.value for row in group.rows if row.mark]
    assert places == sorted(places) and len(set(places)) == 4
    assert all(row.mark.low < row.mark.value < row.mark.high for row in group.rows if row.mark)


def test_not_measured_is_a_row_with_its_reason_and_without_a_mark(make_run: Callable[..., Path]):
    for row in tables_of(make_run())[Axis.UTILITY].groups[0].rows:
        assert (row.not_measured, row.value, row.mark) == ("the cohort has no classes", "", None)


def test_floor_stands_beside_the_value_and_real_against_real_is_last(make_run: Callable[..., Path]):
    table = tables_of(make_run())[Axis.DIVERSITY]
    assert table.has_floor and not tables_of(make_run("other"))[Axis.FIDELITY].has_floor
    last = table.groups[0].rows[-1]
    assert (last.kind, last.value, last.floor, last.floor_interval) == ("real", "1.20", "1.20", "[0.90, 1.60]")


def test_failed_cases_are_listed_under_pseudonyms(make_run: Callable[..., Path]):
    (line,) = tables_of(make_run())[Axis.LEAKAGE].groups[0].rows[0].failed
    assert line.startswith("C-") and "HOSP" not in line and line.endswith("is constant")
