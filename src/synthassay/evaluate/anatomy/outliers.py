"""Which images lie outside of what 95 % of real patients have, with false alarms held at 5 % by conformal calibration.

Real patients are cut into five folds by subject. On four of them a detector is fitted, and it scores the fifth; so each
real image has a score from a detector that never saw it. An image that is judged is scored by all five, and its p value
is how many real scores are as large. No assumption about the distribution is made: where real images of other patients
are drawn from the same population, about 5 % of them are called outliers, and theory bounds that share by 10 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf
from sklearn.ensemble import IsolationForest

from synthassay.errors import NotMeasured
from synthassay.randomness import stream

Floats = NDArray[np.float64]

ALPHA = 0.05
FOLDS = 5
LEAST_REAL = 20
"""Fewer real images than this cannot give a p value of 5 %: 1 / (n + 1) is larger, or the folds are too small."""
LEAST_SHOWN = 10
SCALE = 0.02
WINSOR = 8.0
UNHEARD = 100.0
"""Score of an image that lacks what 95 % of real images have, or shows what none has."""


@dataclass(frozen=True)
class Groups:
    """Descriptors of some images, in groups (structures or axes): name to ``cases descriptors``, NaN where absent."""

    values: Mapping[str, Floats]
    least_scales: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def take(self, rows: NDArray[np.intp]) -> Groups:
        """The images at these positions."""
        return Groups({name: values[rows] for name, values in self.values.items()}, self.least_scales)


@dataclass(frozen=True)
class Judged:
    """What the detector says of some images.

    Attributes:
        score: Per image; 1 is the outermost 5 % of real images in its worst descriptors.
        p: Share of real images with as large a score, from 1 / (n + 1) to 1.
        by_group: Outliers per group, among the images that show it: ``cases`` booleans, and which images show it.
        worst: Name of each image's worst group.
    """

    score: Floats
    p: Floats
    by_group: Mapping[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]
    worst: tuple[str, ...]

    @property
    def outlier(self) -> NDArray[np.bool_]:
        """Images outside of what 95 % of real ones have."""
        return self.p <= ALPHA


class Detector:
    """Shrunken Mahalanobis distance, largest robust deviation, and an isolation forest, fitted on real images.

    Args:
        real: Descriptors of real images.
        subjects: Their subjects; a subject is never on both sides of a fold.
        seed: Root seed of folds and forests.
        forest: Whether to grow the forests, which see all groups at once.

    Raises:
        NotMeasured: Fewer than ``LEAST_REAL`` real subjects.

    Source:
        Cross-conformal p values: Vovk 2015, doi:10.1007/s10472-013-9368-4; shrinkage: Ledoit and Wolf 2004,
        doi:10.1016/S0047-259X(03)00096-4; isolation forest: Liu et al. 2008, doi:10.1109/ICDM.2008.17.
    """

    def __init__(self, real: Groups, subjects: Sequence[str], *, seed: int, forest: bool = True) -> None:
        codes = np.unique(np.asarray(subjects), return_inverse=True)[1]
        count = int(codes.max(initial=-1)) + 1
        if count < LEAST_REAL:
            raise NotMeasured(f"what real patients have is known from {count} of them; {LEAST_REAL} are the least")
        fold = stream(seed, "folds").permutation(count)[codes] % FOLDS
        self.names = tuple(n for n, v in real.values.items() if (~np.isnan(v[:, 0])).sum() >= LEAST_SHOWN)
        self.never = tuple(n for n, v in real.values.items() if np.isnan(v[:, 0]).all())
        self.subjects, self._fold = count, fold
        parts = [np.flatnonzero(fold == k) for k in range(FOLDS)]
        self._models = [
            _Model(real.take(np.flatnonzero(fold != k)), self.names, seed=seed + k, forest=forest) for k in range(FOLDS)
        ]
        raw = np.empty((len(codes), 2 * len(self.names) + 1))
        for model, rows in zip(self._models, parts, strict=True):
            raw[rows] = model.scores(real.take(rows))
        heard = np.where(raw >= UNHEARD, np.nan, raw)
        self._middle = np.nanmedian(heard, axis=0)
        self._reach = np.maximum(np.nanquantile(heard, 1 - ALPHA, axis=0) - self._middle, 1e-6)
        self._real = self._combined(raw)

    def judge(self, images: Groups) -> Judged:
        """Score images that the detector was not fitted on."""
        found = [self._combined(model.scores(images)) for model in self._models]
        unheard = np.zeros(len(images), bool)
        for name in self.never:
            if name in images.values:
                unheard |= ~np.isnan(images.values[name][:, 0])
        columns = [np.where(unheard, UNHEARD, f.max(axis=1)) for f in found]
        own = self._real.max(axis=1)
        by_group = {}
        for g, name in enumerate(self.names):
            shown = ~np.isnan(images.values[name][:, 0])
            p = self._p([f[:, g] for f in found], self._real[:, g])
            by_group[name] = (shown & (p <= ALPHA), shown)
        mean = np.mean(found, axis=0)
        worst = tuple((*self.names, "all together")[i] for i in mean.argmax(axis=1))
        return Judged(np.mean(columns, axis=0), self._p(columns, own), by_group, worst)

    def _p(self, columns: Sequence[Floats], real: Floats) -> Floats:
        above = np.zeros(len(columns[0]))
        for k, column in enumerate(columns):
            reached = np.sort(real[self._fold == k])
            above += len(reached) - np.searchsorted(reached, column, side="left")
        return (1 + above) / (1 + int((real > -np.inf).sum()))

    def _combined(self, raw: Floats) -> Floats:
        """Scores in units of real images' outermost 5 %; -inf where a structure is absent, as it often is."""
        scaled = np.nan_to_num((raw - self._middle) / self._reach, nan=-np.inf)
        g = len(self.names)
        return np.column_stack([np.maximum(scaled[:, :g], scaled[:, g : 2 * g]), scaled[:, -1]])


class _Model:
    """Fitted on one choice of four folds."""

    def __init__(self, real: Groups, names: Sequence[str], *, seed: int, forest: bool) -> None:
        self._names = names
        self._scales = {name: _scale(real.values[name], real.least_scales[name]) for name in names}
        self._expected = {name: bool((~np.isnan(real.values[name][:, 0])).mean() >= 1 - ALPHA) for name in names}
        self._inverse = {}
        for name in names:
            z = np.clip(self._z(name, real), -WINSOR, WINSOR)
            shown = z[~np.isnan(z[:, 0])]
            self._inverse[name] = np.linalg.pinv(ledoit_wolf(shown, assume_centered=True)[0], hermitian=True)
        self._forest = None
        if forest:
            self._forest = IsolationForest(n_estimators=100, random_state=seed % 2**31).fit(self._all(real))

    def scores(self, images: Groups) -> Floats:
        """Return ``cases scores``: Mahalanobis per group, largest deviation per group, forest."""
        distance, largest = [], []
        for name in self._names:
            z = self._z(name, images)
            square = np.einsum("ij,jk,ik->i", z, self._inverse[name], z)
            absent = UNHEARD if self._expected[name] else np.nan
            shown = ~np.isnan(z[:, 0])
            distance.append(np.where(shown, np.sqrt(square / z.shape[1]), absent))
            largest.append(np.where(shown, np.abs(z).max(axis=1), absent))
        strange = np.zeros(len(images)) if self._forest is None else -self._forest.score_samples(self._all(images))
        return np.column_stack([*distance, *largest, strange])

    def _z(self, name: str, images: Groups) -> Floats:
        middle, scale = self._scales[name]
        return (images.values[name] - middle) / scale

    def _all(self, images: Groups) -> Floats:
        joined = np.concatenate([self._z(name, images) for name in self._names], axis=1)
        return np.clip(np.nan_to_num(joined), -20, 20)


def _scale(values: Floats, least: Floats) -> tuple[Floats, Floats]:
    """Median and the larger of robust and ordinary spread, so that a rare second form is part of what is usual."""
    shown = values[~np.isnan(values[:, 0])]
    middle = np.median(shown, axis=0)
    robust = 1.4826 * np.median(np.abs(shown - middle), axis=0)
    return middle, np.maximum(np.maximum(robust, shown.std(axis=0)), least)
