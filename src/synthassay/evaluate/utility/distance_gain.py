"""What synthetic images with label maps add to real ones: distance of what a segmenter outlines in real patients."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import known_distances
from synthassay.evaluate.utility.outlined import Draws, gains
from synthassay.evaluate.utility.outlining import SegmentationTrial
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Change of HD95 from adding synthetic to real",
    axis=Axis.UTILITY,
    better=Better.LOWER,
    unit="mm",
    per="set",
    source="doi:10.1016/j.neucom.2018.09.013",
    settings={"tested_on": "real test images", "baseline": "the same real images alone, as many steps, equal seeds"},
)
def distance_gain(segmentation_trial: SegmentationTrial, bootstrap: int, rng: np.random.Generator) -> list[Finding]:
    """Return the HD95 in mm on real test patients with synthetic images added, minus that without.

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
        Differences in mm; below 0 the synthetic images help. A structure that is not outlined, or outlined where there
        is none, has the image's diagonal and is never left out.

    Raises:
        NotMeasured: The study does not ask for it, label maps are missing, or synthetic images were made from test or
            validation patients.

    Source:
        Nikolov et al. 2021, doi:10.2196/26151 (the distance); Frid-Adar et al. 2018, doi:10.1016/j.neucom.2018.09.013.
    """
    return gains(segmentation_trial, known_distances, Draws(bootstrap, rng))
