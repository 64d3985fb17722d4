"""How near synthetic images lie to training patients, compared with patients whom the generator never saw."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import neighbourhood, one_sided, settings_of, sides, widened
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.patients import patients
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import ratio_interval


@metric(
    title="Nearest-training ratio",
    axis=Axis.LEAKAGE,
    better=Better.TARGET,
    target=1.0,
    unit="1",
    per="set",
    source="arXiv:2402.01054",
    settings={"distance": "sqrt(2 - 2 correlation) of small grids", "chance": "subjects relabelled"},
)
def nearest_training_ratio(
    synthetic_prints: Prints,
    training_prints: Prints,
    test_prints: Prints,
    rng: np.random.Generator,
    bootstrap: int,
    holdout_prints: Prints | None = None,
) -> Finding:
    """Return mean distance to the nearest training image over that to the nearest holdout image, chance taken out.

    There are mostly more training than holdout images, and among more images the nearest is nearer. Throwing training
    images away until both sets are equal would throw most copies away with them. Instead the subjects of both sets
    are relabelled at random, as many "training" as before, and the observed ratio is divided by the mean ratio under
    relabelling: 1 is what a generator gives that learnt no patient by heart, whatever the sizes.

    Args:
        synthetic_prints: Of the images judged.
        training_prints: Of the generator's training images.
        test_prints: Of real test images; they stand for the holdout where there is none.
        rng: Source of relabellings and draws.
        bootstrap: Draws for the interval, which resamples synthetic images and adds the spread of relabelling.
        holdout_prints: Of real images that the generator never saw, apart from the test images.

    Returns:
        Ratio; below 1 towards the training patients. ``floor`` is the ratio of the real test images, where a separate
        holdout exists. ``p`` is one-sided, from relabelling.

    Raises:
        NotMeasured: Sizes differ, fewer than three subjects on a side, or all distances are 0.

    Source:
        Nearest neighbours of training against held-out data: Dar et al. (2024), arXiv:2402.01054, section 3;
        Meehan, Chaudhuri, Dasgupta (2020), arXiv:2004.05675.
    """
    holdout, real = sides(training_prints, test_prints, holdout_prints)
    ratio, chance, to_training, to_holdout = _ratio(synthetic_prints, training_prints, holdout, rng)
    interval = ratio_interval(to_training, to_holdout, synthetic_prints.subjects, rng=rng, draws=bootstrap)
    centre = float(chance.mean())
    if interval is not None:
        interval = interval.model_copy(update={"low": interval.low / centre, "high": interval.high / centre})
    interval = widened(interval, ratio / centre, chance / centre)
    floor = None
    if real is not None:
        real_ratio, real_chance, *_ = _ratio(real, training_prints, holdout, rng)
        floor = real_ratio / float(real_chance.mean())
    return Finding(
        value=ratio / centre,
        interval=interval,
        floor=floor,
        n=len(synthetic_prints),
        subjects=patients(synthetic_prints.subjects, holdout.subjects),
        settings={
            **settings_of(training_prints, holdout, synthetic_prints),
            "p": one_sided(ratio, chance, low=True),
            "ratio_before_chance": ratio,
            "ratio_by_chance": centre,
        },
    )


def _ratio(
    judged: Prints, training: Prints, holdout: Prints, rng: np.random.Generator
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    near = neighbourhood(judged, training, holdout)
    to_training, to_holdout = near.nearest(near.trained)
    if to_holdout.mean() == 0:
        raise NotMeasured("every synthetic image equals a holdout image")
    chance = []
    for labels in near.relabelled(rng):
        one, other = near.nearest(labels)
        if other.mean() > 0:
            chance.append(one.mean() / other.mean())
    return float(to_training.mean() / to_holdout.mean()), np.array(chance), to_training, to_holdout
