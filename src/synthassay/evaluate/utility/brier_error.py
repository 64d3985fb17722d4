"""How wrong probabilities are in real patients, on the whole."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.calibrated import of_positives, probability_rows
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.calibration import brier_score


@metric(
    title="Brier score",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
    settings={"tested_on": "real test images", "floor": "the same real images without synthetic ones"},
)
def brier_error(classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return the Brier score on real test patients of classifiers trained with synthetic images.

    Rows: the headline regime (all real patients and the first ratio), the smallest share of real patients, and
    synthetic images alone; ``floor`` is the same without synthetic images (for synthetic alone: all real ones alone).

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the intervals, which resample patients and trainings.
        rng: Source of the draws.

    Raises:
        NotMeasured: There are more than two classes; or as for ``auc_gain``.

    Source:
        Brier, Mon Weather Rev 78:1 (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return probability_rows(classification_trial, of_positives(brier_score), bootstrap, rng)
