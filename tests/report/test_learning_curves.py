"""Learning curves: each regime is a point, bars are gains laid onto real images alone, one point draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from synthassay.records.base import write_lines
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.build import build_report
from synthassay.report.contents import read_contents
from synthassay.report.learning_curves import FRAME, learning_curves


def gain(
    share: float, ratio: float, patients: int, without: float, added: float, *, of="pgan", words=""
) -> Measurement:
    value = added - without
    return Measurement(
        metric="auc_gain", title="Gain in AUC", axis=Axis.UTILITY, of=of, value=value, n=80, subjects=40, unit="1",
        stratum=f"real={share:g}%, ratio={ratio:g}{words}", better=Better.HIGHER, source="doi:10.1000/1",
        interval=Interval(low=value - 0.02, high=value + 0.02, method="bootstrap"),
        settings={"real_patients": patients, "with_synthetic": added, "without_synthetic": without},
    )  # fmt: skip


ROWS = [
    gain(100, 1, 1000, 0.95, 0.955),
    gain(5, 1, 50, 0.80, 0.85),
    gain(5, 4, 50, 0.80, 0.90),
    gain(100, 1, 1000, 0.96, 0.97, words=", over augmentation"),
]


@pytest.fixture
def drawn(make_run: Callable[..., Path]):
    def draw(rows):
        run = make_run(f"run{len(rows)}")
        write_lines(run / "measurements.jsonl", rows)
        return learning_curves(read_contents(run)), run

    return draw


def test_regimes_are_points_in_the_order_of_patients(drawn):
    (picture,), _ = drawn(ROWS)
    assert picture.outcome == "AUC" and [line.ratio for line in picture.with_synthetic] == ["1", "4"]
    (left, low), (right, high) = picture.real.points
    assert left < right and low > high  # more patients, higher on the paper
    one = picture.with_synthetic[0]
    assert [x + 3 for x, _ in one.points] == pytest.approx([left, right], abs=0.01)  # ratios stand side by side
    assert picture.with_synthetic[1].points[0][0] == pytest.approx(left + 3, abs=0.01)
    assert one.points[0][1] < low  # what helps lies above
    assert [row[0] for row in picture.rows] == ["50", "50", "1000"]
    assert [row[-1] for row in picture.rows] == ["shown", "shown", "not shown"]


def test_one_regime_of_many_is_not_called_shown_by_its_own_interval(drawn):
    lone = [row.model_copy(update={"settings": {**row.settings, "p_corrected": 0.3}}) for row in ROWS[1:]]
    (picture,), _ = drawn([ROWS[0], *lone])
    assert [row[-1] for row in picture.rows] == [*["shown alone, not among all regimes (Holm)"] * 2, "not shown"]


def test_bars_hold_the_interval_of_the_gain_around_the_point(drawn):
    (picture,), _ = drawn(ROWS)
    for line in picture.with_synthetic:
        for (x, y), (at, high, low) in zip(line.points, line.whiskers, strict=True):
            assert at == x and high < y < low
            assert FRAME["top"] <= high and low <= FRAME["bottom"]


def test_one_number_of_patients_draws_nothing(drawn):
    assert drawn(ROWS[:1])[0] == ()
    assert drawn(ROWS[1:3])[0] == ()


def test_the_report_shows_them_and_what_the_set_is_worth(drawn):
    worth = gain(5, 1, 50, 0, 0).model_copy(
        update={"metric": "classification_worth", "stratum": "", "value": 120.0, "interval": None,
                "settings": {"bound": "none"}, "unit": "patients"}
    )  # fmt: skip
    pictures, run = drawn([*ROWS, worth])
    assert pictures[0].worth == "Alone, without any real patient, these images do as well as about 120 real patients."
    page = build_report(run).read_text(encoding="utf-8")
    assert 'id="learning"' in page and "about 120 real patients" in page
    _, plain = drawn(ROWS[:1])
    assert 'id="learning"' not in build_report(plain).read_text(encoding="utf-8")
