"""A measure between sets for all images together, then for each class of both sides as a stratum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import REPEATS, Sample, Statistic, compared, pooled
from synthassay.evaluate.metric import Finding, Found, Setting
from synthassay.shapes import Features

CLASS_REPEATS = 20  # a class has fewer images and a row of its own, not the headline

Given = tuple[Features | None, Sequence[str] | None, Sequence[str] | None]
"""Features, subjects and labels of one set; None where there are none."""


@dataclass(frozen=True)
class Sides:
    """The judged images, all unseen real ones, and their classes, which are empty where a set carries none."""

    synthetic: Sample
    real: Sample
    synthetic_labels: np.ndarray
    real_labels: np.ndarray

    @classmethod
    def of(cls, synthetic: Given, test: Given, holdout: Given) -> Sides:
        """Pool the test images with the held-out ones.

        Raises:
            NotMeasured: A feature is not finite.
        """
        assert synthetic[0] is not None
        assert synthetic[1] is not None
        assert test[0] is not None
        assert test[1] is not None
        real = pooled(Sample.of(test[0], test[1]), holdout[0], holdout[1])
        labels = [*(test[2] or ()), *(holdout[2] or () if holdout[0] is not None else ())]
        known = len(labels) == len(real) and synthetic[2] is not None
        return cls(
            Sample.of(synthetic[0], synthetic[1]),
            real,
            np.asarray(synthetic[2] if known else [], dtype=str),
            np.asarray(labels if known else [], dtype=str),
        )

    @property
    def classes(self) -> list[str]:
        """Classes of either side, sorted; none where there are fewer than two to tell apart."""
        found = sorted({*self.synthetic_labels.tolist(), *self.real_labels.tolist()})
        return found if len(found) > 1 else []

    def of_class(self, name: str) -> Sides:
        """The images of one class.

        Raises:
            NotMeasured: One side has none.
        """
        rows, others = (np.flatnonzero(labels == name) for labels in (self.synthetic_labels, self.real_labels))
        for kind, at in (("synthetic", rows), ("unseen real", others)):
            if not len(at):
                raise NotMeasured(f"no {kind} image is of class {name}")
        return replace(
            self,
            synthetic=_coded(self.synthetic.take(rows)),
            real=_coded(self.real.take(others)),
            synthetic_labels=self.synthetic_labels[rows],
            real_labels=self.real_labels[others],
        )


def with_classes(sides: Sides, measure: Callable[[Sides, str], Finding]) -> Found:
    """Return the finding of all images and, where both sides have classes, one more per class.

    Args:
        sides: What is compared.
        measure: Takes the sides and the stratum: empty for all images, ``class=<name>`` for one class.

    Raises:
        NotMeasured: All images together cannot be measured. A class that cannot is a row with its reason.
    """
    whole = measure(sides, "")
    if not sides.classes:
        return whole
    rows = [whole]
    for name in sides.classes:
        stratum = f"class={name}"
        try:
            rows.append(replace(measure(sides.of_class(name), stratum), stratum=stratum))
        except NotMeasured as problem:
            rows.append(Finding(stratum=stratum, not_measured=problem.reason))
    return rows


def compared_by_class(
    name: str,
    statistic: Statistic,
    synthetic: Given,
    test: Given,
    holdout: Given,
    *,
    seed: int,
    real_memo: dict[Any, Any] | None,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    repeats: int = REPEATS,
    class_repeats: int = CLASS_REPEATS,
    settings: Mapping[str, Setting] | None = None,
    more: Callable[[Sides], Mapping[str, Setting]] | None = None,
) -> Found:
    """Return ``equal_n.compared`` for all images and for each class.

    Args:
        name: The metric's name.
        statistic: Takes the judged sample and the real comparator.
        synthetic: The judged images.
        test: Held-out real images.
        holdout: Further real images that the generator never saw.
        seed: Root seed of the draws.
        real_memo: Where floors are kept for other generators judged on the same real images.
        bounds: Values that the measure cannot leave.
        repeats: Number of splits; ``class_repeats`` for each class.
        class_repeats: Number of splits of a class.
        settings: Further settings for the record.
        more: Gives settings that depend on the images compared.

    Raises:
        NotMeasured: All images together cannot be measured.
    """
    memo: dict[Any, Any] = {} if real_memo is None else real_memo

    def measure(sides: Sides, stratum: str) -> Finding:
        return compared(
            f"{name} {stratum}".strip(),
            statistic,
            sides.synthetic,
            sides.real,
            seed=seed,
            real_memo=memo,
            bounds=bounds,
            repeats=class_repeats if stratum else repeats,
            settings={**(settings or {}), **(more(sides) if more is not None else {})},
        )

    return with_classes(Sides.of(synthetic, test, holdout), measure)


def _coded(sample: Sample) -> Sample:
    return Sample(sample.features, np.unique(sample.subjects, return_inverse=True)[1])
