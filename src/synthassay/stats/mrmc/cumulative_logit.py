"""Ordered answers, such as points of 1 to 5, by a proportional-odds model with effects of readers and cases.

P(answer <= k) = 1 / (1 + exp(-(threshold_k - x beta - u))), u a sum of normal effects, one of each kind per reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize, sparse
from scipy.special import expit, log_expit

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
LARGEST = 15.0
"""An effect in log odds beyond which the answers are taken to be apart without overlap."""
STEP, NONE = 1e-3, 1e-2
INNER, TOLERANCE = 60, 1e-11


@dataclass(frozen=True, eq=False)
class CumulativeLogit:
    """A fitted model.

    Attributes:
        thresholds: One fewer than categories, rising.
        effects: Log odds of a higher answer per unit of each column; ``covariance`` of their estimates.
        spread: Standard deviation of the effects of each kind, in log odds; 0 where none was found.
        log_likelihood: By Laplace's approximation where there are random effects.
        overlap: Whether every estimate is finite; False where answers are apart without overlap.
    """

    thresholds: Floats
    effects: Floats
    covariance: Floats
    spread: dict[str, float]
    log_likelihood: float
    overlap: bool


def fit_cumulative_logit(
    category: ArrayLike, columns: ArrayLike, groups: Mapping[str, ArrayLike] | None = None
) -> CumulativeLogit:
    """Fit the model by maximum (Laplace-approximated) likelihood.

    Args:
        category: Answer of each reading, whole numbers; only their order matters.
        columns: ``readings effects``: what shifts answers, without a constant.
        groups: Kind of random effect (reader, case, ...) to the group of each reading.

    Raises:
        ValueError: All answers are equal, or lengths differ.

    Source:
        McCullagh, J R Stat Soc B 42:109 (1980), doi:10.1111/j.2517-6161.1980.tb01109.x (proportional odds); Tutz and
        Hennevogl, Comput Stat Data Anal 22:537 (1996), doi:10.1016/0167-9473(96)00004-7 (with random effects); Tierney
        and Kadane, J Am Stat Assoc 81:82 (1986), doi:10.1080/01621459.1986.10478240 (Laplace).

    Example:
        >>> found = fit_cumulative_logit([1, 1, 2, 3, 2, 3, 3, 1], [[0], [0], [0], [0], [1], [1], [1], [1]])
        >>> found.effects.round(2).tolist(), found.thresholds.round(2).tolist()
        ([1.1], [-0.0, 1.1])
    """
    model = _Model.of(np.asarray(category), np.atleast_2d(np.asarray(columns, np.float64)), groups or {})
    bounds = [(None, None)] * (model.cuts + model.effects) + [(0.0, LARGEST)] * len(model.sizes)
    found = optimize.minimize(
        model.loss, model.start(), method="L-BFGS-B", jac=model.slope, bounds=bounds, options={"maxiter": 500}
    )
    at: Floats = found.x
    free = np.ones(len(at), bool)
    free[model.cuts + model.effects :] = at[model.cuts + model.effects :] > NONE
    at = np.where(free, at, 0.0)
    effects = at[model.cuts : model.cuts + model.effects]
    thresholds = model.thresholds(at)
    overlap = bool(np.abs(effects).max(initial=0.0) < LARGEST and np.abs(thresholds).max() < 4 * LARGEST)
    whole = model.curvature(at, free)
    try:
        inverse = linalg.inv(whole)
    except linalg.LinAlgError:
        inverse, overlap = np.full(whole.shape, np.nan), False
    block = slice(model.cuts, model.cuts + model.effects)
    spread = dict(zip(model.kinds, map(float, at[model.cuts + model.effects :]), strict=True))
    overlap = overlap and bool((np.diag(inverse)[block] > 0).all())
    return CumulativeLogit(thresholds, effects, inverse[block, block], spread, -model.loss(at), overlap)


@dataclass(eq=False)
class _Model:
    """The likelihood; ``mode`` is where the last search for the random effects ended, from where the next starts."""

    answer: Whole
    columns: Floats
    kinds: tuple[str, ...]
    which: sparse.csr_matrix
    sizes: tuple[int, ...]
    cuts: int
    mode: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, category: NDArray[np.generic], columns: Floats, groups: Mapping[str, ArrayLike]) -> _Model:
        values, answer = np.unique(category, return_inverse=True)
        if len(values) < 2:
            raise ValueError("all answers are equal, so no odds can be compared")
        if columns.shape[0] != len(answer):
            raise ValueError(f"{columns.shape[0]} rows of columns are not those of {len(answer)} answers")
        codes = [np.unique(np.asarray(group), return_inverse=True)[1] for group in groups.values()]
        if any(len(code) != len(answer) for code in codes):
            raise ValueError("each reading needs a group of every kind")
        sizes = tuple(int(code.max()) + 1 for code in codes)
        starts = np.cumsum([0, *sizes])
        rows = np.tile(np.arange(len(answer)), len(codes))
        places = np.concatenate([code + start for code, start in zip(codes, starts, strict=False)] or [rows])
        ones = np.ones(len(rows))
        which = sparse.csr_matrix((ones, (rows, places)), shape=(len(answer), int(starts[-1])))
        return cls(answer, columns, tuple(groups), which, sizes, len(values) - 1, np.zeros(int(starts[-1])))

    @property
    def effects(self) -> int:
        return self.columns.shape[1]

    def start(self) -> Floats:
        share = np.cumsum(np.bincount(self.answer)[:-1]) / len(self.answer)
        cuts = np.log(share / (1 - share))
        return np.r_[cuts[0], np.log(np.diff(cuts)), np.zeros(self.effects), np.full(len(self.sizes), 0.7)]

    def thresholds(self, at: Floats) -> Floats:
        steps = np.exp(np.clip(at[1 : self.cuts], -30, 10))
        found: Floats = at[0] + np.r_[0.0, np.cumsum(steps)]
        return found

    def loss(self, at: Floats) -> float:
        """Negative log-likelihood: that of the readings at the mode of the random effects, and Laplace's correction."""
        cuts = np.r_[-np.inf, self.thresholds(at), np.inf]
        ends = cuts[self.answer], cuts[self.answer + 1]
        fixed = self.columns @ at[self.cuts : self.cuts + self.effects]
        if not self.sizes:
            return float(-_chances(*ends, fixed)[0].sum())
        scale = np.repeat(at[self.cuts + self.effects :], self.sizes)
        design = self.which.multiply(scale[None, :]).tocsr()
        return self._laplace(ends, fixed, design)

    def _laplace(self, ends: tuple[Floats, Floats], fixed: Floats, design: sparse.csr_matrix) -> float:
        u = self.mode
        value, gradient, whole = self._penalised(u, ends, fixed, design)
        for _ in range(INNER):
            factor = linalg.cho_factor(whole, check_finite=False)
            step = linalg.cho_solve(factor, gradient, check_finite=False)
            if float(gradient @ step) < TOLERANCE:
                break
            size = 1.0
            after = self._penalised(u - step, ends, fixed, design)
            while after[0] > value and size > 1e-4:
                size /= 2
                after = self._penalised(u - size * step, ends, fixed, design)
            u = u - size * step
            value, gradient, whole = after
        self.mode = u
        return float(value + np.log(np.diag(linalg.cholesky(whole, check_finite=False))).sum())

    @staticmethod
    def _penalised(
        u: Floats, ends: tuple[Floats, Floats], fixed: Floats, design: sparse.csr_matrix
    ) -> tuple[float, Floats, Floats]:
        chance, slope, bend = _chances(*ends, fixed + design @ u)
        whole = (design.T @ design.multiply(bend[:, None])).toarray()
        whole[np.diag_indices_from(whole)] += 1
        return float(-chance.sum() + u @ u / 2), u - design.T @ slope, whole

    def slope(self, at: Floats) -> Floats:
        """Gradient of the loss by central differences; one-sided where a spread would fall below 0."""
        out = np.empty(len(at))
        for k in range(len(at)):
            step = 1e-5
            up, down = at.copy(), at.copy()
            up[k] += step
            down[k] = max(at[k] - step, 0.0) if k >= self.cuts + self.effects else at[k] - step
            out[k] = (self.loss(up) - self.loss(down)) / (up[k] - down[k])
        return out

    def curvature(self, at: Floats, free: NDArray[np.bool_]) -> Floats:
        """Second derivatives of the loss over what is free; spreads of 0 stay, and so do their rows."""
        out = np.eye(len(at))
        index = np.flatnonzero(free)
        middle = self.loss(at)
        steps = np.eye(len(at)) * STEP
        for a, i in enumerate(index):
            out[i, i] = (self.loss(at + steps[i]) - 2 * middle + self.loss(at - steps[i])) / STEP**2
            for j in index[:a]:
                one, other = steps[i] + steps[j], steps[i] - steps[j]
                four = self.loss(at + one) + self.loss(at - one) - self.loss(at + other) - self.loss(at - other)
                out[i, j] = out[j, i] = four / (4 * STEP**2)
        return out


def _chances(low: Floats, high: Floats, shift: Floats) -> tuple[Floats, Floats, Floats]:
    """Per reading the log chance of its answer, its slope in the shift, and the negative of its second derivative."""
    a, b = low - shift, high - shift
    fa, fb = expit(a), expit(b)
    # log(F(b) - F(a)) = log F(b) + log(1 - F(a)) + log(1 - exp(a - b)), which loses no digits in the tails
    gap = np.where(np.isinf(a) | np.isinf(b), -np.inf, low - high)
    chance = log_expit(b) + log_expit(-a) + np.log1p(-np.exp(gap))
    return chance, fa + fb - 1, fa * (1 - fa) + fb * (1 - fb)
