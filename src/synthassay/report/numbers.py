"""Numbers as people should read them: no more digits than the interval supports."""

from __future__ import annotations

import math

from synthassay.records.measurement import Interval

SIGNIFICANT = 3
MOST_DECIMALS = 6
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-4, 1e7
MINUS, THIN_SPACE = "−", "\u202f"


def decimals_for(width: float) -> int:
    """Return how many decimals show an interval of this width to two significant digits.

    >>> [decimals_for(width) for width in (130.0, 2.8, 0.34, 0.0034)]
    [0, 1, 2, 4]
    """
    if not math.isfinite(width) or width <= 0:
        return SIGNIFICANT - 1
    return min(MOST_DECIMALS, max(0, 1 - math.floor(math.log10(width))))


def plain(value: float, decimals: int | None = None) -> str:
    r"""Return a number as text, to three significant digits unless ``decimals`` are given.

    >>> plain(-0.08123), plain(23456.7), plain(12.3456, 1), plain(3.2e-9)
    ('−0.0812', '23\u202f457', '12.3', '3.2×10^−9')
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value != 0 and not SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN:
        mantissa, exponent = f"{value:.2g}".split("e") if "e" in f"{value:.2g}" else (f"{value:.2g}", "0")
        return _typeset(f"{mantissa}×10^{int(exponent)}")
    if decimals is None:
        decimals = 0 if value == 0 else min(MOST_DECIMALS, max(0, SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{decimals}f}"
    return _typeset(_grouped(text if float(text) != 0 or value == 0 else text.lstrip("-")))


def with_interval(value: float, interval: Interval | None) -> tuple[str, str]:
    """Return the value, and its interval in brackets (empty without one), to the same decimals.

    >>> with_interval(23.4567, Interval(low=22.1049, high=24.8831, method="bootstrap"))
    ('23.5', '[22.1, 24.9]')
    >>> with_interval(0.8, None)
    ('0.800', '')
    """
    if interval is None:
        return plain(value), ""
    decimals = decimals_for(interval.high - interval.low)
    ends = f"[{plain(interval.low, decimals)}, {plain(interval.high, decimals)}]"
    return plain(value, decimals), ends


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun in the right grammatical number.

    >>> count(1, "case"), count(2846, "subject"), count(2, "study", "studies")
    ('1 case', '2846 subjects', '2 studies')
    """
    return f"{_grouped(str(number))} {one if number == 1 else many or one + 's'}"


def percent(level: float) -> str:
    """Return a confidence level as text.

    >>> percent(0.95)
    '95%'
    """
    return f"{level * 100:.4g}%"


def probability(p: float) -> str:
    """Return a p value as an equation or a bound.

    >>> probability(0.0041), probability(0.00002)
    ('p = 0.0041', 'p < 0.0001')
    """
    return f"p = {p:.2g}" if p >= 1e-4 else "p < 0.0001"


def unit_words(unit: str) -> str:
    """Return a unit as it stands behind a number; nothing for a plain number.

    >>> unit_words("arbitrary"), unit_words("1"), unit_words("HU")
    ('arbitrary units', '', 'HU')
    """
    return {"arbitrary": "arbitrary units", "1": "", "none": ""}.get(unit, unit)


def listed(names: list[str]) -> str:
    """Join names as English does.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _grouped(text: str) -> str:
    """Thin spaces between thousands from five digits on."""
    whole, dot, rest = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if len(digits) >= 5:
        digits = f"{int(digits):,}".replace(",", THIN_SPACE)
    return f"{sign}{digits}{dot}{rest}"


def _typeset(text: str) -> str:
    return text.replace("-", MINUS)
