"""Kernel discrepancies as findings: with all images, a jackknife interval, and the floor of real halves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthassay.evaluate.distribution.by_class import CLASS_REPEATS, Sides
from synthassay.evaluate.distribution.equal_n import LEVEL, REPEATS, Sample, Z, real_floor
from synthassay.evaluate.distribution.kernel_mmd import Kernel, kernel_discrepancy
from synthassay.evaluate.metric import Finding, Setting
from synthassay.evaluate.patients import patients
from synthassay.records.measurement import Interval


def discrepancy_finding(
    name: str,
    sides: Sides,
    stratum: str,
    kernel: Kernel,
    *,
    seed: int,
    real_memo: dict[Any, Any],
    settings: Mapping[str, Setting],
) -> Finding:
    """Return MMD² over all images of the sides, its jackknife interval by subject, and its floor between real halves.

    Args:
        name: The metric's name, for what is kept in ``real_memo``.
        sides: What is compared.
        stratum: Empty for all images.
        kernel: Similarity of two rows.
        seed: Root seed of the real halves.
        real_memo: Where floors are kept for other generators.
        settings: Further settings for the record.

    Raises:
        NotMeasured: Too few subjects or images.
    """

    def statistic(first: Sample, second: Sample) -> float:
        return kernel_discrepancy(first, second, kernel).value

    found = kernel_discrepancy(sides.synthetic, sides.real, kernel)
    floor, floor_interval, half = real_floor(
        f"{name} {stratum}".strip(),
        statistic,
        sides.real,
        seed=seed,
        real_memo=real_memo,
        repeats=CLASS_REPEATS if stratum else REPEATS,
    )
    return Finding(
        value=found.value,
        interval=Interval(
            low=found.value - Z * found.standard_error,
            high=found.value + Z * found.standard_error,
            level=LEVEL,
            method="delete-one-subject jackknife, normal",
        ),
        n=len(sides.synthetic),
        subjects=patients(sides.synthetic.subjects, sides.real.subjects),
        floor=floor,
        floor_interval=floor_interval,
        settings={"real_images": len(sides.real), "images_per_real_half": half, **settings},
    )
