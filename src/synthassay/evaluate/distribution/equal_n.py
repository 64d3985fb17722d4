"""A measure between sets, beside the same measure between two real sets of the same size, with intervals by subject.

Every measure of this kind depends on the number of images: a Fréchet distance between two real halves of 50 images is
many times that of 500. A value therefore means nothing alone. Here real images are split by subject into halves A and
B, again and again; the synthetic images are halved by subject as well; all are cut to one size n. The value is the mean
of measure(synthetic half, A), the floor the mean of measure(B, A).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, Setting
from synthassay.evaluate.patients import patients
from synthassay.randomness import stream
from synthassay.records.measurement import Interval
from synthassay.shapes import Features

REPEATS = 40
LEAST_SUBJECTS = 4
LEAST_IMAGES = 10
LEVEL, Z = 0.95, 1.959964

Statistic = Callable[["Sample", "Sample"], float]


@dataclass(frozen=True)
class Sample:
    """Features of some images and whose images they are."""

    features: Features
    subjects: np.ndarray

    @classmethod
    def of(cls, features: Features, subjects: Sequence[str]) -> Sample:
        """Pair features with subjects, which become integer codes.

        Raises:
            NotMeasured: A feature is not finite.
        """
        if not np.isfinite(features).all():
            raise NotMeasured(f"{int((~np.isfinite(features)).any(1).sum())} images have features that are not finite")
        return cls(features, np.unique(np.asarray(subjects), return_inverse=True)[1])

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: np.ndarray) -> Sample:
        """The images at these positions."""
        return Sample(self.features[rows], self.subjects[rows])


@dataclass(frozen=True)
class _Draw:
    synthetic: np.ndarray
    a: np.ndarray
    b: np.ndarray


def compared(
    name: str,
    statistic: Statistic,
    synthetic: Sample,
    real: Sample,
    *,
    seed: int,
    real_memo: dict[Any, Any],
    bounds: tuple[float, float] = (-np.inf, np.inf),
    repeats: int = REPEATS,
    settings: dict[str, Setting] | None = None,
) -> Finding:
    """Return the measure, its interval, and its floor between real sets of the same size.

    The interval is the delete-half jackknife over subjects: a half drawn without replacement differs from the whole as
    the whole differs from the population, so the spread of the replicates estimates the sampling error. It errs on the
    wide side: by about a fifth where the sets differ, up to twofold where they hardly do or where a set is cut further
    than to its half. The floor's interval holds 95 % of real splits.

    Args:
        name: The metric's name; with ``seed``, n and the real images it names the floor in ``real_memo``.
        statistic: Takes the judged sample and the real comparator.
        synthetic: The judged images.
        real: All real images to compare with.
        seed: Root seed of the draws.
        real_memo: Where floors are kept for other generators judged on the same real images.
        bounds: Values that the measure cannot leave.
        repeats: Number of splits.
        settings: Further settings for the record.

    Raises:
        NotMeasured: Fewer than four subjects on a side, or fewer than ten images in a half.

    Source: Shao and Wu 1989, doi:10.1214/aos/1176347263 (delete-d jackknife), d = n / 2.
    """
    draws = _draws(synthetic, real, seed, repeats)
    n = len(draws[0].a)
    values = np.array([statistic(synthetic.take(draw.synthetic), real.take(draw.a)) for draw in draws])
    floors = _floors(name, statistic, real, draws, (seed, n, repeats), real_memo)
    spread = Z * float(values.std(ddof=1))
    value = float(values.mean())
    return Finding(
        value=value,
        interval=Interval(
            low=max(value - spread, bounds[0]),
            high=min(value + spread, bounds[1]),
            level=LEVEL,
            method=f"delete-half jackknife over subjects, {repeats} draws",
        ),
        n=len(synthetic),
        subjects=patients(synthetic.subjects, real.subjects),
        floor=float(floors.mean()),
        floor_interval=_range_of(floors),
        settings={
            "images_per_set": n,
            "real_images": len(real),
            "real_subjects": len(np.unique(real.subjects)),
            "fewer_images_than_features": n < synthetic.features.shape[1],
            **(settings or {}),
        },
    )


def real_floor(
    name: str, statistic: Statistic, real: Sample, *, seed: int, real_memo: dict[Any, Any], repeats: int = REPEATS
) -> tuple[float, Interval, int]:
    """Return a measure's floor between real halves, the interval that holds 95 % of splits, and the halves' size.

    Raises:
        NotMeasured: Fewer than four real subjects, or fewer than ten images in a half.
    """
    draws = _draws(real, real, seed, repeats)
    n = len(draws[0].a)
    floors = _floors(name, statistic, real, draws, (seed, n, repeats), real_memo)
    return float(floors.mean()), _range_of(floors), n


def _floors(
    name: str, statistic: Statistic, real: Sample, draws: list[_Draw], key: tuple[int, ...], memo: dict[Any, Any]
) -> np.ndarray:
    place = ("floor", name, len(real), *key)
    if place not in memo:
        memo[place] = np.array([statistic(real.take(draw.b), real.take(draw.a)) for draw in draws])
    floors: np.ndarray = memo[place]
    return floors


def _range_of(floors: np.ndarray) -> Interval:
    low, high = np.quantile(floors, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    method = f"{len(floors)} splits of the real subjects into halves"
    return Interval(low=float(low), high=float(high), level=LEVEL, method=method)


def pooled(test: Sample, holdout_features: Features | None, holdout_subjects: Sequence[str] | None) -> Sample:
    """Join the test images with other real images that the generator never saw, so that both halves are larger."""
    if holdout_features is None or holdout_subjects is None:
        return test
    other = Sample.of(holdout_features, holdout_subjects)
    codes = np.concatenate([test.subjects, other.subjects + test.subjects.max() + 1])
    return Sample(np.concatenate([test.features, other.features]), codes)


def _draws(synthetic: Sample, real: Sample, seed: int, repeats: int) -> list[_Draw]:
    for sample, kind in ((synthetic, "synthetic"), (real, "real")):
        if len(np.unique(sample.subjects)) < LEAST_SUBJECTS:
            raise NotMeasured(f"{kind} images of fewer than {LEAST_SUBJECTS} subjects cannot be halved by subject")
    # two streams, so that the real halves and with them the floor are the same for every generator of the run
    judged, truth = stream(seed, "synthetic halves"), stream(seed, "real halves")
    draws = []
    for _ in range(repeats):
        a, b = _halves(real.subjects, truth)
        draws.append(_Draw(_halves(synthetic.subjects, judged)[0], a, b))
    n = min(len(rows) for draw in draws for rows in (draw.synthetic, draw.a, draw.b))
    if n < LEAST_IMAGES:
        raise NotMeasured(
            f"halves by subject hold only {n} images; {LEAST_IMAGES} are the least, and a few hundred are advisable"
        )
    return [_Draw(draw.synthetic[:n], draw.a[:n], draw.b[:n]) for draw in draws]


def _halves(subjects: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Split image positions by subject into two halves of nearly equal numbers of images, each in random order."""
    order = rng.permutation(subjects.max() + 1)
    sizes = np.bincount(subjects)[order]
    reach = np.cumsum(sizes)
    cut = int(np.argmin(np.abs(reach - reach[-1] / 2))) + 1
    first = np.isin(subjects, order[:cut])
    return rng.permutation(np.flatnonzero(first)), rng.permutation(np.flatnonzero(~first))
