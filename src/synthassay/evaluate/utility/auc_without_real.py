"""Whether synthetic images can stand for real ones: the AUC lost by training without any real patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthassay.evaluate.metric import Finding, Setting, metric
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.classified import Drawn, Z, gain_row
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc


@metric(
    title="AUC of synthetic alone minus real alone",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real test images", "p": "that the loss is not larger than the margin, one-sided"},
)
def auc_without_real(classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator) -> Finding:
    """Return the AUC after training on synthetic images alone, minus that after all real ones alone.

    Non-inferior means: the loss is shown to be smaller than ``[classification] margin``, stated before looking.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval of the paired difference, which resamples patients and trainings.
        rng: Source of the draws.

    Returns:
        A difference from -1 to 1; 0 where a classifier needs no real patient.

    Raises:
        NotMeasured: As for ``auc_gain``.

    Source:
        Esteban et al. 2017, arXiv:1706.02633 (TSTR against TRTR); Schuirmann 1987, doi:10.1007/BF01068419 (margins).
    """
    from scipy.stats import norm

    trial, margin = classification_trial, classification_trial.asked.margin
    row = gain_row(trial, Arm(0.0), mean_auc, Drawn(bootstrap, rng), minus=Arm(1.0))
    kept = {name: value for name, value in row.settings.items() if name != "p"}
    told: dict[str, Setting] = {"margin": margin}
    if row.interval is not None and row.value is not None and row.interval.high > row.interval.low:
        spread = (row.interval.high - row.interval.low) / (2 * Z)
        p = float(norm.sf((row.value + margin) / spread))
        told |= {"p": p, "non_inferior": p <= 0.025 and row.interval.low > -margin}
    return replace(row, stratum="", settings={**kept, **told})
