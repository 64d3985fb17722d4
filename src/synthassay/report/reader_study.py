"""The section on a reader study, and the same as a page of its own; readers stand there by numbers, not by name."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.base import write_text
from synthassay.records.measurement import Interval
from synthassay.records.reader_result import Ends, ReaderDifference, ReaderMean, ReaderResult
from synthassay.report.numbers import count, plain, probability, with_interval
from synthassay.report.scale import Scale
from synthassay.stats.mrmc.curves import Points, mean_curve

FRAME = {"left": 54, "right": 284, "top": 8, "bottom": 238, "width": 294, "height": 280}
TICKS = ((0.0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1"))
ANALYSES = {
    "rrrc": "other readers and other cases",
    "frrc": "these readers, other cases",
    "rrfc": "other readers, these cases",
    "ustat": "other readers and other cases",
}
METHODS = {
    "or": "Obuchowski and Rockette, Hillis' degrees of freedom",
    "ustat": "U-statistics of Gallas, any design",
    "means": "means of readers by cases, both drawn at random, Satterthwaite's degrees of freedom",
}


@dataclass(frozen=True)
class Picture:
    """ROC curves of one treatment.

    Attributes:
        readers: SVG points of each reader's curve; ``mean`` of the mean curve.
        description: What is drawn, for those who cannot see it.
    """

    treatment: str
    readers: tuple[str, ...]
    mean: str
    description: str


@dataclass(frozen=True)
class Table:
    """A table: a caption, column heads, and rows of which the first cell names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ReaderStudy:
    """All that the section shows."""

    title: str
    facts: tuple[tuple[str, str], ...]
    says: tuple[str, ...]
    figure: str
    pictures: tuple[Picture, ...]
    ticks: tuple[tuple[float, float, str], ...]
    tables: tuple[Table, ...]


def reader_study(found: ReaderResult) -> ReaderStudy:
    """Return what the section shows of a result."""
    facts = (
        ("Read by", count(len(found.readers), "reader")),
        ("Cases", _cases(found)),
        ("Readings", f"{found.readings}, {found.design}"),
        ("Method", METHODS[found.method] + (f", {found.covariance} covariance" if found.covariance else "")),
        (
            "Margin",
            "none was stated" if found.margin is None else f"{found.margin:g}; it must be stated before looking",
        ),
    )
    x, y = Scale(0, 1, FRAME["left"], FRAME["right"]), Scale(0, 1, FRAME["bottom"], FRAME["top"])
    return ReaderStudy(
        title=found.title,
        facts=facts,
        says=found.says,
        figure=found.figure,
        pictures=tuple(_picture(t, curves, x, y) for t, curves in found.curves.items() if curves),
        ticks=tuple((x.place(at), y.place(at), label) for at, label in TICKS),
        tables=tuple(table for table in _tables(found) if table.rows),
    )


def _cases(found: ReaderResult) -> str:
    whose = "" if found.patients is None else f" of {count(found.patients, 'patient')}"
    truths = f": {found.positive} positive, {found.negative} negative" if found.auc else ""
    return f"{found.cases}{whose}{truths}"


def write_reader_page(found: ReaderResult, path: Path) -> Path:
    """Write the section as a page that opens anywhere, offline; equal results give equal bytes.

    Returns:
        The path.

    Raises:
        RunError: It cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("synthassay.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("reader_study.html.j2").render(
        css=files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        readers=reader_study(found),
        reader_frame=FRAME,
    )
    write_text(path, page)
    return path


def _picture(treatment: str, curves: dict[str, Points], x: Scale, y: Scale) -> Picture:
    def points(curve: Points) -> str:
        return " ".join(f"{x.place(fpf)},{y.place(tpf)}" for fpf, tpf in curve)

    mean = mean_curve(list(curves.values()))
    at = dict(mean)
    description = (
        f"{treatment}: curves of {count(len(curves), 'reader')}; the mean curve finds "
        + ", ".join(
            f"{plain(at[f], 2)} of positive cases at a false positive fraction of {f:g}" for f in (0.1, 0.2, 0.5)
        )
        + "."
    )
    return Picture(treatment, tuple(points(c) for c in curves.values()), points(mean), description)


def _tables(found: ReaderResult) -> Iterable[Table]:
    part = getattr(found, found.headline)
    whom = ANALYSES[found.headline]
    if part is not None:
        yield Table(
            f"Differences, generalised to {whom}",
            ("Difference", f"Mean {found.figure} [95% interval]", "df", "p", "Within the margin"),
            tuple((f"{d.a} − {d.b}", *_cells(d)) for d in part.differences),
        )
        yield Table(
            f"Each treatment by its own data, generalised to {whom}",
            (
                "Treatment",
                f"Mean {found.figure} [95% interval]",
                "df",
                "p" if found.reference is None else f"p against {found.reference:.3g}",
                "Within the margin",
            ),
            tuple((m.treatment, *_cells(m)) for m in part.single),
        )
    yield Table(
        f"{found.figure[:1].upper()}{found.figure[1:]} of each reader",
        ("Treatment", *(f"Reader {k + 1}" for k in range(len(found.readers))), "Mean"),
        tuple(
            (t, *(_number(found.values[t][r]) for r in found.readers), plain(found.mean[t], 3))
            for t in found.treatments
        ),
    )
    yield Table(
        "Other ways to generalise",
        ("Difference", "Generalised to", "Difference [95% interval]", "p"),
        tuple(
            (f"{d.a} − {d.b}", ANALYSES[key], _cells(d)[0], _cells(d)[2])
            for key in ("rrrc", "frrc", "rrfc")
            if key != found.headline and getattr(found, key) is not None
            for d in getattr(found, key).differences
        ),
    )
    yield from _more_tables(found)


def _more_tables(found: ReaderResult) -> Iterable[Table]:
    yield Table(
        "" if found.cut is None else f"Calls at a rating of {found.cut:g} or above",
        ("Treatment", "Figure", "Mean over readers [95% interval]"),
        tuple(
            (t, at.figure, _value(v, {m.treatment: m.ci for m in at.rrrc.single}.get(t) if at.rrrc else None))
            for at in found.at_cut
            for t, v in at.mean.items()
        ),
    )
    yield Table(
        "Telling synthetic from real: d′ is 0 at chance; a criterion above 0 says “synthetic” too seldom",
        ("Treatment", "Reader", "d′", "Criterion", "Hits", "False alarms"),
        tuple(
            (
                t.treatment, f"Reader {found.readers.index(g.reader) + 1}", plain(g.d_prime, 2), plain(g.criterion, 2),
                f"{g.hits} of {g.positives}", f"{g.false_alarms} of {g.negatives}",
            )
            for t in found.turing
            for g in t.readers
        ),
    )  # fmt: skip
    yield from _reading_tables(found)


def _odds_row(d: ReaderDifference) -> tuple[str, ...]:
    ends = None if d.ci is None else (math.exp(d.ci[0]), math.exp(d.ci[1]))
    p = "–" if d.p is None else probability(d.p)
    return (f"{d.a} − {d.b}", _value(math.exp(d.estimate), ends), plain(d.estimate, 2), p)


def _reading_tables(found: ReaderResult) -> Iterable[Table]:
    yield Table(
        "Choices: d′ is 0 at chance, whatever the number of alternatives",
        ("Treatment", "Reader", "Right", "Among", "d′"),
        tuple(
            (
                c.treatment, f"Reader {found.readers.index(c.reader) + 1}", f"{c.right} of {c.trials}",
                str(c.alternatives), plain(c.d_prime, 2),
            )
            for c in found.choices
        ),
    )  # fmt: skip
    yield Table(
        "Odds of a higher answer, by a proportional-odds model with effects of readers and cases",
        ("Difference", "Odds ratio [95% interval]", "Log odds", "p"),
        tuple(_odds_row(d) for odds in found.odds for d in odds.differences),
    )
    yield Table(
        "Control arms: could this study have found a fault, and was there a cue?",
        ("Arm", "Kind", "Mean [95% interval]", "Passed"),
        tuple((c.treatment, c.kind, _value(c.estimate, c.ci), "yes" if c.passed else "no") for c in found.controls),
    )
    yield Table(
        "Agreement of readers, intervals over cases",
        ("Treatment", "Coefficient", "Value [95% interval]", "Cases"),
        tuple((a.treatment, a.coefficient, _value(a.estimate, a.ci), str(a.n)) for a in found.agreement),
    )
    yield Table(
        "Artefacts that most readers saw, exact intervals over cases",
        ("Artefact", "Cases", "Share [95% interval]"),
        tuple((a.artefact, f"{a.present} of {a.cases}", _value(a.share, a.ci)) for a in found.artefacts),
    )
    yield Table(
        "Change from the first to the last position of a session",
        ("Of", "Slope [95% interval]", "p", "First quarter", "Last quarter"),
        tuple(
            (d.of, _value(d.slope, d.ci), "–" if d.p is None else probability(d.p), plain(d.first, 2), plain(d.last, 2))
            for d in found.drift
        ),
    )


def _cells(row: ReaderDifference | ReaderMean) -> tuple[str, str, str, str]:
    df = "–" if row.se is None else "∞" if row.df is None else plain(row.df, 1)
    p = "–" if row.p is None else probability(row.p)
    within = "–"
    if row.within is not None:
        within = f"{'yes' if row.within.equivalent_p <= 0.05 else 'not shown'}, {probability(row.within.equivalent_p)}"
    return _value(row.estimate, row.ci), df, p, within


def _value(value: float | None, ends: Ends | None) -> str:
    if value is None:
        return "–"
    interval = None if ends is None else Interval(low=ends[0], high=ends[1], method="")
    return " ".join(part for part in with_interval(value, interval) if part)


def _number(value: float | None) -> str:
    return "–" if value is None else plain(value, 3)
