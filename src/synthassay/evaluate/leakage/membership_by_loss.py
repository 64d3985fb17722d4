"""Whether somebody who has the generator can tell from its loss on an image that the patient was learnt from."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.attacks import attack
from synthassay.evaluate.leakage.losses import CaseLosses
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Membership inference from the generator's loss",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:2302.03262",
    settings={"control": "random halves of the training patients", "shown": "AUC less the control's mean AUC"},
)
def membership_by_loss(case_losses: CaseLosses, rng: np.random.Generator) -> Finding:
    """Return how much better than between members the loss tells training images from held-out ones.

    The attacker has the generator itself: an image is a member's the lower its loss. Losses are means over the same
    draws of noise for every image, written by the generator's own side; nothing is known here of how.

    Args:
        case_losses: Losses of training, holdout and test images. Members are the training images; non-members the
            holdout, or the test images where there is none.
        rng: Source of the halvings.

    Returns:
        AUC less the control's mean AUC: about 0 where nothing leaks, 0.5 where every member is recognised. ``floor`` is
        the same attack on holdout against test images, neither of which was learnt from: where it is not about 0,
        groups of patients differ in themselves. ``p`` is one-sided, against the control.

    Raises:
        NotMeasured: The family defines no loss of a single image, or there are too few patients on a side.

    Source:
        Attack by the loss of a diffusion model: Matsumoto et al. 2023, arXiv:2302.03262; with the same noise for all
        images, as Duan et al. 2023, arXiv:2302.01316, make theirs depend on the image alone.
    """
    scores = case_losses.scores
    others = scores.get("holdout") or scores.get("test")
    if others is None:
        raise NotMeasured("no losses were written for patients whom the generator never saw")
    found = attack(scores["training"], others, rng)
    floor = None
    if "holdout" in scores and "test" in scores:
        try:
            floor = attack(scores["holdout"], scores["test"], rng)
        except NotMeasured:
            floor = None
    return Finding(
        value=found.difference,
        interval=found.interval,
        floor=None if floor is None else floor.difference,
        floor_interval=None if floor is None else floor.interval,
        n=len(scores["training"].scores) + len(others.scores),
        subjects=min(found.members, found.others),
        settings={**found.settings(), "loss": case_losses.kind, "draws": case_losses.draws},
    )
