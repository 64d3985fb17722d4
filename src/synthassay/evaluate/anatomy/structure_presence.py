"""Structures that are missing, surplus, or in more or fewer parts than real patients have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.described import Described, described_once, judged_ones
from synthassay.evaluate.anatomy.outliers import ALPHA, LEAST_REAL
from synthassay.evaluate.anatomy.shares import share_finding, usual
from synthassay.evaluate.anatomy.structures import Footing, Specimens
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better

Counts = NDArray[np.int64]
MOST_NAMED = 10


@metric(
    title="Missing or surplus structures (share of images)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="share",
    per="set",
    source="doi:10.1007/s10472-013-9368-4",
    settings={"alpha": ALPHA, "part": "holds at least 1 % of its structure"},
)
def structure_presence(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return the share of images whose numbers of parts are rarer than those of 95 % of real patients.

    For each structure the parts are counted (0 where it is missing). How rare a count is, is read off real patients,
    and rarity adds up over structures.

    Args:
        synthetic_specimens: The images judged, with their label maps where there are any.
        test_specimens: Real images of other patients, for the floor.
        seed: Root seed of the split of test patients where there is nothing else to learn from.
        training_specimens: Real images to learn from.
        holdout_specimens: More of them.
        real_memo: Keeps descriptors of real images for other generators.

    Returns:
        Three shares from 0 to 1: of images with a rare pattern; with a structure ``missing`` that 95 % of real images
        have; with a structure in more parts than any real image has, or that no real image has (``surplus``). Floors
        are those of real test images. ``per_case`` is the rarity, in powers of ten.

    Raises:
        NotMeasured: Fewer than 20 real subjects, sets with pixels of different size, or no image could be described.

    Source:
        Rarity is calibrated as a conformal p value, Vovk 2015, doi:10.1007/s10472-013-9368-4.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> def hand(i, fingers):
        ...     drawn = np.zeros((16, 32), int)
        ...     drawn[4:12, 2 : 2 + 4 * fingers : 4] = 1
        ...     return Specimen(1.0 * drawn[None], case=str(i), subject=str(i), structures=drawn)
        >>> found = structure_presence([hand(0, 5), hand(1, 6)], [hand(i, 5) for i in range(50)], 0)
        >>> [(finding.stratum, finding.value) for finding in found]
        [('', 0.5), ('missing', 0.0), ('surplus', 0.5)]
    """
    footing = Footing.of(synthetic_specimens, test_specimens, training_specimens, holdout_specimens)
    memo = {} if real_memo is None else real_memo
    learnt, beside = usual(
        described_once("training", training_specimens, footing, memo),
        described_once("holdout", holdout_specimens, footing, memo),
        described_once("test", test_specimens, footing, memo),
        seed=seed,
    )
    if len(set(learnt.subjects)) < LEAST_REAL:
        raise NotMeasured(
            f"only {len(set(learnt.subjects))} real patients show what is usual; {LEAST_REAL} are the least"
        )
    synthetic = judged_ones(synthetic_specimens, footing)
    names = sorted({*learnt.names, *synthetic.names})
    real, own, other = (counted(images, names) for images in (learnt, synthetic, beside))
    score, floor_score, usual_score = rarity(own, real), rarity(other, real), rarity(real, real, own=True)
    lost, gained = _lost(own, real), _gained(own, real)
    settings = {
        **footing.settings(),
        "real_subjects_learnt_from": len(set(learnt.subjects)),
        "missing": _named(lost, names),
        "surplus": _named(gained, names),
    }
    kinds = {
        "": (_rare(score, usual_score), _rare(floor_score, usual_score)),
        "missing": (_some(lost), _some(_lost(other, real))),
        "surplus": (_some(gained), _some(_gained(other, real))),
    }
    return [
        share_finding(synthetic, found, None if stratum else score, beside, floor)(
            stratum=stratum, settings={} if stratum else settings
        )
        for stratum, (found, floor) in kinds.items()
    ]


def counted(images: Described, names: list[str]) -> Counts:
    """Parts per image and structure, ``cases structures``; 0 where an image lacks it."""
    found = [[shapes[name].components if name in shapes else 0 for name in names] for shapes in images.shapes]
    return np.array(found, dtype=np.int64).reshape(len(images), len(names))


def rarity(counts: Counts, real: Counts, *, own: bool = False) -> NDArray[np.float64]:
    """Return how rare each image's counts are among real ones, in powers of ten, added up over structures.

    Args:
        counts: ``cases structures``.
        real: The same of real images.
        own: Whether ``counts`` are the real images themselves; each is then left out of its own comparison.

    Example:
        >>> real = np.ones((99, 2), int)
        >>> rarity(np.array([[1, 1], [1, 2], [1, 9], [0, 2]]), real).round(1).tolist()
        [0.0, 2.7, 4.9, 5.4]
    """
    total, n = np.zeros(len(counts)), len(real) - own
    for count, others in zip(counts.T, np.sort(real.T, axis=1), strict=True):
        low = np.searchsorted(others, count, side="right") - own
        high = len(others) - np.searchsorted(others, count, side="left") - own
        p = np.minimum(1.0, 2 * (np.minimum(low, high) + 1) / (n + 1))
        middle = np.median(others)
        reach = np.quantile(np.abs(others - middle), 1 - ALPHA)
        total += np.log2(1 + np.maximum(np.abs(count - middle) - reach, 0)) - np.log10(p)
    return total


def _lost(counts: Counts, real: Counts) -> NDArray[np.bool_]:
    return (counts == 0) & ((real > 0).mean(axis=0) >= 1 - ALPHA)


def _gained(counts: Counts, real: Counts) -> NDArray[np.bool_]:
    return counts > real.max(axis=0)


def _some(found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(found.any(axis=1))


def _rare(score: NDArray[np.float64], usual_score: NDArray[np.float64]) -> NDArray[np.bool_]:
    # 1e-9: sums of the same rarities in another order are the same
    below = np.searchsorted(np.sort(usual_score), score - 1e-9, side="left")
    rare: NDArray[np.bool_] = (1 + len(usual_score) - below) / (1 + len(usual_score)) <= ALPHA
    return rare


def _named(found: NDArray[np.bool_], names: list[str]) -> str:
    often = sorted(((int(c), name) for c, name in zip(found.sum(axis=0), names, strict=True) if c), reverse=True)
    return "; ".join(f"{name} in {count}" for count, name in often[:MOST_NAMED]) or "none"
