"""Who is better than whom, as far as the intervals show it and no further."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from synthassay.records.evaluation import Comparison
from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Better
from synthassay.report.contents import Contents
from synthassay.report.numbers import probability, unit_words, with_interval
from synthassay.report.strata import badness, left_out
from synthassay.report.tables import direction_words, stratum_words

GLYPHS = {"better": "▲", "worse": "▼", "different": "◆", "not told apart": "≈", "unknown": "?"}


@dataclass(frozen=True)
class Finding:
    """One generator beside one other, on one measure.

    Attributes:
        outcome: A key of ``GLYPHS``; says what ``of`` is, compared with ``against``.
        basis: What the outcome rests on, as a sentence without a full stop.
        reason: The same in a few words: the paired difference's p, or that only the intervals were compared.
        asked: Whether the protocol asks for the measure.
    """

    measurement: Measurement
    other: Measurement
    stratum: str
    value: str
    other_value: str
    difference: str
    outcome: str
    basis: str
    reason: str
    asked: bool

    @property
    def of(self) -> str:
        """Who is judged."""
        return self.measurement.of

    @property
    def against(self) -> str:
        """Beside whom."""
        return self.other.of

    @property
    def glyph(self) -> str:
        """The outcome as a shape, beside its word."""
        return GLYPHS[self.outcome]

    @property
    def direction(self) -> str:
        """Which way is good, and the unit."""
        return " · ".join(
            part for part in (direction_words(self.measurement), unit_words(self.measurement.unit)) if part
        )


def findings(contents: Contents, pseudonyms: Pseudonyms) -> tuple[Finding, ...]:
    """Return each generator beside the best baseline on every measure that both have, and beside other generators.

    A recorded paired comparison decides where there is one; otherwise the two intervals do. Comparisons with baselines
    that are not the best stay in ``comparisons.json``, and so do strata that the tables leave out.
    """
    hidden = left_out(contents.measurements, contents.generators)
    measured = {
        (m.metric, m.stratum, m.of): m
        for m in contents.measurements
        if m.value is not None and m.stratum not in hidden.get(m.metric, ())
    }
    recorded = {(c.metric, c.stratum, c.of, c.against): c for c in contents.comparisons}
    pairs = []
    for metric, stratum, of in measured:
        if of in contents.generators:
            rivals = [measured[k] for b in contents.baselines if (k := (metric, stratum, b)) in measured]
            pairs += [(metric, stratum, of, best(rivals).of)] if rivals else []
            pairs += [key for key in recorded if key[:3] == (metric, stratum, of) and key[3] in contents.generators]
    order = {of: place for place, of in enumerate(contents.judged)}
    asked = {status.metric for status in contents.requirements.requirements} if contents.requirements else set()
    found = [
        _finding(
            measured[(metric, stratum, of)],
            other,
            recorded.get((metric, stratum, of, against)),
            pseudonyms,
            asked=metric in asked,
        )
        for metric, stratum, of, against in dict.fromkeys(pairs)
        if (other := measured.get((metric, stratum, against))) is not None
    ]
    return tuple(sorted(found, key=lambda finding: order[finding.of]))


def best(measurements: Iterable[Measurement]) -> Measurement:
    """Return the measurement with the best value; the first of equals."""
    return min((m for m in measurements if m.value is not None), key=badness)


def _finding(
    one: Measurement, other: Measurement, paired: Comparison | None, pseudonyms: Pseudonyms, *, asked: bool
) -> Finding:
    difference, reason = "", "by intervals"
    if paired is not None and paired.interval is not None:
        difference = _signed(paired)
        outcome, basis = _paired_outcome(paired)
        told = () if paired.p is None else (probability(paired.p), paired.correction)
        reason = ", ".join(filter(None, told)) or "paired"
    else:
        outcome, basis = _interval_outcome(one, other)
    return Finding(
        measurement=one,
        other=other,
        stratum=pseudonyms.scrub(stratum_words(one.stratum)),
        value=shown(one),
        other_value=shown(other),
        difference=difference,
        outcome=outcome,
        basis=basis,
        reason=reason,
        asked=asked,
    )


def shown(measurement: Measurement) -> str:
    """Return ``value [interval]`` in one line; the unit stands with the measure's name."""
    return " ".join(part for part in with_interval(measurement.value or 0.0, measurement.interval) if part)


def _signed(paired: Comparison) -> str:
    value, interval = with_interval(paired.difference, paired.interval)
    return f"{'+' if paired.difference > 0 else ''}{value} {interval}"


def _paired_outcome(paired: Comparison) -> tuple[str, str]:
    interval = paired.interval
    assert interval is not None
    p = f", {probability(paired.p)}" if paired.p is not None else ""
    p += f" after {paired.correction}" if paired.p is not None and paired.correction else ""
    if interval.low <= 0 <= interval.high:
        return "not told apart", f"the paired difference's interval holds 0{p}"
    basis = f"the paired difference's interval leaves out 0{p}"
    if paired.better == Better.TARGET:
        return "different", basis
    return ("better" if (interval.low > 0) == (paired.better == Better.HIGHER) else "worse"), basis


def _interval_outcome(one: Measurement, other: Measurement) -> tuple[str, str]:
    a, b = one.interval, other.interval
    if a is None or b is None:
        return "unknown", "no interval was given for both"
    if a.low <= b.high and b.low <= a.high:
        return "not told apart", "the two intervals overlap"
    if one.better == Better.TARGET:
        return "different", "the two intervals are apart"
    return ("better" if badness(one) < badness(other) else "worse"), "the two intervals are apart"
