"""Which arms of classifiers a study asks for."""

from __future__ import annotations

from synthassay.evaluate.utility.arms import Arm
from synthassay.records.spec import ClassificationSpec

TRTS = Arm(1.0, chosen="nobody: real images alone, tested on synthetic ones")
"""All real training images, asked about the synthetic images as well."""


def headline(asked: ClassificationSpec) -> Arm:
    """Return the regime that a measure's row without stratum stands for: the largest share and the first ratio."""
    return Arm(max(asked.fractions), asked.ratios[0])


def regimes(asked: ClassificationSpec, rarest: str) -> list[Arm]:
    """Return every way in which the study adds synthetic images to real ones, the headline first.

    The first ratio is tried with every share of real patients; the others with the largest and the smallest share.

    Args:
        asked: What the study asks for.
        rarest: Class with the fewest patients.

    >>> [arm.stratum for arm in regimes(ClassificationSpec(fractions=(0.1, 1.0), ratios=(1.0, 2.0), classical=False,
    ...                                                    pretrain=False, rare=False, choose=False), "x")]
    ['real=100%, ratio=1', 'real=10%, ratio=1', 'real=100%, ratio=2', 'real=10%, ratio=2']
    """
    shares = sorted(set(asked.fractions), reverse=True)
    ends = list(dict.fromkeys((shares[0], shares[-1])))
    first, *others = asked.ratios
    found = [Arm(share, first) for share in shares]
    found += [Arm(share, ratio) for ratio in others for share in ends]
    pixels = asked.network == "convnet"
    if asked.classical and pixels:
        found += [Arm(share, first, classical=True) for share in shares]
    if asked.pretrain and pixels:
        found += [Arm(share, first=True) for share in shares]
    if asked.rare:
        found += [Arm(share, first, only=rarest) for share in ends]
    if asked.choose:
        found += [Arm(ends[-1], first, chosen=way) for way in ("confidence", "feature distance")]
    return found


def trainings(asked: ClassificationSpec, sets: int) -> int:
    """Return how many trainings so many synthetic sets take; those on real images alone are shared by all.

    >>> trainings(ClassificationSpec(fractions=(0.1, 1.0), ratios=(1.0,), repeats=3, classical=False, pretrain=False,
    ...                              rare=False, choose=False), sets=2)
    30
    """
    arms = regimes(asked, "rarest")
    real = {arm.without for arm in arms} | {Arm(share) for share in (*asked.fractions, 1.0)}
    return asked.repeats * (sets * (len(arms) + 2) + len(real))
