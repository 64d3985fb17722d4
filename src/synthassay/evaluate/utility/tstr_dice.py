"""Training on synthetic images with their label maps, tested on real patients: the overlap of what is outlined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm
from synthassay.evaluate.utility.outlined import Draws, mean_row
from synthassay.evaluate.utility.outlining import SegmentationTrial
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Dice, trained on synthetic, tested on real",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real test images", "floor": "trained on all real training images"},
)
def tstr_dice(segmentation_trial: SegmentationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return the Dice coefficient on real test patients of segmenters that have seen synthetic images alone.

    Per case the mean over structures, then the mean over cases and trainings. It is high only if the synthetic images
    look enough like patients, and if they obey the label maps that they were made from.

    Args:
        segmentation_trial: Trains the segmenters.
        bootstrap: Draws for the interval, which resamples patients and trainings.
        rng: Source of the draws.

    Returns:
        From 0 to 1, over all structures and for each; the floor is the same after training on all real patients.

    Raises:
        NotMeasured: The study does not ask for it, label maps are missing, or synthetic images were made from test or
            validation patients.

    Source:
        Esteban et al. 2017, arXiv:1706.02633 (TSTR); Dice 1945, doi:10.2307/1932409.
    """
    draws = Draws(bootstrap, rng)
    structures = range(len(segmentation_trial.structures))
    found = []
    for structure in (None, *structures):
        synthetic, real = (
            mean_row(segmentation_trial, arm, lambda judged: judged.dice, draws, structure=structure)
            for arm in (Arm(0.0), Arm(1.0))
        )
        stratum = "" if structure is None else f"structure={segmentation_trial.structures[structure]}"
        found.append(replace(synthetic, stratum=stratum, floor=real.value, floor_interval=real.interval))
    return found
