"""Curves: one per term, the lowest loss at the bottom, and a table that says the same."""

from __future__ import annotations

import math

from synthassay.records.log import TrainingLine
from synthassay.report.curves import FRAME, TABLE_ROWS, training


def lines(count: int = 100, every: int = 5) -> list[TrainingLine]:
    return [
        TrainingLine(
            images_seen=step * 100,
            train={"g/l1": 10.0 / step, "g/flat": 1.0},
            validation={"g/l1": 12.0 / step} if step % every == 0 else {},
        )
        for step in range(1, count + 1)
    ]


def test_a_falling_loss_falls_on_the_page_within_the_frame():
    curve = training("vae", lines()).curves[0]
    places = [tuple(map(float, point.split(","))) for point in curve.train.split()]
    assert len(places) == 100
    assert [y for _, y in places] == sorted(y for _, y in places)  # y grows downwards
    assert all(FRAME["left"] <= x <= FRAME["right"] and FRAME["top"] <= y <= FRAME["bottom"] for x, y in places)
    assert places[-1][0] == FRAME["right"]


def test_a_wide_range_is_logarithmic_and_a_flat_one_is_drawn():
    first, flat = training("vae", lines()).curves
    assert first.logarithmic and len(first.y_ticks) >= 2
    assert not flat.logarithmic and flat.train


def test_the_table_holds_the_last_line_and_few_others():
    found = training("vae", lines())
    assert len(found.rows) <= TABLE_ROWS
    assert found.rows[-1] == ("10\u202f000", "0.100", "1.00", "0.120")
    assert found.columns == ("g/l1 (train)", "g/flat (train)", "g/l1 (validation)")


def test_without_validation_every_line_may_stand_in_the_table():
    assert len(training("vae", lines(7, every=1000)).rows) == 7


def test_the_description_gives_first_last_and_lowest():
    text = training("vae", lines()).curves[0].description
    assert "training from 10.0 to 0.100 after 10\u202f000 images (lowest 0.100)" in text


def test_values_that_are_not_finite_are_not_drawn():
    broken = [TrainingLine(images_seen=i, train={"x": v}) for i, v in enumerate((1.0, math.nan, 2.0, math.inf))]
    (curve,) = training("vae", broken).curves
    assert len(curve.train.split()) == 2
    assert training("vae", [TrainingLine(images_seen=1, train={"x": math.nan})]).curves == ()


def test_what_the_last_line_warned_of_is_told_and_what_was_mended_is_not():
    mended, last = lines()[:-1], lines()[-1]
    warned = [line.model_copy(update={"alarms": ("collapse: all alike",)}) for line in mended]
    assert training("acgan", [*warned, last]).alarms == ()
    told = training("acgan", [*mended, last.model_copy(update={"alarms": ("collapse: all alike",)})])
    assert told.alarms == ("collapse: all alike",)
