"""Whether probabilities are too extreme or too timid in real patients."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.calibrated import of_positives, probability_rows
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.calibration import calibration_line


@metric(
    title="Calibration slope",
    axis=Axis.UTILITY,
    better=Better.TARGET,
    target=1.0,
    unit="1",
    per="set",
    source="doi:10.1186/s12916-019-1466-7",
    settings={"tested_on": "real test images", "floor": "the same real images without synthetic ones"},
)
def calibration_slope(
    classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator
) -> list[Finding]:
    """Return the calibration slope on real test patients of classifiers trained with synthetic images.

    Below 1, probabilities are too extreme; above 1, too timid.

    Rows: the headline regime (all real patients and the first ratio), the smallest share of real patients, and
    synthetic images alone; ``floor`` is the same without synthetic images (for synthetic alone: all real ones alone).

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the intervals, which resample patients and trainings.
        rng: Source of the draws.

    Raises:
        NotMeasured: There are more than two classes; or as for ``auc_gain``.

    Source:
        Cox 1958, doi:10.1093/biomet/45.3-4.562; Van Calster et al. 2019, doi:10.1186/s12916-019-1466-7.
    """
    return probability_rows(classification_trial, of_positives(calibration_line, first=True), bootstrap, rng)
