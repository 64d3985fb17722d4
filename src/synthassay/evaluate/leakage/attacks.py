"""How well an attack tells training patients from others, beside the same attack between training patients alone.

An attack gives each real image a score; members (training images) should score higher than non-members. How well the
scores tell the two apart is the area under the ROC curve (AUC). A raw AUC misleads: with few patients it strays from
0.5 by chance. So the training patients are halved at random many times, one half plays the non-members, and the AUC
between the halves shows what this attack finds where there is nothing to be found. Patients are halved, never images.

Cost: a sort of the scores; memory grows with the number of images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.proximity import one_sided
from synthassay.records.measurement import Interval
from synthassay.stats.resampling import LEAST_SUBJECTS

HALVINGS = 499
FALSE_ALARMS = 0.01
LEVEL = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """One side of an attack: a score per image, higher for a likelier member, and whose image it is."""

    scores: Floats
    subjects: Sequence[str]

    @property
    def patients(self) -> int:
        """Number of patients."""
        return len(set(self.subjects))


@dataclass(frozen=True)
class Attack:
    """What an attack found, and what it finds where there is nothing.

    Attributes:
        auc: Chance that a member's image scores above a non-member's; ties count half.
        control: The same between random halves of the members, one AUC per halving.
        caught: Share of members above the score that at most 1 % of non-members exceed; ``control_caught`` is its mean
            between halves.
        interval: Of ``auc`` less the mean of ``control``.
        others_in_control: Patients of the half that plays the non-members.
    """

    auc: float
    control: Floats
    caught: float
    control_caught: float
    interval: Interval
    members: int
    others: int
    others_in_control: int

    @property
    def difference(self) -> float:
        """How much better than between members the attack tells members from others; 0 where nothing leaks."""
        return self.auc - float(self.control.mean())

    def settings(self) -> dict[str, Any]:
        """What stands beside the difference in a record."""
        return {
            "auc": self.auc,
            "control_auc": float(self.control.mean()),
            "control_auc_low": float(np.quantile(self.control, (1 - LEVEL) / 2)),
            "control_auc_high": float(np.quantile(self.control, (1 + LEVEL) / 2)),
            "p": one_sided(self.auc, self.control, low=False),
            "tpr_at_1_percent_fpr": self.caught,
            "control_tpr_at_1_percent_fpr": self.control_caught,
            "member_patients": self.members,
            "other_patients": self.others,
            "other_patients_in_control": self.others_in_control,
            "halvings": len(self.control),
        }


def attack(members: Scored, others: Scored, rng: np.random.Generator) -> Attack:
    """Return how well scores tell members from others, with the member-against-member control.

    In the control as many patients play the non-members as there are, but at most half of the members.

    Args:
        members: Training images.
        others: Images of patients whom the generator never saw.
        rng: Source of the halvings.

    Raises:
        NotMeasured: Fewer than six patients among the members or three among the others, or a score is not finite.

    Source:
        The AUC and the share caught at few false alarms: Carlini et al. 2022, arXiv:2112.03570.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> side = lambda mean, name: Scored(rng.normal(mean, 1, 200), [f"{name}{i}" for i in range(200)])
        >>> found = attack(side(2, "m"), side(0, "o"), rng)
        >>> round(found.auc, 1), round(float(found.control.mean()), 1)
        (0.9, 0.5)
    """
    if members.patients < 2 * LEAST_SUBJECTS or others.patients < LEAST_SUBJECTS:
        raise NotMeasured(
            f"an attack and its control need {2 * LEAST_SUBJECTS} training patients and {LEAST_SUBJECTS} others; there "
            f"are {members.patients} and {others.patients}"
        )
    if not (np.isfinite(members.scores).all() and np.isfinite(others.scores).all()):
        raise NotMeasured("a score of the attack is not finite")
    auc, error = clustered_auc(members, others)
    play = min(others.patients, members.patients // 2)
    control, caught = _control(members, play, rng)
    middle = float(control.mean())
    low, high = _bounds(auc, error, min(members.patients, others.patients))
    return Attack(
        auc=auc,
        control=control,
        caught=caught_at(members.scores, others.scores),
        control_caught=caught,
        interval=Interval(
            low=low - middle,
            high=high - middle,
            level=LEVEL,
            method="variance of the AUC with images clustered in patients (Obuchowski 1997), Student t on its logit",
        ),
        members=members.patients,
        others=others.patients,
        others_in_control=play,
    )


def _bounds(auc: float, error: float, fewest: int) -> tuple[float, float]:
    """Return the ends of an interval of an AUC, on the logit scale so that it is not too short near 0 and 1.

    Where all members stand apart from all others there is no spread to go by; then the exact bound holds for a share
    of 1 among as many patients as the smaller side has.
    """
    if 0 < auc < 1 and error > 0:
        reach = float(stats.t.ppf((1 + LEVEL) / 2, fewest - 1)) * error / (auc * (1 - auc))
        return float(expit(logit(auc) - reach)), float(expit(logit(auc) + reach))
    bound = ((1 - LEVEL) / 2) ** (1 / fewest)
    return (bound, 1.0) if auc >= 1 else (0.0, 1 - bound) if auc <= 0 else (auc, auc)


def clustered_auc(members: Scored, others: Scored) -> tuple[float, float]:
    """Return the AUC and its standard error with images clustered in patients; no patient is on both sides.

    Source:
        Obuchowski, Biometrics 53:567 (1997), doi:10.2307/2533958; his covariance of the two sides vanishes here.
    """
    above = _placements(members.scores, others.scores)
    below = 1 - _placements(others.scores, members.scores)
    auc = float(above.mean())
    return auc, float(np.sqrt(_variance(above, members.subjects, auc) + _variance(below, others.subjects, auc)))


def caught_at(members: Floats, others: Floats, false_alarms: float = FALSE_ALARMS) -> float:
    """Return the share of members above the score that at most ``false_alarms`` of the others exceed.

    >>> caught_at(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 2.5]))
    0.5
    """
    allowed = int(false_alarms * len(others))
    bound = np.partition(others, len(others) - 1 - allowed)[len(others) - 1 - allowed]
    return float((members > bound).mean())


def _control(members: Scored, play: int, rng: np.random.Generator) -> tuple[Floats, float]:
    names, owner = np.unique(np.asarray(members.subjects, dtype=str), return_inverse=True)
    ranks = stats.rankdata(members.scores)
    sums, sizes = np.bincount(owner, weights=ranks), np.bincount(owner).astype(np.float64)
    aucs, caught = np.empty(HALVINGS), np.empty(HALVINGS)
    for i in range(HALVINGS):
        chosen = rng.permutation(len(names))[:play]
        plays = np.zeros(len(names), bool)
        plays[chosen] = True
        other = plays[owner]
        count, rest = sizes[chosen].sum(), sizes.sum() - sizes[chosen].sum()
        # Mann-Whitney U of those that stay members, from the ranks among all
        aucs[i] = (sums.sum() - sums[chosen].sum() - rest * (rest + 1) / 2) / (rest * count)
        caught[i] = caught_at(members.scores[~other], members.scores[other])
    return aucs, float(caught.mean())


def _placements(scores: Floats, among: Floats) -> Floats:
    """Share of ``among`` below each score; ties count half."""
    ranked = np.sort(among)
    left, right = (np.searchsorted(ranked, scores, side=side) for side in ("left", "right"))  # type: ignore[call-overload]
    return np.asarray((left + right) / (2 * len(ranked)), np.float64)


def _variance(placements: Floats, subjects: Sequence[str], auc: float) -> float:
    _, owner = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    excess = np.bincount(owner, weights=placements - auc)
    return float(len(excess) / (len(excess) - 1) * (excess**2).sum() / len(placements) ** 2)
