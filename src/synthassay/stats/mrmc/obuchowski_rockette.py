"""The analysis of Obuchowski and Rockette with Hillis' degrees of freedom: readers and cases each random or fixed.

theta[i, j] = mu + treatment i + reader j + interaction + error; the errors' covariance comes from the cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
ROUNDING = 1e-28


@dataclass(frozen=True)
class Components:
    """Mean squares of the figures and components of the error's covariance.

    Attributes:
        var: Variance of a figure's error; ``cov1`` covariance within a reader, ``cov2`` within a treatment, ``cov3``
            across both, each the mean over all such pairs.
        ms_t: Mean square of treatments (NaN with one); ``ms_r`` of readers, ``ms_tr`` of their interaction.
        ms_r_within: Per treatment, the mean square of readers; ``var_within``, ``cov2_within`` likewise.
    """

    treatments: int
    readers: int
    var: float
    cov1: float
    cov2: float
    cov3: float
    ms_t: float
    ms_r: float
    ms_tr: float
    ms_r_within: tuple[float, ...]
    var_within: tuple[float, ...]
    cov2_within: tuple[float, ...]

    @property
    def var_r(self) -> float:
        """Variance component of readers; may be negative, which is an estimate of a small one."""
        return (self.ms_r - self.ms_tr) / self.treatments - self.cov1 + self.cov3

    @property
    def var_tr(self) -> float:
        """Variance component of the interaction of treatments and readers; may be negative."""
        return self.ms_tr - self.var + self.cov1 + (self.cov2 - self.cov3)

    @property
    def case_share(self) -> float:
        """max(cov2 - cov3, 0): with random cases it is never less."""
        return max(self.cov2 - self.cov3, 0.0)


@dataclass(frozen=True)
class Contrast:
    """A difference or a single mean with its standard error and degrees of freedom (inf for a normal one)."""

    estimate: float
    se: float
    df: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the ends of the interval; they are not held within 0 and 1."""
        reach = quantile((1 + level) / 2, self.df) * self.se
        return self.estimate - reach, self.estimate + reach

    def p(self, against: float = 0.0) -> float:
        """Return the two-sided p of no distance from a value."""
        return 2 * self.tail(abs(self.estimate - against))

    def tail(self, distance: float) -> float:
        """Return P(T > distance / se); without any spread certainty: 0 above, 1 below, a half at 0."""
        if self.se == 0:
            return 0.0 if distance > 0 else 1.0 if distance < 0 else 0.5
        return float(
            stats.norm.sf(distance / self.se) if np.isinf(self.df) else stats.t.sf(distance / self.se, self.df)
        )


@dataclass(frozen=True)
class Analysis:
    """One way to generalise: the test over all treatments, the differences of pairs, and each treatment's own mean.

    Attributes:
        statistic: F, or chi-squared over df1 degrees of freedom where ``df2`` is inf.
        denominator: What the mean square of treatments was compared with; NaN with one treatment.
        differences: ``(i, j)`` to ``theta_i - theta_j``.
        single: One per treatment, by data of that treatment alone.
    """

    statistic: float
    df1: float
    df2: float
    p: float
    denominator: float
    differences: dict[tuple[int, int], Contrast]
    single: tuple[Contrast, ...]


def components(values: Floats, covariance: Floats) -> Components:
    """Return the mean squares and the components.

    Args:
        values: ``treatments readers``.
        covariance: ``n n``, in the order of ``values.ravel()``.

    Source:
        Hillis, Stat Med 26:596 (2007), doi:10.1002/sim.2532; Hillis, Stat Med 33:330 (2014), doi:10.1002/sim.5926.
    """
    t, r = values.shape
    by_treatment, by_reader, whole = values.mean(axis=1), values.mean(axis=0), values.mean()
    rest = values - by_treatment[:, None] - by_reader[None, :] + whole
    cov = covariance.reshape(t, r, t, r)
    one, other = np.eye(t, dtype=bool)[:, None, :, None], np.eye(r, dtype=bool)[None, :, None, :]
    variances = np.einsum("irir->ir", cov)
    nan = float("nan")
    return Components(
        treatments=t,
        readers=r,
        var=float(variances.mean()),
        cov1=_mean_where(cov, ~one & other),
        cov2=_mean_where(cov, one & ~other),
        cov3=_mean_where(cov, ~one & ~other),
        ms_t=_square(r * ((by_treatment - whole) ** 2).sum() / (t - 1)) if t > 1 else nan,
        ms_r=_square(t * ((by_reader - whole) ** 2).sum() / (r - 1)) if r > 1 else nan,
        ms_tr=_square((rest**2).sum() / ((t - 1) * (r - 1))) if t > 1 and r > 1 else nan,
        ms_r_within=tuple(_square(v) for v in values.var(axis=1, ddof=1)) if r > 1 else (nan,) * t,
        var_within=tuple(float(v) for v in variances.mean(axis=1)),
        cov2_within=tuple(_mean_where(cov[i, :, i, :], ~np.eye(r, dtype=bool)) for i in range(t)),
    )


def random_readers_random_cases(values: Floats, parts: Components) -> Analysis:
    """Generalise to readers and cases like these.

    Source:
        Hillis 2007 (df of equation 14); Hillis 2014, table 2 for single treatments; both as in ``components``.
    """
    t, r = parts.treatments, parts.readers
    denominator = parts.ms_tr + r * parts.case_share
    df2 = _hillis(denominator, parts.ms_tr, (t - 1) * (r - 1))
    single = []
    for i, mean in enumerate(values.mean(axis=1)):
        ms = parts.ms_r_within[i]
        spread = ms + r * max(parts.cov2_within[i], 0.0)
        single.append(Contrast(float(mean), float(np.sqrt(spread / r)), _hillis(spread, ms, r - 1)))
    return _analysis(values, parts, denominator, df2, tuple(single))


def fixed_readers_random_cases(values: Floats, parts: Components) -> Analysis:
    """Generalise to cases like these, read by these very readers; chi-squared and normal tests."""
    r = parts.readers
    denominator = parts.var - parts.cov1 + (r - 1) * parts.case_share
    single = tuple(
        Contrast(
            float(mean),
            float(np.sqrt((parts.var_within[i] + (r - 1) * max(parts.cov2_within[i], 0.0)) / r)),
            np.inf,
        )
        for i, mean in enumerate(values.mean(axis=1))
    )
    return _analysis(values, parts, denominator, np.inf, single)


def random_readers_fixed_cases(values: Floats, parts: Components) -> Analysis:
    """Generalise to readers like these, reading these very cases."""
    t, r = parts.treatments, parts.readers
    single = tuple(
        Contrast(float(mean), float(np.sqrt(parts.ms_r_within[i] / r)), r - 1)
        for i, mean in enumerate(values.mean(axis=1))
    )
    return _analysis(values, parts, parts.ms_tr, (t - 1) * (r - 1), single)


def reader_differences(values: Floats, covariance: Floats, i: int, j: int) -> tuple[Contrast, ...]:
    """Return each reader's own difference of treatments i and j, with random cases."""
    t, r = values.shape
    cov = covariance.reshape(t, r, t, r)
    return tuple(
        Contrast(
            float(values[i, k] - values[j, k]),
            float(np.sqrt(max(cov[i, k, i, k] + cov[j, k, j, k] - 2 * cov[i, k, j, k], 0.0))),
            np.inf,
        )
        for k in range(r)
    )


def quantile(probability: float, df: float) -> float:
    """Return a quantile of Student's t, or of the normal distribution where df is infinite."""
    return float(stats.norm.ppf(probability) if np.isinf(df) else stats.t.ppf(probability, df))


def _analysis(
    values: Floats, parts: Components, denominator: float, df2: float, single: tuple[Contrast, ...]
) -> Analysis:
    t, r = values.shape
    means = values.mean(axis=1)
    se = float(np.sqrt(2 * denominator / r)) if t > 1 else float("nan")
    pairs = {(i, j): Contrast(float(means[i] - means[j]), se, df2) for i in range(t) for j in range(i + 1, t)}
    if t == 1 or np.isnan(denominator):
        return Analysis(np.nan, np.nan, np.nan, np.nan, np.nan, pairs, single)
    if denominator == 0:
        statistic, p = (0.0, 1.0) if parts.ms_t == 0 else (np.inf, 0.0)
    elif np.isinf(df2):
        statistic = (t - 1) * parts.ms_t / denominator
        p = float(stats.chi2.sf(statistic, t - 1))
    else:
        statistic = parts.ms_t / denominator
        p = float(stats.f.sf(statistic, t - 1, df2))
    return Analysis(float(statistic), t - 1, df2, p, denominator, pairs, single)


def _hillis(denominator: float, mean_square: float, df: float) -> float:
    """Degrees of freedom of ``denominator``, of which ``mean_square`` has ``df`` and the rest is taken as known."""
    return float(denominator**2 / (mean_square**2 / df)) if mean_square > 0 else np.inf


def _square(value: float) -> float:
    """A mean square; what rounding leaves of none is none."""
    return float(value) if value > ROUNDING else 0.0


def _mean_where(cov: Floats, chosen: NDArray[np.bool_]) -> float:
    found = cov[np.broadcast_to(chosen, cov.shape)]
    return float(found.mean()) if found.size else 0.0
