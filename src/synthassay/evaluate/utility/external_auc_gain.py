"""What synthetic images add to real ones, tested on real patients from elsewhere."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.classification_regimes import regimes
from synthassay.evaluate.utility.classified import Drawn, corrected, gain_row, with_headline
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc


@metric(
    title="Gain in AUC on patients from elsewhere",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1148/ryai.240300",
    settings={"tested_on": "real external images", "baseline": "the same real images alone, as many steps"},
)
def external_auc_gain(
    classification_trial: ClassificationTrial, external_labels: list[str], bootstrap: int, rng: np.random.Generator
) -> list[Finding]:
    """Return, as ``auc_gain`` does, the gain in AUC in every regime, on the external patients.

    Args:
        classification_trial: Trains the classifiers; none of them has seen an external image.
        external_labels: Class of each external image.
        bootstrap: Draws for the interval.
        rng: Source of the draws.

    Raises:
        NotMeasured: There are no external images, or not every class occurs among them.

    Source:
        Tejani et al. 2024 (CLAIM), doi:10.1148/ryai.240300, on external testing.
    """
    trial = classification_trial
    drawn = Drawn(bootstrap, rng, on="external")
    rows = [gain_row(trial, arm, mean_auc, drawn) for arm in regimes(trial.asked, trial.rarest)]
    return with_headline(corrected(rows))
