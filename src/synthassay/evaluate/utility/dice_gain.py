"""What synthetic images with label maps add to real ones: overlap of what a segmenter outlines in real patients."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.outlined import Draws, gains
from synthassay.evaluate.utility.outlining import SegmentationTrial
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Gain in Dice from adding synthetic to real",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1016/j.neucom.2018.09.013",
    settings={"tested_on": "real test images", "baseline": "the same real images alone, as many steps, equal seeds"},
)
def dice_gain(segmentation_trial: SegmentationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return the Dice coefficient on real test patients with synthetic images added, minus that without.

    The headline is the gain with all real patients and the first ratio. Strata are the other regimes: fewer real
    patients, other ratios, both arms with classical augmentation ("over augmentation"), and half of the steps on
    synthetic images before the other half on real ones ("synthetic first"); then each structure of each regime. p is
    of patients' mean differences (Student's t) and corrected by Holm's rule over the regimes. The generator has seen
    all training patients: a gain with few of them is what its images give to somebody who has few, not what a
    generator trained on few would give.

    Args:
        segmentation_trial: Trains the segmenters.
        bootstrap: Draws for the interval of the paired difference, which resamples patients and trainings.
        rng: Source of the draws.

    Returns:
        Differences from -1 to 1; above 0 the synthetic images help.

    Raises:
        NotMeasured: The study does not ask for it, label maps are missing, or synthetic images were made from test or
            validation patients.

    Source:
        Dice 1945, doi:10.2307/1932409; augmentation: Frid-Adar et al. 2018, doi:10.1016/j.neucom.2018.09.013.
    """
    return gains(segmentation_trial, lambda judged: judged.dice, Draws(bootstrap, rng))
