"""Numbers carry the digits that their interval supports."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthassay.records.measurement import Interval
from synthassay.report.numbers import count, decimals_for, listed, plain, with_interval


@given(st.floats(1e-5, 1e4))
def test_an_interval_is_shown_to_at_least_two_significant_digits(width: float):
    decimals = decimals_for(width)
    assert decimals in range(7)
    shown_steps = width * 10**decimals
    assert shown_steps >= 9.99 or decimals == 6


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_rounding_never_moves_a_value_by_more_than_a_tenth_of_its_interval(value: float, half: float):
    text, _ = with_interval(value, Interval(low=value - half, high=value + half, method="m"))
    read = text.replace("−", "-").replace("\u202f", "")
    if "×10^" in read:  # a tiny value beside a wide interval
        mantissa, exponent = read.split("×10^")
        read = f"{mantissa}e{exponent}"
    assert abs(float(read) - value) <= 0.1 * 2 * half


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.5, "0.500"),
        (-0.00004, "−4×10^−5"),
        (1e9, "1×10^9"),
        (9999.0, "9999"),
        (12345.0, "12\u202f345"),
        (math.nan, "not a number"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_unusual_numbers_are_written_plainly(value: float, text: str):
    assert plain(value) == text


def test_a_value_that_rounds_to_zero_has_no_sign():
    assert plain(-0.01, 1) == "0.0"


def test_words_follow_their_number():
    assert count(1, "case") == "1 case" and count(0, "case") == "0 cases"
    assert listed([]) == ""
