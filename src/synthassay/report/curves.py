"""Training curves as small drawings, one per loss term, each with its numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from synthassay.records.log import TrainingLine
from synthassay.report.numbers import plain
from synthassay.report.scale import Scale, fitted

FRAME = {"left": 52, "right": 282, "top": 10, "bottom": 132, "width": 300, "height": 156}
TABLE_ROWS = 12
Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """One loss term over training.

    Attributes:
        train: SVG points of the training line; ``validation`` of the validation line, empty without one.
        description: What the drawing shows, for those who cannot see it.
    """

    term: str
    train: str
    validation: str
    validation_points: tuple[Point, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    logarithmic: bool
    description: str


@dataclass(frozen=True)
class Training:
    """All curves of one generator, a table of them, and what its last line warned of."""

    of: str
    curves: tuple[Curve, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    alarms: tuple[str, ...] = ()


def training(of: str, lines: Sequence[TrainingLine]) -> Training:
    """Return one curve per term that was logged; terms that validation alone has get a curve of their own."""
    terms = list(dict.fromkeys(t for line in lines for t in (*line.train, *line.validation)))
    curves = tuple(curve for term in terms if (curve := _curve(term, lines)) is not None)
    columns = (
        *(f"{term} (train)" for term in terms if any(term in line.train for line in lines)),
        *(f"{term} (validation)" for term in terms if any(term in line.validation for line in lines)),
    )
    return Training(of, curves, columns, _rows(terms, lines), lines[-1].alarms if lines else ())


def _curve(term: str, lines: Sequence[TrainingLine]) -> Curve | None:
    train = _values(term, [(line.images_seen, line.train) for line in lines])
    validation = _values(term, [(line.images_seen, line.validation) for line in lines])
    drawn = train + validation
    y = fitted((value for _, value in drawn), FRAME["bottom"], FRAME["top"], log_allowed=True)
    if y is None:
        return None
    last = max(seen for seen, _ in drawn)
    x = Scale(0, max(last, 1), FRAME["left"], FRAME["right"])
    return Curve(
        term=term,
        train=_points(train, x, y),
        validation=_points(validation, x, y),
        validation_points=tuple((x.place(seen), y.place(value)) for seen, value in validation),
        x_ticks=tuple((place, _short(label)) for place, label in x.ticks(4)),
        y_ticks=tuple(y.ticks(4)),
        logarithmic=y.logarithmic,
        description=_description(term, train, validation),
    )


def _values(term: str, lines: Sequence[tuple[int, dict[str, float]]]) -> list[Point]:
    return [(float(seen), terms[term]) for seen, terms in lines if term in terms and math.isfinite(terms[term])]


def _points(values: Sequence[Point], x: Scale, y: Scale) -> str:
    return " ".join(f"{x.place(seen)},{y.place(value)}" for seen, value in values)


def _description(term: str, train: Sequence[Point], validation: Sequence[Point]) -> str:
    parts = []
    for name, values in (("training", train), ("validation", validation)):
        if values:
            (_, first), (seen, last) = values[0], values[-1]
            lowest = min(value for _, value in values)
            parts.append(
                f"{name} from {plain(first)} to {plain(last)} after {plain(seen, 0)} images (lowest {plain(lowest)})"
            )
    return f"{term}: {'; '.join(parts)}."


def _rows(terms: Sequence[str], lines: Sequence[TrainingLine]) -> tuple[tuple[str, ...], ...]:
    """At most ``TABLE_ROWS`` lines, evenly spread and the last among them, validation lines preferred."""
    with_validation = [line for line in lines if line.validation] or list(lines)
    step = math.ceil(len(with_validation) / TABLE_ROWS)
    chosen = with_validation[::-step][::-1]
    rows = []
    for line in chosen:
        cells = [plain(line.images_seen, 0)]
        for part, everywhere in (
            (line.train, [candidate.train for candidate in lines]),
            (line.validation, [candidate.validation for candidate in lines]),
        ):
            present = [term for term in terms if any(term in values for values in everywhere)]
            cells += [plain(part[term]) if term in part else "–" for term in present]
        rows.append(tuple(cells))
    return tuple(rows)


def _short(label: str) -> str:
    r"""Thousands as k, so that labels fit below a small drawing.

    >>> _short("20\u202f000"), _short("500")
    ('20k', '500')
    """
    digits = label.replace("\u202f", "")
    return f"{digits[:-3]}k" if digits.endswith("000") and len(digits) > 3 else label
