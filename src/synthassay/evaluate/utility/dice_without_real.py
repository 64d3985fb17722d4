"""Whether synthetic images can stand for real ones: the Dice lost by training without any real patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.outlined import Draws, difference_row
from synthassay.evaluate.utility.outlining import SegmentationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.equivalence import non_inferiority


@metric(
    title="Dice of synthetic alone minus real alone",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real test images", "p": "that the loss is not larger than the margin, one-sided"},
)
def dice_without_real(segmentation_trial: SegmentationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return the Dice coefficient after training on synthetic images alone, minus that after all real ones alone.

    Non-inferior means: the loss is shown to be smaller than ``[segmentation] margin``, which is stated before looking.

    Args:
        segmentation_trial: Trains the segmenters.
        bootstrap: Draws for the interval of the paired difference, which resamples patients and trainings.
        rng: Source of the draws.

    Returns:
        A difference from -1 to 1; 0 where a segmenter needs no real patient.

    Raises:
        NotMeasured: The study does not ask for it, label maps are missing, or synthetic images were made from test or
            validation patients.

    Source:
        Esteban et al. 2017, arXiv:1706.02633 (TSTR against TRTR); Schuirmann 1987, doi:10.1007/BF01068419 (margins).
    """
    trial, margin = segmentation_trial, segmentation_trial.asked.margin
    synthetic, real = Arm(0.0), Arm(1.0)
    row = difference_row(trial, synthetic, lambda judged: judged.dice, Draws(bootstrap, rng), minus=real)
    change = (trial.outlines(synthetic).dice - trial.outlines(real).dice).mean(axis=(0, 2))
    p = non_inferiority(change, trial.read("test").subjects, margin, higher_is_better=True)
    told: dict[str, str | float | int | bool] = {"margin": margin}
    if p is not None:
        told |= {"p": p, "non_inferior": p <= 0.05}
    kept = {name: value for name, value in row.settings.items() if name != "p"}
    return [replace(row, stratum="", settings={**kept, **told})]
