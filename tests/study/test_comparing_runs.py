"""Two run folders side by side (synthassay.study.judged_run, showing_comparison, report.comparison_page)."""

import io
import json

import numpy as np
import pytest
from rich.console import Console
from scipy import stats
from typer.testing import CliRunner

from synthassay.cli import app
from synthassay.errors import DataError, RunError, UnknownName
from synthassay.records.base import write_lines
from synthassay.records.comparison import JUDGED, JudgedCases
from synthassay.records.evaluation import RequirementList
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.comparison_page import write_comparison_page
from synthassay.study.comparing_runs import compare_runs, read_margins
from synthassay.study.showing_comparison import show_comparison

EACH = 2  # images per patient


def measured(metric, values, **changes):
    facts = {
        "metric": metric, "title": metric.upper(), "axis": Axis.FIDELITY, "of": "synthetic", "unit": "HU",
        "value": float(np.mean(values)), "better": Better.LOWER, "n": len(values), "source": "doi:10.1000/x",
        "per_case": {f"syn{i}": float(v) for i, v in enumerate(values)}, "settings": {"clipping": "none"},
    }  # fmt: skip
    return Measurement.model_validate(facts | changes)


def of_a_set(value, low, high, floor=5.0, embedding="radiomic"):
    return measured(
        "frechet_distance", [0.0], value=value, per_case={}, unit="SD²", floor=floor,
        interval=Interval(low=low, high=high, method="x"), settings={"embedding": embedding, "found": value},
    )  # fmt: skip


def write_run(path, rows, *, real="abc", protocol="ct", cases=24, judged=True):
    write_lines(path / "measurements.jsonl", rows)
    (path / "stages").mkdir(parents=True)
    RequirementList(protocol=protocol, requirements=()).write(path / "evaluation" / "requirements.json")
    if judged:
        JudgedCases(
            real_sha256=real,
            references={f"syn{i}": f"real{i}" for i in range(cases)},
            subjects={f"real{i}": f"patient{i // EACH}" for i in range(cases)},
        ).write(path / "evaluation" / JUDGED)
    return path


RNG = np.random.default_rng(0)
BASE = RNG.normal(40, 8, 24)
BETTER = BASE - 6 + np.repeat(RNG.normal(0, 2, 12), EACH)
ALIKE = BASE + np.repeat(RNG.normal(0, 1, 12), EACH)


@pytest.fixture
def runs(tmp_path):
    a = write_run(tmp_path / "a", [measured("mae", BETTER), measured("rmse", ALIKE), of_a_set(20, 15, 25)])
    b = write_run(tmp_path / "b", [measured("mae", BASE), measured("rmse", BASE), of_a_set(60, 50, 70)])
    return a, b


def rows_of(found):
    return {row.metric: row for row in (*found.paired, *found.sets)}


def test_differences_are_case_by_case_and_p_by_patients(runs):
    found = compare_runs(*runs)
    rows = rows_of(found)
    means = lambda d: d.reshape(-1, EACH).mean(axis=1)  # noqa: E731
    raw = {
        "mae": stats.ttest_1samp(means(BETTER - BASE), 0).pvalue,
        "rmse": stats.ttest_1samp(means(ALIKE - BASE), 0).pvalue,
    }
    assert found.same_patients
    assert rows["mae"].difference == pytest.approx((BETTER - BASE).mean())
    assert rows["mae"].interval.low < (BETTER - BASE).mean() < rows["mae"].interval.high
    assert (rows["mae"].n, rows["mae"].subjects) == (24, 12)
    assert rows["mae"].p == pytest.approx(raw["mae"])
    assert rows["mae"].adjusted_p == pytest.approx(2 * raw["mae"])  # Holm: the smaller of two
    assert rows["rmse"].adjusted_p == pytest.approx(raw["rmse"])
    assert rows["mae"].says == "the first is better"
    assert rows["rmse"].says == "no difference shown, which is not the same as none"
    assert rows["frechet_distance"].says == "the intervals lie apart; the first is better"


def test_equivalence_needs_a_margin_and_says_which(runs):
    rows = rows_of(compare_runs(*runs, margins={"rmse": 2.0, "mae": 2.0}))
    assert rows["rmse"].says == "no difference shown, which is not the same as none; equivalent within 2 HU"
    d = (ALIKE - BASE).reshape(-1, EACH).mean(axis=1)
    low, high = stats.t.interval(0.9, 11, d.mean(), stats.sem(d))
    assert (rows["rmse"].within.interval.low, rows["rmse"].within.interval.high) == pytest.approx((low, high))
    assert (
        rows["mae"].says == "the first is better; the first is not worse by more than 2 HU; equivalence was not shown"
    )
    tight = rows_of(compare_runs(*runs, margins={"rmse": 1e-3}))
    assert "equivalence within 0.001 HU was not shown" in tight["rmse"].says


def test_cases_are_matched_by_their_real_case_and_not_by_their_names_or_order(tmp_path, runs):
    shuffled = {f"made-{i}": f"real{i}" for i in reversed(range(24))}
    row = measured("mae", BASE, per_case={name: float(BASE[int(name[5:])]) for name in shuffled})
    other = write_run(tmp_path / "other", [row])
    subjects = {f"real{i}": f"patient{i // EACH}" for i in range(24)}
    JudgedCases(real_sha256="abc", references=shuffled, subjects=subjects).write(other / "evaluation" / JUDGED)
    found = rows_of(compare_runs(runs[0], other))
    assert found["mae"].difference == pytest.approx((BETTER - BASE).mean())


def test_cases_that_one_run_lacks_are_counted(tmp_path, runs):
    fewer = write_run(tmp_path / "fewer", [measured("mae", BASE[:20])])
    row = rows_of(compare_runs(runs[0], fewer))["mae"]
    assert (row.n, row.only_a, row.only_b) == (20, 4, 0)
    assert row.a == pytest.approx(BETTER[:20].mean())


@pytest.mark.parametrize(
    ("row", "run", "why"),
    [
        (measured("mae", BASE, unit="arbitrary"), {}, "the units differ: HU and arbitrary"),
        (measured("mae", BASE, settings={"clipping": "-1000"}), {}, "measured differently: clipping none and -1000"),
        (measured("mae", BASE), {"real": "xyz"}, "not judged on the same real images"),
        (measured("mae", BASE), {"judged": False}, "not judged on the same real images"),
        (measured("mae", BASE, value=None, per_case={}, not_measured="it has no reference"), {}, "it has no reference"),
    ],
    ids=["unit", "settings", "patients", "unknown patients", "not measured"],
)
def test_what_cannot_be_compared_says_why(tmp_path, runs, row, run, why):
    other = write_run(tmp_path / "other", [row], **run)
    found = rows_of(compare_runs(runs[0], other))["mae"]
    assert found.difference is None
    assert why in found.not_compared
    assert why in found.says


def test_different_protocols_and_runs_without_a_common_measure_are_refused(tmp_path, runs):
    other = write_run(tmp_path / "mri", [measured("mae", BASE)], protocol="mri")
    with pytest.raises(RunError, match="different protocols"):
        compare_runs(runs[0], other)
    other = write_run(tmp_path / "other", [measured("ssim", BASE)])
    with pytest.raises(RunError, match="no measure in common"):
        compare_runs(runs[0], other)
    with pytest.raises(RunError, match="judged no set of this name"):
        compare_runs(*runs, of="pgan")
    two = write_run(tmp_path / "two", [measured("mae", BASE), measured("mae", BASE, of="other")])
    with pytest.raises(RunError, match=r"judged 2 generators .*Say which: --of"):
        compare_runs(two, runs[1])


def test_few_patients_are_said_plainly(tmp_path):
    few = [write_run(tmp_path / n, [measured("mae", v[:4])], cases=4) for n, v in (("a", BETTER), ("b", BASE))]
    row = rows_of(compare_runs(*few, margins={"mae": 5.0}))["mae"]
    assert row.says == "too few patients to tell: 2, and 3 are the least"
    assert (row.interval, row.p, row.within) == (None, None, None)
    some = [write_run(tmp_path / n, [measured("mae", v[:10])], cases=10) for n, v in (("c", BETTER), ("d", BASE))]
    assert "only 5 patients" in rows_of(compare_runs(*some))["mae"].says


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (of_a_set(22, 18, 26), "the intervals overlap: no difference shown"),
        (of_a_set(60, 50, 70, floor=9.0), "the floors differ (5 and 9)"),
        (of_a_set(60, 50, 70, embedding="encoder"), "embedding radiomic and encoder"),
    ],
)  # fmt: skip
def test_measures_of_sets_are_told_apart_by_intervals_and_floors(tmp_path, runs, other, says):
    found = compare_runs(runs[0], write_run(tmp_path / "other", [other]))
    assert says in rows_of(found)["frechet_distance"].says
    assert any("not paired" in note for note in found.notes)


def test_margins_are_read_and_checked(runs):
    assert read_margins(["mae=5"]) == {"mae": 5.0}
    with pytest.raises(DataError, match="not written METRIC=VALUE"):
        read_margins(["mae"])
    with pytest.raises(UnknownName, match="Did you mean: mae"):
        compare_runs(*runs, margins={"mea": 1.0})
    with pytest.raises(DataError, match="above 0"):
        compare_runs(*runs, margins={"mae": 0.0})


def test_the_command_prints_tables_json_and_a_page(runs, tmp_path):
    page = tmp_path / "page.html"
    command = ["compare", *map(str, runs), "--margin", "rmse=2"]
    shown = CliRunner().invoke(app, [*command, "--out", str(page)], catch_exceptions=False)
    assert shown.exit_code == 0
    assert "case by case" in shown.output
    again = CliRunner().invoke(app, [*command, "--json"], catch_exceptions=False)
    found = json.loads(again.output)
    assert {row["metric"] for row in found["paired"]} == {"mae", "rmse"}
    html = page.read_text(encoding="utf-8")
    assert "equivalent within 2 HU" in html
    assert "real0" not in html
    assert "patient0" not in html


def test_equal_comparisons_give_equal_tables_and_pages(runs, tmp_path):
    pages = [write_comparison_page(compare_runs(*runs), tmp_path / f"{i}.html").read_bytes() for i in range(2)]
    assert pages[0] == pages[1]
    stream = io.StringIO()
    show_comparison(compare_runs(*runs), Console(file=stream, width=200))
    assert "MAE [HU] ↓" in stream.getvalue()
