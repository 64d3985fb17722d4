"""How far raters of the same cases agree: coefficients with intervals, and limits of agreement of every two."""

from __future__ import annotations

from typing import Literal

from synthassay.records.base import Record
from synthassay.records.reader_result import Ends

AgreementScale = Literal["nominal", "ordinal", "interval"]


class Coefficient(Record):
    """One coefficient.

    Attributes:
        readers: Whose agreement it is: two for Cohen's kappa, else all.
        ci: Interval of 95 % by a bootstrap of cases (or patients); ``note`` says why there is none.
        analytic: Interval by the F distribution, of intraclass correlations.
    """

    coefficient: str
    scale: AgreementScale
    readers: tuple[str, ...]
    estimate: float | None
    ci: Ends | None
    analytic: Ends | None = None
    cases: int
    note: str = ""


class LimitsOfTwo(Record):
    """Bland and Altman's limits of agreement, a minus b, each with its interval."""

    a: str
    b: str
    bias: float
    bias_ci: Ends
    sd: float
    low: float
    low_ci: Ends
    high: float
    high_ci: Ends
    cases: int
    method: str


class AgreementResult(Record):
    """The record of one analysis of agreement, of one treatment.

    Attributes:
        patients: Whose the cases are; None where it was not told.
        categories: What was answered, where answers are categories.
        credit: How much unequal categories agree in weighted coefficients.
    """

    title: str
    treatment: str
    cases: int
    patients: int | None
    readers: tuple[str, ...]
    ratings: int
    categories: tuple[str, ...]
    credit: str
    draws: int
    coefficients: tuple[Coefficient, ...]
    limits: tuple[LimitsOfTwo, ...]
    source: str


class AgreementReport(Record):
    """All treatments of a table."""

    results: tuple[AgreementResult, ...]
