"""How many synthetic images lie nearer to a training image than to a held-out one, from equally many patients."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import (
    Neighbourhood,
    neighbourhood,
    one_sided,
    settings_of,
    sides,
    widened,
)
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.patients import patients
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import mean_interval

THINNINGS = 50


@metric(
    title="Closer to training than to held-out patients",
    axis=Axis.LEAKAGE,
    better=Better.TARGET,
    target=0.5,
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
    """Return the share of images nearer to a training image than to a held-out one, from equally many subjects.

    The larger side is thinned to the smaller one's number of subjects, ``THINNINGS`` times, and the shares averaged;
    ties count half. It tells a general pull towards the training patients; single copies are diluted by the thinning
    and are found by ``copied_images``.

    Args:
        synthetic_prints: Of the images judged.
        training_prints: Of the generator's training images.
        test_prints: Of real test images; they stand for the holdout where there is none.
        rng: Source of thinnings, relabellings and draws.
        bootstrap: Draws for the interval, which resamples synthetic images and adds the spread of relabelling.
        holdout_prints: Of real images that the generator never saw, apart from the test images.

    Returns:
        From 0 to 1; 0.5 for a generator that learnt no patient by heart. ``floor`` is the share of the real test
        images, where a separate holdout exists. ``p`` is one-sided, from relabelling.

    Raises:
        NotMeasured: Sizes differ, or fewer than three subjects on a side.

    Source:
        Meehan, Chaudhuri, Dasgupta (2020), arXiv:2004.05675: nearness to training against held-out data.
    """
    holdout, real = sides(training_prints, test_prints, holdout_prints)
    near = neighbourhood(synthetic_prints, training_prints, holdout)
    closer = np.mean([_closer(near, near.trained, rng) for _ in range(THINNINGS)], axis=0)
    chance = np.array([_closer(near, labels, rng).mean() for labels in near.relabelled(rng)])
    share = float(closer.mean())
    interval = mean_interval(closer, synthetic_prints.subjects, rng=rng, draws=bootstrap)
    floor = None
    if real is not None:
        beside = neighbourhood(real, training_prints, holdout)
        floor = float(np.mean([_closer(beside, beside.trained, rng).mean() for _ in range(THINNINGS)]))
    return Finding(
        value=share,
        interval=widened(interval, share, chance),
        floor=floor,
        n=len(synthetic_prints),
        subjects=patients(synthetic_prints.subjects, holdout.subjects),
        settings={
            **settings_of(training_prints, holdout, synthetic_prints),
            "thinnings": THINNINGS,
            "subjects_per_side": int(min(near.trained.sum(), (~near.trained).sum())),
            "p": one_sided(share, chance, low=False),
        },
    )


def _closer(near: Neighbourhood, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    to_training, to_holdout = near.nearest(*near.thinned(labels, rng))
    return (to_training < to_holdout) + 0.5 * (to_training == to_holdout)
