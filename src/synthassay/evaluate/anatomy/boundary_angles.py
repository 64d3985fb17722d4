"""How the borders of structures turn from pixel to pixel, against real patients' borders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.described import Described, described_once, judged_ones
from synthassay.evaluate.anatomy.descriptors import ANGLE_BINS
from synthassay.evaluate.anatomy.outliers import ALPHA
from synthassay.evaluate.anatomy.structures import Footing, Specimens
from synthassay.evaluate.distribution.equal_n import Sample, compared
from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.records.vocabulary import Axis, Better

MOST_STRATA = 20
Floats = NDArray[np.float64]


def angle_distance(judged: Sample, comparator: Sample) -> float:
    """Return the Wasserstein-1 distance, in degrees, between the mean angle histograms of two samples.

    Every image counts alike, whatever the length of its borders.

    >>> still, turning = np.eye(90)[:1], np.eye(90)[5:6]
    >>> angle_distance(Sample.of(still, ["a"]), Sample.of(turning, ["b"]))
    10.0
    """
    return _apart(judged.features.mean(axis=0), comparator.features.mean(axis=0))


@metric(
    title="Boundary angles (Wasserstein distance)",
    axis=Axis.FAILURE,
    better=Better.LOWER,
    unit="degrees per pixel",
    per="set",
    source="arXiv:2511.04729",
    settings={"bin_degrees": 2.0, "border": "inner pixels of each structure, normals after a Gaussian of one pixel"},
    statistic=angle_distance,
)
def boundary_angles(
    synthetic_specimens: Specimens,
    test_specimens: Specimens,
    seed: int,
    *,
    holdout_specimens: Specimens | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> Finding | list[Finding]:
    """Return how far the distribution of angles along borders lies from that of real patients.

    Along an anatomical border the direction changes by small angles. Borders that a network made break, fray or wobble,
    which shifts the distribution; an over-smooth generator shifts it the other way.

    Args:
        synthetic_specimens: The images judged, with their label maps where there are any.
        test_specimens: Real images of other patients.
        seed: Root seed of the splits.
        holdout_specimens: Further real images that the generator never saw.
        real_memo: Keeps descriptors of real images and floors for other generators.

    Returns:
        Wasserstein-1 distance >= 0 over all structures and per structure, with its floor between real images.
        ``per_case`` is each image's own distance to the real mean; ``outlying_images`` is the share of them that lies
        beyond 95 % of real images.

    Raises:
        NotMeasured: Too few images or subjects, or sets with pixels of different size.

    Source:
        Deshpande et al. 2025, arXiv:2511.04729: per-image distribution of angle gradients along anatomical boundaries.
        There the angles come from one traced border; here from normals of neighbouring border pixels, also in 3D.

    Example:
        >>> from synthassay.images.specimen import Specimen
        >>> y, x = np.ogrid[-20:21, -20:21]
        >>> def disc(i, waves):
        ...     inside = np.hypot(y, x) < 12 + i % 7 / 3 + waves * np.cos(12 * np.arctan2(y, x))
        ...     return Specimen(1.0 * inside[None], case=str(i), subject=str(i))
        >>> real = [disc(i, 0) for i in range(40)]
        >>> found = boundary_angles([disc(i, 2) for i in range(20)], real, 0)[0]
        >>> round(found.value), round(found.floor)
        (17, 0)
    """
    footing = Footing.of(synthetic_specimens, test_specimens, holdout_specimens)
    memo = {} if real_memo is None else real_memo
    test = described_once("test", test_specimens, footing, memo)
    holdout = described_once("holdout", holdout_specimens, footing, memo)
    real = Described().joined(test, holdout)
    synthetic = judged_ones(synthetic_specimens, footing)
    if not len(real):
        raise NotMeasured("no real image could be described")
    names = [name for name in real.names if name in synthetic.names]
    findings = []
    for stratum in ["", *(names if 1 < len(names) <= MOST_STRATA else [])]:
        label = f"structure={stratum}" if stratum else ""
        try:
            finding = _measured(synthetic, real, stratum, label, seed, memo, footing)
        except NotMeasured as problem:
            if not stratum:
                raise
            finding = Finding(stratum=label, not_measured=problem.reason)
        findings.append(finding)
    return findings


def _measured(
    synthetic: Described, real: Described, structure: str, label: str, seed: int, memo: dict[Any, Any], footing: Footing
) -> Finding:
    (rows, subjects, cases), (real_rows, owners, _) = _histograms(synthetic, structure), _histograms(real, structure)
    name = f"boundary_angles {label} {footing}"
    judged, comparator = Sample.of(rows, subjects), Sample.of(real_rows, owners)
    found = compared(name, angle_distance, judged, comparator, seed=seed, real_memo=memo, bounds=(0.0, 180.0))
    middle = real_rows.mean(axis=0)
    own = np.array([_apart(row, middle) for row in rows])
    # a real image is left out of the mean that it is compared with, as a synthetic one is not in it
    others = (len(real_rows) * middle - real_rows) / max(len(real_rows) - 1, 1)
    usual = np.sort([_apart(row, rest) for row, rest in zip(real_rows, others, strict=True)])
    reach = usual[min(int(np.ceil((len(usual) + 1) * (1 - ALPHA))), len(usual)) - 1]
    settings: dict[str, Setting] = {"outlying_images": float((own > reach).mean()), "outlying_beyond": float(reach)}
    return Finding(
        value=found.value,
        interval=found.interval,
        stratum=label,
        n=found.n,
        subjects=found.subjects,
        floor=found.floor,
        floor_interval=found.floor_interval,
        per_case=dict(zip(cases, own.tolist(), strict=True)),
        failed_cases=synthetic.failed if not structure else {},
        settings={**found.settings, **footing.settings(), **settings},
    )


def _histograms(images: Described, structure: str) -> tuple[Floats, list[str], list[str]]:
    """Histogram per image that shows the structure (any structure where empty), its subject and its case."""
    rows, subjects, cases = [], [], []
    for shapes, subject, case in zip(images.shapes, images.subjects, images.cases, strict=True):
        seen: Sequence[Floats] = [s.angles for name, s in shapes.items() if structure in ("", name)]
        counts = np.sum(seen, axis=0) if seen else np.zeros(len(ANGLE_BINS) - 1)
        if counts.sum() > 0:
            rows.append(counts / counts.sum())
            subjects.append(subject)
            cases.append(case)
    if not rows:
        raise NotMeasured("no border is seen in any image of a set")
    return np.array(rows), subjects, cases


def _apart(first: Floats, second: Floats) -> float:
    return float(np.abs(np.cumsum(first - second)).sum() * (ANGLE_BINS[1] - ANGLE_BINS[0]))
