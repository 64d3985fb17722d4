"""The published reader studies and the numbers that other programs print of them; tests skip where they are absent."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest

from synthassay.reading.ratings_file import read_ratings


def folder() -> Path:
    data = os.environ.get("SYNTHASSAY_DATA", "")
    found = Path(data).parent / "mrmc"
    if not data or not (found / "expected.json").exists():
        pytest.skip("the published reader studies are not beside SYNTHASSAY_DATA")
    return found


@cache
def expected():
    return json.loads((folder() / "expected.json").read_text())


@cache
def van_dyke(case: str = ""):
    return read_ratings(folder() / "VanDyke.csv", case_column=case)


@cache
def imrmc():
    return read_ratings(folder() / "imrmc_example.csv")


def digits(text) -> float:
    """Half a unit of the last printed digit of a published number."""
    mantissa, _, exponent = repr(text).lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5001 * 10.0 ** (int(exponent or 0) - decimals)


def printed(published):
    """Equal to all digits that were printed; a printed 0 is exact, for it follows from the design."""
    if published == 0:
        return pytest.approx(0, abs=1e-18)
    return pytest.approx(published, abs=digits(published), rel=0)
