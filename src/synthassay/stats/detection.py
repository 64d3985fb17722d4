"""Detection theory for readers who tell one kind of image from another: sensitivity apart from bias.

Accuracy mixes how well a reader tells with how readily he says "synthetic"; d' and the criterion keep them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import integrate, optimize, stats

LARGEST_D = 12.0


@dataclass(frozen=True)
class Detection:
    """One reader's hits and false alarms.

    Attributes:
        d_prime: Distance of both distributions in standard deviations; 0 is chance, below 0 the wrong way round.
        criterion: Bias; above 0 the reader says "positive" too seldom.
        d_prime_se: Standard error of d', of the corrected rates.
    """

    hits: int
    positives: int
    false_alarms: int
    negatives: int
    d_prime: float
    criterion: float
    d_prime_se: float

    @property
    def accuracy(self) -> float:
        """Share of all cases called right."""
        return (self.hits + self.negatives - self.false_alarms) / (self.positives + self.negatives)


def detection(hits: int, positives: int, false_alarms: int, negatives: int) -> Detection:
    """Return d' and criterion of a yes-no task, with 0.5 added to each count and 1 to each total.

    Args:
        hits: Positive cases called positive, of ``positives``.
        positives: Positive cases.
        false_alarms: Negative cases called positive, of ``negatives``.
        negatives: Negative cases.

    Raises:
        ValueError: Counts contradict each other.

    Source:
        Hautus, Behav Res Methods 27:46 (1995), doi:10.3758/BF03203619 (log-linear correction); Macmillan and Creelman,
        Detection Theory (2nd ed., 2005), equations 1.5, 2.1 and 13.4.

    >>> found = detection(20, 25, 10, 25)
    >>> round(found.d_prime, 3), round(found.criterion, 3)
    (1.044, -0.279)
    """
    if not (0 <= hits <= positives and 0 <= false_alarms <= negatives and positives > 0 and negatives > 0):
        raise ValueError(f"{hits} of {positives} and {false_alarms} of {negatives} are no shares")
    h, f = (hits + 0.5) / (positives + 1), (false_alarms + 0.5) / (negatives + 1)
    zh, zf = float(stats.norm.ppf(h)), float(stats.norm.ppf(f))
    spread = sum(
        p * (1 - p) / ((n + 1) * stats.norm.pdf(z) ** 2) for p, n, z in ((h, positives, zh), (f, negatives, zf))
    )
    return Detection(hits, positives, false_alarms, negatives, zh - zf, -(zh + zf) / 2, float(np.sqrt(spread)))


def forced_choice_share(d_prime: float, alternatives: int) -> float:
    """Return the share of right choices among m alternatives of which one is the target.

    Source: Hacker and Ratcliff, Percept Psychophys 26:168 (1979), doi:10.3758/BF03208311.

    >>> round(forced_choice_share(1.0, 2), 4), round(forced_choice_share(0.0, 4), 4)
    (0.7602, 0.25)
    """
    if alternatives < 2:
        raise ValueError(f"a choice needs two alternatives, not {alternatives}")
    return float(
        integrate.quad(
            lambda x: stats.norm.pdf(x - d_prime) * stats.norm.cdf(x) ** (alternatives - 1), -9, 9 + max(d_prime, 0)
        )[0]
    )


def forced_choice_d_prime(right: int, trials: int, alternatives: int) -> float:
    """Return d' of an m-alternative forced choice; for two, sqrt(2) z(share of right choices).

    Shares of 0 and 1 are corrected as in ``detection``.

    Raises:
        ValueError: Counts contradict each other, or fewer than two alternatives.

    >>> round(forced_choice_d_prime(76, 100, 2), 3)
    0.987
    """
    if not 0 <= right <= trials or trials < 1:
        raise ValueError(f"{right} of {trials} is no share")
    share = (right + 0.5) / (trials + 1)
    return _inverse(share, alternatives)


@cache
def _inverse(share: float, alternatives: int) -> float:
    if alternatives == 2:
        return float(np.sqrt(2) * stats.norm.ppf(share))
    return float(
        optimize.brentq(lambda d: forced_choice_share(d, alternatives) - share, -LARGEST_D, LARGEST_D, xtol=1e-10)
    )


@dataclass(frozen=True)
class Hype:
    """Human error rate: how often people take synthetic for real and real for synthetic, in percent; 50 is chance."""

    error: float
    on_synthetic: float
    on_real: float


def hype(called_real: int, synthetic: int, called_synthetic: int, real: int) -> Hype:
    """Return the error rate of HYPE-infinity, the mean of both kinds of error, so that unequal numbers do not matter.

    Args:
        called_real: Synthetic images taken for real, of ``synthetic``.
        synthetic: Synthetic images shown.
        called_synthetic: Real images taken for synthetic, of ``real``.
        real: Real images shown.

    Raises:
        ValueError: Nothing was shown of one kind.

    Source:
        Zhou et al., NeurIPS 2019, arXiv:1904.01121, section 3.2; with equal numbers it is theirs.

    >>> hype(30, 50, 10, 50)
    Hype(error=40.0, on_synthetic=60.0, on_real=20.0)
    """
    if synthetic < 1 or real < 1:
        raise ValueError("both kinds of images must be shown")
    one, other = 100 * called_real / synthetic, 100 * called_synthetic / real
    return Hype((one + other) / 2, one, other)
