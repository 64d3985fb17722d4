"""Scales keep order, stay inside, and have round ticks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synthassay.report.scale import Scale, fitted, round_values

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(st.lists(numbers, min_size=1, max_size=8), st.booleans())
def test_places_follow_values_and_stay_inside(values: list[float], log_allowed: bool):
    scale = fitted(values, 0, 200, log_allowed=log_allowed)
    assert scale is not None
    places = [scale.place(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 200 for place in places)


@given(numbers, st.floats(1e-3, 1e6), st.integers(2, 6))
def test_ticks_are_few_and_lie_between_the_ends(low: float, width: float, most: int):
    ticks = Scale(low, low + width, 0, 100).ticks(most)
    assert 1 <= len(ticks) <= most
    assert all(0 <= place <= 100 for place, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks)


def test_no_finite_value_has_no_scale():
    assert fitted([float("nan"), float("inf")], 0, 1) is None


def test_round_values_are_exact():
    assert round_values(0.0, 1.0, 5) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert round_values(-30, 30, 3) == [-20.0, 0.0, 20.0]
