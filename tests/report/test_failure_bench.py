"""The page of the failure bench, its map and its curves, from a record."""

from __future__ import annotations

import pytest

from synthassay.records.bench import Dose, FailureBench, InjectedFailure, Response, Sight
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.failure_bench import build_failure_page, ordered, verdict_lines
from synthassay.report.heat_map import heat_map, kind_of
from synthassay.report.power_curves import FRAME, power_curves

BLUR = InjectedFailure(
    name="blur", title="Blur <of> edges", unit="mm", severities=(1.0, 2.0, 4.0), scope="case", matters_at=3.0,
    matters_why="edges vanish", source="doi:x",
)  # fmt: skip


def response(metric="mae", first=2.0, *, axis=Axis.FIDELITY, powers=(0.1, 0.9, 1.0), **changes):
    doses = tuple(Dose(severity=s, value=p, power=p) for s, p in zip(BLUR.severities, powers, strict=True))
    facts = {
        "metric": metric, "axis": axis, "better": Better.LOWER, "per": "case", "failure": "blur", "floor": 0.0,
        "false_alarms": 0.04, "doses": doses, "seen_from": first, "n": 60,
    }  # fmt: skip
    return Response(**{**facts, **changes})


IN_TIME = Sight(
    failure="blur", mode="Blurred", dominant=True, matters_at=3.0, seen_by=("mae",), first_seen=2.0, by="mae"
)


def bench(*responses, sight=IN_TIME):
    return FailureBench(
        modality="ct", protocol="ct", source="real-ct", images=60, subjects=60, set_size=24, study_patients=20,
        level=0.05, power=0.8, seed=1, software="0", failures=(BLUR,), responses=responses,
        sights=(sight,),
        required=("mae",), not_tried={"slice_jitter": "pictures have no slices"},
    )  # fmt: skip


def test_the_page_escapes_says_what_is_seen_and_what_was_not_tried(tmp_path):
    page = build_failure_page(bench(response(), response("ssim", None)), tmp_path).read_text(encoding="utf-8")
    assert "Blur &lt;of&gt; edges" in page
    assert "Blur <of>" not in page
    assert "Not tried: slice jitter, because pictures have no slices" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    again = build_failure_page(bench(response(), response("ssim", None)), tmp_path / "again")
    assert again.read_text(encoding="utf-8") == page


def test_verdict_lines_count_blind_spots_and_false_alarms():
    lines = verdict_lines(bench(response()))
    assert lines[0].startswith("The ct protocol sees 1 of 1")
    assert "4.0% on average" in lines[-1]
    blind = verdict_lines(bench(response(), sight=Sight(failure="blur", matters_at=3.0)))
    assert "sees 0 of 1" in blind[0]
    assert "blind there to: blur <of> edges" in blind[1]


@pytest.mark.parametrize(
    ("first", "kind"),
    [(1.0, "early"), (1.5, "early"), (2.0, "in-time"), (3.0, "in-time"), (4.0, "late"), (None, "never")],
)
def test_a_cell_says_how_early(first, kind):
    assert kind_of(response(first=first), 3.0) == kind


def test_what_was_not_tried_is_no_blind_spot():
    assert kind_of(None, 3.0) == "untried"
    assert kind_of(response(not_measured="too few"), 3.0) == "untried"


def test_the_map_has_a_cell_for_each_measure_and_failure_by_axis():
    drawn = heat_map(
        bench(response("zeta"), response("alpha", axis=Axis.DIVERSITY), response("beta", None)), frozenset({"zeta"})
    )
    assert [(label, asked) for label, _, asked in drawn.rows] == [("beta", False), ("zeta", True), ("alpha", False)]
    assert [name for name, _ in drawn.breaks] == ["fidelity", "diversity"]
    assert [cell.text for cell in drawn.cells] == ["·", "2", "2"]
    assert all(cell.y < drawn.height for cell in drawn.cells)


def test_curves_rise_with_power_and_mark_what_matters():
    drawn = power_curves(BLUR, ordered([response("late", 4.0), response("mae"), response("never", None)]), 0.8)
    assert [line.metric for line in drawn.lines] == ["mae", "late"]
    heights = [float(point.split(",")[1]) for point in drawn.lines[0].points.split()]
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] == FRAME["top"]
    places = {text: x for x, text in drawn.ticks}
    assert places["2"] < drawn.matters < places["4"]
    assert "mae from 2 mm" in drawn.description


def test_the_mean_over_a_study_counts_as_sight():
    seen = response(first=None, study_seen_from=1.0)
    assert seen.first_seen == 1.0
    assert response(first=None).first_seen is None
