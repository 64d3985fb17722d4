"""Strata: a table of many parts shows those in which the images are worst, and says how many it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from report.test_findings import measurement
from report.test_tables import tables_of
from synthassay.records.base import write_lines
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.build import build_report
from synthassay.report.contents import read_contents
from synthassay.report.findings import findings
from synthassay.report.strata import MOST_STRATA, badness, left_out

MANY = MOST_STRATA + 9


def parts(better: Better, of: str = "pgan") -> list:
    values = [(7 * i) % MANY for i in range(MANY)]  # not sorted, so that ranking has work to do
    rows = [measurement(v, 0.5, better, of).model_copy(update={"stratum": f"part={v:02d}"}) for v in values]
    return [measurement(5.0, 0.5, better, of), *rows]


def test_badness_is_smaller_for_a_better_value():
    values = {better: [badness(measurement(v, None, better)) for v in (0.5, 2.0)] for better in Better}
    assert values[Better.LOWER] == [0.5, 2.0]
    assert values[Better.HIGHER] == [-0.5, -2.0]
    assert values[Better.TARGET] == [0.5, 1.0]


def test_the_worst_are_kept_whichever_way_is_good():
    lower, higher = (left_out(parts(better), ["pgan"])["m"] for better in (Better.LOWER, Better.HIGHER))
    assert lower == {f"part={v:02d}" for v in range(9)}
    assert higher == {f"part={v:02d}" for v in range(MOST_STRATA, MANY)}


def test_baselines_do_not_rank_and_few_strata_are_all_kept():
    rows = parts(Better.LOWER)
    turned = [m.model_copy(update={"value": -m.value, "of": "identity"}) for m in rows]
    assert left_out([*rows, *turned], ["pgan"]) == left_out(rows, ["pgan"])
    assert left_out([*rows, *turned], ["pgan"]) != left_out(turned, ["identity"])
    assert left_out(rows[: MOST_STRATA + 1], ["pgan"]) == {}


def test_what_nobody_could_measure_goes_first():
    rows = parts(Better.LOWER)
    unknown = rows[1].model_copy(update={"stratum": "part=none", "value": None, "interval": None, "not_measured": "x"})
    assert "part=none" in left_out([*rows, unknown], ["pgan"])["m"]


def test_the_report_says_how_many_it_leaves_out(make_run: Callable[..., Path]):
    run = make_run()
    rows = [*parts(Better.LOWER), *parts(Better.LOWER, "identity")]
    write_lines(run / "measurements.jsonl", rows)
    groups = tables_of(run)[Axis.FIDELITY].groups
    assert len(groups) == MOST_STRATA + 1
    assert [group.more for group in groups] == [0] * MOST_STRATA + [9]
    contents = read_contents(run)
    shown = {f.measurement.stratum for f in findings(contents, contents.pseudonyms())}
    assert len(shown) == MOST_STRATA + 1
    assert "Measure: 9 further parts" in build_report(run).read_text(encoding="utf-8")
