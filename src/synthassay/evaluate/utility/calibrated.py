"""Rows of the measures of probabilities: with synthetic images, and without them as the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.classification_regimes import headline
from synthassay.evaluate.utility.classified import Drawn, value_row
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.evaluate.utility.scoring import Measure

Floats = NDArray[np.float64]


def of_positives(measure: Callable[..., Any], *, first: bool = False) -> Measure:
    """Return a measure of the probabilities of class 1 as one of class probabilities; of several values, the first."""

    def measured(scores: Floats, truth: NDArray[np.intp], weights: Floats | None) -> Floats:
        found = measure(scores[:, 1], truth == 1, weights)
        value: Floats = found[0] if first else found
        return value

    return measured


def probability_rows(
    trial: ClassificationTrial, measure: Measure, bootstrap: int, rng: np.random.Generator
) -> list[Finding]:
    """Return the headline regime without stratum, then every row with its stratum.

    Raises:
        NotMeasured: There are more than two classes.
    """
    if len(trial.classes) != 2:
        raise NotMeasured("probabilities are judged for two classes")
    main = headline(trial.asked)
    pairs = {main: main.without, Arm(0.0): Arm(1.0)}
    few = Arm(min(trial.asked.fractions), main.ratio)
    pairs[few] = few.without
    rows = []
    for arm, other in pairs.items():
        row, floor = (value_row(trial, one, measure, Drawn(bootstrap, rng)) for one in (arm, other))
        words = "synthetic alone" if arm == Arm(0.0) else arm.stratum
        row = replace(row, stratum=words, floor=floor.value, floor_interval=floor.interval)
        if not all(value is not None and np.isfinite(value) for value in (row.value, row.floor)):
            row = Finding(
                stratum=words,
                n=row.n,
                subjects=row.subjects,
                not_measured="a training tells the classes apart without error, so the line through them has no slope",
            )
        rows.append(row)
    return [replace(rows[0], stratum=""), *rows]
