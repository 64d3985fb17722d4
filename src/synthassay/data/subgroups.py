"""What is known of a case's patient and scan beyond its class: the subgroups that a gain is broken down by."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from synthassay.records.cohort import Case

USUAL = {"sex": ("sex", "gender"), "age": ("age", "age_years", "age_at_scan")}
AGE_BANDS = (18, 40, 60, 80)


def subgroups(facts: Mapping[str, str]) -> dict[str, str]:
    """Return the subgroups that a row of facts tells; ages become bands, empty cells nothing.

    >>> subgroups({"Sex": "F", "age": "47.5", "weight": "70"})
    {'sex': 'F', 'age': '40 to 59'}
    >>> subgroups({"age": "unknown", "sex": ""})
    {}
    """
    lower = {name.lower(): value.strip() for name, value in facts.items()}
    found = {}
    for group, names in USUAL.items():
        value = next((lower[name] for name in names if lower.get(name)), "")
        value = age_band(value) if group == "age" else value
        if value:
            found[group] = value
    return found


def age_band(age: str) -> str:
    """Return the band of an age in years; empty where it is no number.

    >>> age_band("7"), age_band("63"), age_band("85"), age_band("n/a"), age_band("nan")
    ('under 18', '60 to 79', '80 or more', '', '')
    """
    try:
        years = float(age)
    except ValueError:
        return ""
    if not 0 <= years < 150:
        return ""
    if years < AGE_BANDS[0]:
        return f"under {AGE_BANDS[0]}"
    for low, high in itertools.pairwise(AGE_BANDS):
        if years < high:
            return f"{low} to {high - 1}"
    return f"{AGE_BANDS[-1]} or more"


def groups_of(case: Case) -> dict[str, str]:
    """Return all subgroups that a case is known to belong to: its site, its scanner, and what the data say more."""
    own = {"site": case.site, "scanner": case.scanner}
    return {**{name: value for name, value in own.items() if value}, **case.groups}
