"""Ordered answers, such as points of 1 to 5, by a proportional-odds model with effects of readers and cases.

P(answer <= k) = 1 / (1 + exp(-(threshold_k - x beta - u))), u a sum of normal effects, one of each kind per reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize, sparse
from scipy.special import expit, log_expit

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
LARGEST = 15.0
"""An effect in log odds beyond which the answers are taken to be apart without overlap."""
STEP, NONE = 1e-4, 1e-2
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
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-6}
    found = optimize.minimize(model.loss, model.start(), method="L-BFGS-B", jac=True, bounds=bounds, options=options)
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
    return CumulativeLogit(thresholds, effects, inverse[block, block], spread, -model.loss(at)[0], overlap)


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

    def loss(self, at: Floats) -> tuple[float, Floats]:
        """Negative log-likelihood by Laplace's approximation, and its gradient.

        The loss is that of readings and effects u at its least, plus half the logarithm of the determinant of its
        second derivatives there; the gradient follows how u and that determinant move with the parameters.
        """
        cuts = np.r_[-np.inf, self.thresholds(at), np.inf]
        low, high = cuts[self.answer], cuts[self.answer + 1]
        fixed = self.columns @ at[self.cuts : self.cuts + self.effects]
        scale = np.repeat(at[self.cuts + self.effects :], self.sizes)
        design = self.which.multiply(scale[None, :]).tocsr()
        value, inverse = self._laplace((low, high), fixed, design)
        shift = fixed + design @ self.mode
        chance, slope, bend = _chances(low, high, shift)
        (fa, bent_a), (fb, bent_b) = _density(low - shift), _density(high - shift)
        across = design @ inverse
        lever = np.asarray(design.multiply(across).sum(axis=1)).ravel() / 2
        pull = inverse @ (design.T @ (-lever * (bent_a + bent_b)))
        moved = design @ pull
        by_shift = -slope - lever * (bent_a + bent_b) - bend * moved
        by_high = -fb * np.exp(-chance) + lever * bent_b + moved * fb
        by_low = fa * np.exp(-chance) + lever * bent_a + moved * fa
        by_spread = self._by_spread(by_shift, bend, slope, across, pull)
        return value, np.r_[self._by_cuts(at, by_low, by_high), self.columns.T @ by_shift, by_spread]

    def _by_cuts(self, at: Floats, by_low: Floats, by_high: Floats) -> Floats:
        each = np.bincount(self.answer, weights=by_high, minlength=self.cuts + 1)[:-1]
        each = each + np.bincount(self.answer, weights=by_low, minlength=self.cuts + 1)[1:]
        after = np.cumsum(each[::-1])[::-1]
        steps = np.exp(np.clip(at[1 : self.cuts], -30, 10))
        return np.r_[after[0], after[1:] * steps]

    def _by_spread(self, by_shift: Floats, bend: Floats, slope: Floats, across: Floats, pull: Floats) -> Floats:
        """Of each kind: through the shift, through the determinant, and through where u is least."""
        out = np.empty(len(self.sizes))
        starts = np.cumsum([0, *self.sizes])
        for k, (start, end) in enumerate(pairwise(starts)):
            own = self.which[:, start:end]
            of_reading = by_shift * (own @ self.mode[start:end]) + slope * (own @ pull[start:end])
            inside = np.asarray(own.multiply(across[:, start:end]).sum(axis=1)).ravel()
            out[k] = float((of_reading + bend * inside).sum())
        return out

    def _laplace(self, ends: tuple[Floats, Floats], fixed: Floats, design: sparse.csr_matrix) -> tuple[float, Floats]:
        """The loss, with the inverse of its second derivatives in u; ``mode`` becomes where it is least."""
        u = self.mode
        value, gradient, whole = self._penalised(u, ends, fixed, design)
        for _ in range(INNER):
            step = linalg.solve(whole, gradient, assume_a="pos") if len(u) else u
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
        inverse: Floats = np.asarray(np.linalg.inv(whole), np.float64)
        return float(value + np.linalg.slogdet(whole)[1] / 2), inverse

    @staticmethod
    def _penalised(
        u: Floats, ends: tuple[Floats, Floats], fixed: Floats, design: sparse.csr_matrix
    ) -> tuple[float, Floats, Floats]:
        chance, slope, bend = _chances(*ends, fixed + design @ u)
        whole = (design.T @ design.multiply(bend[:, None])).toarray()
        whole[np.diag_indices_from(whole)] += 1
        return float(-chance.sum() + u @ u / 2), u - design.T @ slope, whole

    def curvature(self, at: Floats, free: NDArray[np.bool_]) -> Floats:
        """Second derivatives of the loss over what is free; spreads of 0 stay, and so do their rows."""
        out = np.eye(len(at))
        index = np.flatnonzero(free)
        for i in index:
            step = np.zeros(len(at))
            step[i] = STEP
            out[i, index] = (self.loss(at + step)[1] - self.loss(at - step)[1])[index] / (2 * STEP)
        return (out + out.T) / 2


def _density(at: Floats) -> tuple[Floats, Floats]:
    """Logistic density and its slope."""
    share = expit(at)
    density = share * expit(-at)
    return density, density * (1 - 2 * share)


def _chances(low: Floats, high: Floats, shift: Floats) -> tuple[Floats, Floats, Floats]:
    """Per reading the log chance of its answer, its slope in the shift, and the negative of its second derivative."""
    a, b = low - shift, high - shift
    fa, fb = expit(a), expit(b)
    # log(F(b) - F(a)) = log F(b) + log(1 - F(a)) + log(1 - exp(a - b)), which loses no digits in the tails
    gap = np.where(np.isinf(a) | np.isinf(b), -np.inf, low - high)
    chance = log_expit(b) + log_expit(-a) + np.log1p(-np.exp(gap))
    return chance, fa + fb - 1, fa * (1 - fa) + fb * (1 - fb)
