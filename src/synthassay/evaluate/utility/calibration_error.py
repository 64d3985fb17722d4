"""How far probabilities and frequencies lie apart in real patients."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.calibrated import of_positives, probability_rows
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.calibration import expected_calibration_error


@metric(
    title="Expected calibration error",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="doi:10.1609/aaai.v29i1.9602",
    settings={"tested_on": "real test images", "floor": "the same real images without synthetic ones"},
)
def calibration_error(
    classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator
) -> list[Finding]:
    """Return the expected calibration error on real test patients of classifiers trained with synthetic images.

    Rows: the headline regime (all real patients and the first ratio), the smallest share of real patients, and
    synthetic images alone; ``floor`` is the same without synthetic images (for synthetic alone: all real ones alone).

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the intervals, which resample patients and trainings.
        rng: Source of the draws.

    Raises:
        NotMeasured: There are more than two classes; or as for ``auc_gain``.

    Source:
        Naeini, Cooper and Hauskrecht, AAAI 2015, doi:10.1609/aaai.v29i1.9602.
    """
    return probability_rows(classification_trial, of_positives(expected_calibration_error), bootstrap, rng)
