"""Volumes as rows of numbers per axis, compared with the rows of real volumes: as sets, and one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.anatomy.outliers import SCALE, Detector, Groups
from synthassay.evaluate.anatomy.structures import AXES, Footing, Specimens
from synthassay.evaluate.distribution.equal_n import Sample, compared
from synthassay.evaluate.metric import Finding, Setting
from synthassay.images.specimen import Specimen

Floats = NDArray[np.float64]
Describe = Callable[[Specimen, Footing], Mapping[str, Floats]]


def standardised_wasserstein(judged: Sample, comparator: Sample) -> float:
    """Return the root mean square, over descriptors, of Wasserstein-1 distances in SD of the comparator.

    >>> real = np.arange(12.0)[:, None]
    >>> people = [str(i) for i in range(12)]
    >>> round(standardised_wasserstein(Sample.of(real + 3.4521, people), Sample.of(real, people)), 3)
    1.0
    """
    spread = np.maximum(comparator.features.std(axis=0), SCALE)
    apart = [
        wasserstein_distance(one, other) for one, other in zip(judged.features.T, comparator.features.T, strict=True)
    ]
    return float(np.sqrt(np.mean((np.array(apart) / spread) ** 2)))


@dataclass
class Rows:
    """Descriptors of some images, per axis: ``cases descriptors``.

    A group whose name begins with a dot is told in the settings and compared with nothing.
    """

    cases: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    values: list[Mapping[str, Floats]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cases)

    def of(self, group: str) -> Floats:
        """``cases descriptors`` of one group."""
        return np.array([row[group] for row in self.values])

    def groups(self, names: list[str]) -> Groups:
        """All groups, for the detector."""
        values = {name: self.of(name) for name in names}
        return Groups(values, {name: np.full(rows.shape[1], SCALE) for name, rows in values.items()})

    def sample(self, names: Sequence[str]) -> Sample:
        """Groups as a sample, side by side."""
        rows = np.concatenate([self.of(name) for name in names], axis=1)
        return Sample.of(rows, self.subjects)


def rows_of(images: Specimens, describe: Describe, footing: Footing) -> Rows:
    """Describe a set, one image at a time."""
    out = Rows()
    for specimen in images:
        try:
            found = describe(specimen, footing)
        except (NotMeasured, ImageError) as problem:
            out.failed[specimen.case] = problem.reason if isinstance(problem, NotMeasured) else str(problem)
            continue
        out.cases.append(specimen.case)
        out.subjects.append(specimen.subject)
        out.values.append(found)
    return out


def judged(
    name: str,
    describe: Describe,
    synthetic: Specimens,
    test: Specimens,
    training: Specimens | None,
    holdout: Specimens | None,
    *,
    seed: int,
    real_memo: dict[Any, Any] | None,
    settings: Callable[[Rows, Rows], Mapping[str, Setting]] | None = None,
    stained: bool = False,
) -> list[Finding]:
    """Compare the synthetic volumes' descriptors with those of real ones, over all axes and per axis.

    The value is ``standardised_wasserstein`` at equal n beside its floor; real test and holdout images are the
    comparator. Each image is scored as well, by a detector that learns from all real images (training too).

    Raises:
        NotMeasured: Pictures instead of volumes, too few images, or none that could be described.
    """
    footing = Footing.of(synthetic, test, training, holdout, stained=stained)
    memo = {} if real_memo is None else real_memo
    real = {}
    for label, images in (("test", test), ("holdout", holdout), ("training", training)):
        key = (name, "rows", label, footing)
        if images is not None and len(images) and key not in memo:
            memo[key] = rows_of(images, describe, footing)
        real[label] = memo.get(key, Rows()) if images is not None else Rows()
    comparator = _joined(real["test"], real["holdout"])
    own = rows_of(synthetic, describe, footing)
    for rows in (own, comparator):
        if not len(rows):
            raise NotMeasured(next(iter(rows.failed.values()), "there is no image"))
    shared = sorted(group for group in comparator.values[0] if not group.startswith("."))
    scores, beyond = _scored(own, _joined(comparator, real["training"]), shared, seed, (name, footing), memo)
    findings = []
    for group in ["", *shared]:
        label = f"axis={group}" if group else ""
        names = [group] if group else shared
        found = compared(
            f"{name} {label} {footing}", standardised_wasserstein, own.sample(names), comparator.sample(names),
            seed=seed, real_memo=memo, bounds=(0.0, float("inf")),
        )  # fmt: skip
        more = {**footing.settings(), **beyond, **(settings(own, comparator) if settings else {})} if not group else {}
        findings.append(_labelled(found, label, {} if group else scores, {} if group else own.failed, more))
    return findings


def axes_of(rows: Mapping[int, Floats]) -> dict[str, Floats]:
    """Rows by the name of their axis."""
    return {AXES[len(rows)][axis]: row for axis, row in rows.items()}


def _scored(
    own: Rows, real: Rows, names: list[str], seed: int, key: tuple[Any, ...], memo: dict[Any, Any]
) -> tuple[dict[str, float], dict[str, Setting]]:
    """Each image's score and the share of outliers; nothing where too few real patients are there to tell."""
    place = (*key, "detector", seed, len(real), tuple(names))
    try:
        if place not in memo:
            memo[place] = Detector(real.groups(names), real.subjects, seed=seed)
    except NotMeasured as problem:
        return {}, {"outlying_images": f"not measured: {problem.reason}"}
    found = memo[place].judge(own.groups(names))
    return dict(zip(own.cases, found.score.tolist(), strict=True)), {
        "outlying_images": float(found.outlier.mean()),
        "real_volumes_learnt_from": len(real),
    }


def _joined(first: Rows, second: Rows) -> Rows:
    return Rows(
        [*first.cases, *second.cases],
        [*first.subjects, *second.subjects],
        [*first.values, *second.values],
        {**first.failed, **second.failed},
    )


def _labelled(
    found: Finding, label: str, scores: Mapping[str, float], failed: Mapping[str, str], more: Mapping[str, Setting]
) -> Finding:
    return Finding(
        value=found.value,
        interval=found.interval,
        stratum=label,
        n=found.n,
        subjects=found.subjects,
        floor=found.floor,
        floor_interval=found.floor_interval,
        per_case=scores,
        failed_cases=failed,
        settings={**found.settings, **more},
    )
