"""Sets of tiles compared feature by feature: what is measured on each, what could not be, and the real floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample, Statistic, compared
from synthassay.evaluate.metric import Finding, Setting
from synthassay.images.specimen import Specimen

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """What was measured on the tiles of a set: one row per tile, or several where there are several of a thing.

    Attributes:
        values: ``rows features``; NaN where a feature of a row does not exist.
        subjects: Whose each row is.
        tiles: How many tiles were measured; ``failed`` names the others with their reasons.
    """

    values: Floats
    subjects: tuple[str, ...]
    tiles: int
    failed: Mapping[str, str]


def rows_of(specimens: Sequence[Specimen], measure: Callable[[Specimen], Floats]) -> Rows:
    """Measure each tile once, keeping the numbers alone.

    Args:
        specimens: Read one by one.
        measure: Returns ``rows features`` of a tile, or raises NotMeasured.

    Raises:
        NotMeasured: No tile could be measured; with the first one's reason.
    """
    parts, subjects, failed = [], [], {}
    for specimen in specimens:
        try:
            part = measure(specimen)
        except NotMeasured as problem:
            failed[specimen.case] = problem.reason
        else:
            parts.append(part)
            subjects.extend([specimen.subject] * len(part))
    if not parts:
        first = next(iter(failed.values()), "there are none")
        raise NotMeasured(f"none of {len(failed)} tiles could be measured; the first because: {first}")
    return Rows(np.concatenate(parts), tuple(subjects), len(parts), failed)


def real_rows(
    name: str,
    test: Sequence[Specimen],
    holdout: Sequence[Specimen] | None,
    measure: Callable[[Specimen], Floats],
    memo: dict[Any, Any],
) -> Rows:
    """Measure the real tiles that no generator saw, once for all generators judged on them."""
    key = ("tiles", name, len(test), 0 if holdout is None else len(holdout))
    if key not in memo:
        found = rows_of(test, measure)
        if holdout is not None and len(holdout):
            found = _joined(found, rows_of(holdout, measure))
        memo[key] = found
    kept: Rows = memo[key]
    return kept


def _joined(one: Rows, other: Rows) -> Rows:
    return Rows(
        np.concatenate([one.values, other.values]),
        (*one.subjects, *other.subjects),
        one.tiles + other.tiles,
        {**one.failed, **other.failed},
    )


def compared_tiles(
    name: str,
    stratum: str,
    columns: Sequence[int],
    statistic: Statistic,
    judged: Rows,
    real: Rows,
    *,
    seed: int,
    memo: dict[Any, Any],
    of: str = "tiles",
    settings: Mapping[str, Setting] | None = None,
) -> Finding:
    """Compare some columns of synthetic and real rows at equal n, beside the same between real halves.

    Args:
        name: The metric's name.
        stratum: Which of its numbers this is.
        columns: The columns that ``statistic`` sees; rows without a value in one of them are left out.
        statistic: Takes the judged and the comparator sample.
        judged: Of the synthetic tiles.
        real: Of the real tiles.
        seed: Root seed of the splits.
        memo: Keeps the floor.
        of: What a row is, in the plural, for the record.
        settings: Further settings.

    Returns:
        The finding of this stratum, which is *not measured* with its reason where a set is too small.
    """
    try:
        samples = [_sample(rows, columns, of) for rows in (judged, real)]
        found = compared(f"{name} {stratum}", statistic, *samples, seed=seed, real_memo=memo, bounds=(0.0, np.inf))
    except NotMeasured as problem:
        reason = problem.reason if of == "tiles" else problem.reason.replace("images", of)
        return Finding(stratum=stratum, not_measured=reason, failed_cases=judged.failed)
    counted = {key.replace("images", of): value for key, value in found.settings.items()}
    return replace(
        found,
        stratum=stratum,
        n=judged.tiles,
        failed_cases=judged.failed,
        settings={**counted, "real_tiles_not_measured": len(real.failed), **(settings or {})},
    )


def _sample(rows: Rows, columns: Sequence[int], of: str) -> Sample:
    values = rows.values[:, list(columns)]
    there = np.atleast_1d(np.isfinite(values).all(axis=1))
    if not there.any():
        raise NotMeasured(f"none of {len(values)} {of} has it")
    return Sample.of(values[there], [subject for subject, kept in zip(rows.subjects, there, strict=True) if kept])


def wasserstein(one: Floats, other: Floats) -> float:
    """Return the 1-Wasserstein distance between two samples of numbers, in their own unit.

    Source:
        Ramdas et al., Entropy 19:47 (2017), doi:10.3390/e19020047: the area between both quantile functions.

    >>> wasserstein(np.array([0.0, 1.0]), np.array([5.0, 6.0]))
    5.0
    """
    first, second = np.sort(one, axis=None), np.sort(other, axis=None)
    if len(first) == len(second):
        return float(np.abs(first - second).mean())
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(first, second))
