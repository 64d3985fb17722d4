"""From a measure's values on undamaged and damaged images to its power at a stated share of false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from synthassay.errors import NotMeasured
from synthassay.records.vocabulary import Better

LEVEL = 0.05
POWER = 0.80
STUDY_PATIENTS = 20
SPLITS = 50
LEAST_CALIBRATION = 19  # the smallest number of undamaged values whose largest is exceeded by chance in 5 %
LEAST_DRAWS = 10

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]
"""Stratum to one value per image or draw; NaN where it could not be measured."""


@dataclass(frozen=True)
class Seen:
    """What a measure sees of a failure at each severity.

    Attributes:
        power: Share of damaged images or draws beyond the threshold, per severity.
        study_power: Power of the mean over ``STUDY_PATIENTS`` patients, per severity; empty for draws of sets.
        false_alarms: Share of undamaged ones beyond the threshold, none of which set it.
        stratum: The stratum that saw the largest severity best.
    """

    power: tuple[float, ...]
    study_power: tuple[float, ...]
    false_alarms: float
    stratum: str


def seen(
    undamaged: Values,
    damaged: Sequence[Values],
    better: Better,
    target: float | None,
    *,
    rng: np.random.Generator,
    study: bool,
    few_draws: bool = False,
) -> Seen:
    """Return the power against damage at ``LEVEL`` false alarms, however many strata the measure has.

    Half of the subjects (or draws) set the threshold by their undamaged values and the other half are tried, over and
    over with other halves. Strata are standardised by the undamaged calibration half and the worst one counts, so a
    measure with many strata pays for looking often. The threshold is the conformal one: the k-th smallest of n
    calibration values with k = ceil((n + 1)(1 - level)), which an undamaged value exceeds with probability of at most
    the level, whatever the distribution. Damage that makes a value better is not seen.

    Args:
        undamaged: One value per image or draw and stratum.
        damaged: The same per severity, the images in the same order.
        better: Which way is better.
        target: Best value, where ``better`` is ``target``.
        rng: Draws the halves.
        study: Whether values belong to patients, so that a mean over them is a study.
        few_draws: Whether there are too few draws for that; the threshold is then the upper prediction bound of the
            normal law after Bonferroni over strata, and false alarms are those of each draw against the others.

    Raises:
        NotMeasured: Too few values to set a threshold at the level.

    Source: Vovk, Gammerman and Shafer 2005, doi:10.1007/b106715 (split conformal prediction).
    """
    least = LEAST_DRAWS if few_draws else 2 * LEAST_CALIBRATION
    strata = [name for name in undamaged if np.isfinite(undamaged[name]).sum() >= least]
    if not strata:
        most = max((int(np.isfinite(values).sum()) for values in undamaged.values()), default=0)
        raise NotMeasured(f"a threshold at {LEVEL:.0%} false alarms needs {least} undamaged values; it has {most}")
    if few_draws:
        return _seen_by_normal_law(undamaged, damaged, strata, better, target)
    base = np.stack([badness(undamaged[name], better, target) for name in strata])
    worse = np.stack([[badness(d.get(name, base[0] * np.nan), better, target) for name in strata] for d in damaged])
    powers, alarms = [], []
    for _ in range(SPLITS):
        order = rng.permutation(base.shape[1])
        calibration, tried = order[: len(order) // 2], order[len(order) // 2 :]
        middle, spread = _standard(base[:, calibration])
        threshold = _conformal(_worst(base[:, calibration], middle, spread))
        alarms.append((_worst(base[:, tried], middle, spread) > threshold).mean())
        powers.append([(_worst(w[:, tried], middle, spread) > threshold).mean() for w in worse])
    study_power = tuple(_study_power(undamaged, d, strata, better, target) for d in damaged) if study else ()
    return Seen(
        power=tuple(np.mean(powers, axis=0).tolist()),
        study_power=study_power,
        false_alarms=float(np.mean(alarms)),
        stratum=_best_stratum(base, worse[-1], strata),
    )


def _seen_by_normal_law(
    undamaged: Values, damaged: Sequence[Values], strata: Sequence[str], better: Better, target: float | None
) -> Seen:
    base = np.stack([badness(undamaged[name], better, target) for name in strata])
    nothing = np.full(base.shape[1], np.nan)
    worse = [np.stack([badness(d.get(name, nothing), better, target) for name in strata]) for d in damaged]
    bound = np.array([_prediction_bound(values, len(strata)) for values in base])[:, None]
    alarms = [
        np.any(base[:, i] > [_prediction_bound(np.delete(values, i), len(strata)) for values in base])
        for i in range(base.shape[1])
    ]
    return Seen(
        power=tuple(float((w > bound).any(axis=0).mean()) for w in worse),
        study_power=(),
        false_alarms=float(np.mean(alarms)),
        stratum=_best_stratum(base, worse[-1], strata),
    )


def _prediction_bound(values: Floats, strata: int) -> float:
    """Upper bound of one further value: mean + t s sqrt(1 + 1/n)."""
    known = values[np.isfinite(values)]
    quantile = stats.t.ppf(1 - LEVEL / strata, len(known) - 1)
    return float(known.mean() + quantile * known.std(ddof=1) * np.sqrt(1 + 1 / len(known)))


def badness(values: Floats, better: Better, target: float | None) -> Floats:
    """Values turned so that more is worse."""
    if better is Better.TARGET:
        assert target is not None
        return np.abs(values - target)
    return -values if better is Better.HIGHER else values


def seen_from(severities: Sequence[float], power: Sequence[float]) -> float | None:
    """Return the smallest severity from which on the power never falls below ``POWER``; None where there is none.

    >>> seen_from((1, 2, 4), (0.1, 0.85, 0.99))
    2
    >>> seen_from((1, 2, 4), (0.9, 0.3, 0.99))
    4
    """
    first = None
    for severity, found in zip(reversed(severities), reversed(power), strict=True):
        if found < POWER:
            break
        first = severity
    return first


def _standard(values: Floats) -> tuple[Floats, Floats]:
    middle = np.nanmedian(values, axis=1, keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(values - middle), axis=1, keepdims=True)
    ordinary = np.nanstd(values, axis=1, keepdims=True)
    spread = np.where(spread > 0, spread, ordinary)
    return middle, np.where(spread > 0, spread, 1e-9 * np.maximum(np.abs(middle), 1e-9))


def _worst(values: Floats, middle: Floats, spread: Floats) -> Floats:
    scores = (values - middle) / spread
    return np.where(np.isfinite(scores), scores, -np.inf).max(axis=0)


def _conformal(scores: Floats) -> float:
    rank = int(np.ceil((len(scores) + 1) * (1 - LEVEL)))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else np.inf


def _study_power(
    undamaged: Values, damaged: Values, strata: Sequence[str], better: Better, target: float | None
) -> float:
    """Power of the mean over the patients of a study, by the normal law of means; the best stratum after Bonferroni."""
    best = 0.0
    for name in strata:
        null, hurt = undamaged[name], damaged.get(name)
        if hurt is None or np.isfinite(hurt).sum() < 2:
            continue
        null, hurt = null[np.isfinite(null)], hurt[np.isfinite(hurt)]
        sides = 2 if better is Better.TARGET else 1
        error = null.std(ddof=1) * np.sqrt(1 / STUDY_PATIENTS + 1 / len(null))
        bound = stats.norm.ppf(1 - LEVEL / len(strata) / sides) * error
        shift = float(hurt.mean() - null.mean())
        if better is Better.TARGET:
            assert target is not None
            shift = abs(shift) if abs(hurt.mean() - target) > abs(null.mean() - target) else 0.0
        shift = -shift if better is Better.HIGHER else shift
        spread = hurt.std(ddof=1) / np.sqrt(STUDY_PATIENTS)
        best = max(best, float(stats.norm.cdf((shift - bound) / max(spread, 1e-12))) if shift > 0 else 0.0)
    return best


def _best_stratum(base: Floats, worst: Floats, strata: Sequence[str]) -> str:
    middle, spread = _standard(base)
    gain = [np.nanmedian(row) if np.isfinite(row).any() else -np.inf for row in (worst - middle) / spread]
    return strata[int(np.argmax(gain))]
