"""Simulated readers: the variance components model of Roe and Metz, to try analyses on studies whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RoeMetz:
    """Ratings are a mean of the truth plus independent normal effects, each drawn anew for either truth.

    Attributes:
        separation: Per treatment, the distance of the means of positive and negative cases.
        var_r: Variance of readers; ``var_tr`` of treatment by reader.
        var_c: Variance of cases; ``var_tc`` of treatment by case, ``var_rc`` of reader by case.
        var_error: Variance of treatment by reader by case. In the published structures the last four add up to 1.

    Source:
        Roe and Metz, Acad Radiol 4:298 (1997), doi:10.1016/S1076-6332(97)80032-3.
    """

    separation: tuple[float, ...]
    var_r: float
    var_tr: float
    var_c: float
    var_tc: float
    var_rc: float
    var_error: float

    def true_auc(self, treatment: int) -> float:
        """Return the expected area of a reader drawn at random.

        >>> round(STRUCTURES["HH", 0.75].true_auc(0), 4)
        0.7001
        """
        spread = self.var_r + self.var_tr + self.var_c + self.var_tc + self.var_rc + self.var_error
        return float(norm.cdf(self.separation[treatment] / np.sqrt(2 * spread)))

    def apart(self, second: float) -> RoeMetz:
        """Return the same model with another separation in the second treatment."""
        return replace(self, separation=(self.separation[0], second))

    def simulate(
        self,
        readers: int,
        negative: int,
        positive: int,
        rng: np.random.Generator,
        *,
        images: int = 1,
        alike: float = 0.0,
    ) -> Ratings:
        """Draw one crossed study.

        Args:
            readers: Readers.
            negative: Negative cases.
            positive: Positive cases.
            rng: Source of all draws.
            images: Cases of each patient, all of one truth; the last patient may have fewer.
            alike: Share of the variance of cases (and of treatment and reader by case) that is the patient's.
        """
        own = self._of_cases(1 - alike) if images > 1 else self
        parts = [own._scores(readers, negative, 0.0, rng), own._scores(readers, positive, 1.0, rng)]
        whose = [np.arange(negative) // images, np.arange(positive) // images]
        if images > 1:
            shared = replace(self._of_cases(alike), separation=(0.0,) * len(self.separation), var_r=0.0, var_tr=0.0)
            shared = replace(shared, var_error=0.0)
            parts = [
                p + shared._scores(readers, w[-1] + 1, 0.0, rng)[:, :, w] for p, w in zip(parts, whose, strict=True)
            ]
        score = np.concatenate(parts, axis=2)
        truth = np.arange(negative + positive) >= negative
        return Ratings(
            treatments=tuple(f"t{k + 1}" for k in range(len(self.separation))),
            readers=tuple(f"r{k + 1}" for k in range(readers)),
            cases=tuple(f"c{k + 1}" for k in range(negative + positive)),
            truth=truth,
            score=score,
            patients=tuple(f"{sign}{k + 1}" for sign, w in zip("np", whose, strict=True) for k in w)
            if images > 1
            else (),
        )

    def _of_cases(self, share: float) -> RoeMetz:
        return replace(self, var_c=share * self.var_c, var_tc=share * self.var_tc, var_rc=share * self.var_rc)

    def _scores(self, readers: int, cases: int, share: float, rng: np.random.Generator) -> Floats:
        shape = (len(self.separation), readers, cases)
        score = share * np.array(self.separation)[:, None, None] + np.zeros(shape)
        for variance, size in (
            (self.var_r, (1, readers, 1)),
            (self.var_tr, (shape[0], readers, 1)),
            (self.var_c, (1, 1, cases)),
            (self.var_tc, (shape[0], 1, cases)),
            (self.var_rc, (1, readers, cases)),
            (self.var_error, shape),
        ):
            score += np.sqrt(variance) * rng.standard_normal(size)
        return score


def _structure(correlation: str, spread: str, separation: float) -> RoeMetz:
    case, error = (0.3, 0.2) if correlation == "H" else (0.1, 0.6)
    reader = {0.75: 0.011, 1.5: 0.03, 2.5: 0.056}[separation] if spread == "H" else 0.0055
    return RoeMetz((separation, separation), reader, reader, case, case, 0.2, error)


STRUCTURES: dict[tuple[str, float], RoeMetz] = {
    (f"{correlation}{spread}", separation): _structure(correlation, spread, separation)
    for correlation in "HL"
    for spread in "HL"
    for separation in (0.75, 1.5, 2.5)
}
"""Roe and Metz' twelve structures by name and separation: High or Low correlation of cases, then spread of readers."""
