"""How many synthetic images show structures of a size, form, place or number that real patients do not have."""

from __future__ import annotations

from collections import Counter
from typing import Any

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.described import Described, described_once, judged_ones
from synthassay.evaluate.anatomy.outliers import ALPHA, LEAST_REAL, Detector, Judged
from synthassay.evaluate.anatomy.shares import share_finding, usual
from synthassay.evaluate.anatomy.structures import Footing, Specimens
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.records.vocabulary import Axis, Better

MOST_STRATA = 20


@metric(
    title="Implausible anatomy (share of images)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="share",
    per="set",
    source="arXiv:2511.04729",
    settings={"alpha": ALPHA, "calibration": "cross-conformal, 5 folds of real subjects"},
)
def shape_plausibility(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    training_specimens: Specimens | None = None,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return the share of synthetic images whose anatomy lies outside of what 95 % of real patients have.

    Nothing is compared with a reference. Each structure (label map, or by threshold where none is drawn) is described
    by ``describe``; detectors fitted on real images (training and holdout; half of the test patients where there are
    none) score each image.

    Args:
        synthetic_specimens: The images judged, with their label maps where there are any.
        test_specimens: Real images of other patients, for the floor.
        seed: Root seed of folds and forests.
        training_specimens: Real images to learn from.
        holdout_specimens: More of them.
        real_memo: Keeps descriptors of real images for other generators.

    Returns:
        Share from 0 to 1, over all structures and per structure; 0.05 where synthetic anatomy varies as real patients'
        does. ``floor`` is the share among real test images. ``per_case`` is each image's score: 1 is the edge of
        the outermost 5 % of real images in its worst descriptors, larger is stranger.

    Raises:
        NotMeasured: Fewer than 20 real subjects, sets with pixels of different size, or no image could be described.

    Source:
        The idea of an isolation forest on boundary angles of real patients: Deshpande et al. 2025, arXiv:2511.04729.
        Calibration: doi:10.1007/s10472-013-9368-4.

    Example:
        >>> import numpy as np
        >>> from synthassay.images.specimen import Specimen
        >>> y, x = np.ogrid[-16:17, -16:17]
        >>> def disc(i, radius):
        ...     seen = (100.0 * (x**2 + y**2 <= radius**2))[None]
        ...     return Specimen(seen, case=str(i), subject=str(i))
        >>> sizes = np.random.default_rng(0).uniform(8, 11, 60)
        >>> real = [disc(i, r) for i, r in enumerate(sizes)]
        >>> shape_plausibility([disc(99, 2.0)], real, 0)[0].value
        1.0
    """
    sets = (synthetic_specimens, test_specimens, training_specimens, holdout_specimens)
    footing = Footing.of(*sets)
    memo = {} if real_memo is None else real_memo
    learnt, beside = usual(
        described_once("training", training_specimens, footing, memo),
        described_once("holdout", holdout_specimens, footing, memo),
        described_once("test", test_specimens, footing, memo),
        seed=seed,
    )
    synthetic = judged_ones(synthetic_specimens, footing)
    names = sorted({*learnt.names, *synthetic.names})
    detector = _fitted(learnt, names, footing, seed, memo)
    found = detector.judge(synthetic.groups(names))
    floor = None if not len(beside) else detector.judge(beside.groups(names))
    settings: dict[str, Setting] = {
        **footing.settings(),
        "real_subjects_learnt_from": detector.subjects,
        "structures_described": len(detector.names),
        "never_seen_in_real_images": "; ".join(set(detector.never) & set(synthetic.names)) or "none",
        "most_often_the_worst": _often(found),
    }
    whole = share_finding(synthetic, found.outlier, found.score, beside, None if floor is None else floor.outlier)
    findings = [whole(stratum="", settings=settings)]
    if len(detector.names) <= MOST_STRATA:
        findings += [_of_structure(name, synthetic, found, beside, floor) for name in detector.names]
    return findings


def _fitted(learnt: Described, names: list[str], footing: Footing, seed: int, memo: dict[Any, Any]) -> Detector:
    key = ("shape detector", footing, seed, len(learnt), tuple(names))
    if key not in memo:
        memo[key] = Detector(learnt.groups(names), learnt.subjects, seed=seed)
    detector: Detector = memo[key]
    if not detector.names:
        raise NotMeasured(f"no structure is shown by {LEAST_REAL // 2} real images")
    return detector


def _of_structure(name: str, synthetic: Described, found: Judged, beside: Described, floor: Judged | None) -> Finding:
    outlier, shown = found.by_group[name]
    stratum = f"structure={name}"
    if not shown.any():
        return Finding(stratum=stratum, not_measured="no synthetic image shows it")
    there = None if floor is None else floor.by_group[name]
    make = share_finding(
        synthetic,
        outlier,
        None,
        beside,
        None if there is None else there[0],
        shown,
        None if there is None else there[1],
    )
    return make(stratum=stratum, settings={})


def _often(found: Judged) -> str:
    worst = Counter(name for name, out in zip(found.worst, found.outlier, strict=True) if out)
    return "; ".join(f"{name} in {count}" for name, count in worst.most_common(5)) or "none"
