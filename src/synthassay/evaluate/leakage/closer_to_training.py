"""How many synthetic images have a training image as their nearest real one, beyond chance."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import neighbourhood, one_sided, settings_of, sides
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import mean_interval


@metric(
    title="Closer to training than by chance",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:2004.05675",
    settings={"distance": "sqrt(2 - 2 correlation) of small grids", "chance": "subjects relabelled"},
)
def closer_to_training(
    synthetic_prints: Prints,
    training_prints: Prints,
    test_prints: Prints,
    rng: np.random.Generator,
    bootstrap: int,
    holdout_prints: Prints | None = None,
) -> Finding:
    """Return the share of images whose nearest real image is a training image, in excess of chance.

    With share s and its mean c under random relabelling of the subjects, the value is (s - c) / (1 - c): 0 for a
    generator that learnt no patient by heart, 1 if every image lies next to a training image. It is near the share of
    copies where the other images are as independent of the training set as real ones.

    Args:
        synthetic_prints: Of the images judged.
        training_prints: Of the generator's training images.
        test_prints: Of real test images; they stand for the holdout where there is none.
        rng: Source of relabellings and draws.
        bootstrap: Draws for the interval, which resamples synthetic images and holds the real sets fixed.
        holdout_prints: Of real images that the generator never saw, apart from the test images.

    Returns:
        At most 1; negative values are chance. ``floor`` is the value of the real test images, where a separate
        holdout exists.

    Raises:
        NotMeasured: Sizes differ, or fewer than three subjects on a side.

    Source:
        Meehan, Chaudhuri, Dasgupta (2020), arXiv:2004.05675: nearness to training against held-out data; here the
        share is chance-corrected as Cohen's kappa is.
    """
    holdout, real = sides(training_prints, test_prints, holdout_prints)
    hits, chance = _hits(synthetic_prints, training_prints, holdout, rng)
    centre = float(chance.mean())
    interval = mean_interval((hits - centre) / (1 - centre), synthetic_prints.subjects, rng=rng, draws=bootstrap)
    floor = None
    if real is not None:
        real_hits, real_chance = _hits(real, training_prints, holdout, rng)
        floor = float((real_hits.mean() - real_chance.mean()) / (1 - real_chance.mean()))
    return Finding(
        value=float((hits.mean() - centre) / (1 - centre)),
        interval=interval,
        floor=floor,
        n=len(synthetic_prints),
        subjects=len(set(synthetic_prints.subjects)),
        settings={
            **settings_of(training_prints, holdout, synthetic_prints),
            "p": one_sided(float(hits.mean()), chance, low=False),
            "share_nearest_to_training": float(hits.mean()),
            "share_by_chance": centre,
        },
    )


def _hits(judged: Prints, training: Prints, holdout: Prints, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    near = neighbourhood(judged, training, holdout)
    chance = np.array([near.nearest_is_training(labels).mean() for labels in near.relabelled(rng)])
    return near.nearest_is_training(near.trained), chance
