"""Whether somebody who holds a patient's image can tell from the synthetic images that the patient was learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.neighbours import blocks
from synthassay.evaluate.leakage.attacks import Attack, Floats, Scored, attack
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import sides
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.patients import patients
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features


@metric(
    title="Membership inference from images alone",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:1909.03935",
    settings={"control": "random halves of the training patients", "shown": "AUC less the control's mean AUC"},
)
def membership_inference(
    synthetic_prints: Prints,
    training_prints: Prints,
    test_prints: Prints,
    rng: np.random.Generator,
    *,
    holdout_prints: Prints | None = None,
    synthetic_features: Features | None = None,
    training_features: Features | None = None,
    test_features: Features | None = None,
    holdout_features: Features | None = None,
) -> list[Finding]:
    """Return how much better than between members an attack tells training images from held-out ones.

    The attacker holds real images and the synthetic set, not the generator. Three attacks: an image is a member's the
    nearer its nearest synthetic image is (row without a stratum: small patterns; ``attack=embedding``: features), or
    the more synthetic images lie within a radius of it (``attack=count nearby``), the radius being the median distance
    of a real image to its nearest synthetic one.

    Args:
        synthetic_prints: Of the images judged.
        training_prints: Of the generator's training images: the members.
        test_prints: Of real test images; they are the non-members where there is no holdout.
        rng: Source of the halvings.
        holdout_prints: Of real images that the generator never saw: the non-members.
        synthetic_features: ``cases features``, where there is an embedding.
        training_features: Likewise.
        test_features: Likewise.
        holdout_features: Likewise.

    Returns:
        AUC less the control's mean AUC: about 0 where nothing leaks, 0.5 where every member is recognised, below 0
        where non-members look likelier. ``floor`` is the same with real test images in the place of synthetic ones,
        where a separate holdout exists: where it is not about 0, the two groups of patients differ in themselves. ``p``
        is one-sided, against the control.

    Raises:
        NotMeasured: Sizes differ, or too few patients on a side.

    Source:
        Nearest synthetic image: Chen et al. 2020 (GAN-Leaks), arXiv:1909.03935, their full black-box attack. Count
        nearby: the Monte Carlo attack of Hilprecht et al. 2019, doi:10.2478/popets-2019-0067, with their median
        heuristic. Why the groups must not differ in themselves: Das et al. 2024, arXiv:2406.16201.
    """
    others, stand_in = sides(training_prints, test_prints, holdout_prints)
    if len({prints.patterns.shape[1:] for prints in (synthetic_prints, training_prints, others)}) > 1:
        raise NotMeasured("synthetic, training and held-out images differ in size")
    attacked = _attacks(synthetic_prints.rows, training_prints, others, synthetic_prints.subjects, rng)
    floors = {}
    if stand_in is not None and stand_in.patterns.shape[1:] == training_prints.patterns.shape[1:]:
        floors = _attacks(stand_in.rows, training_prints, others, stand_in.subjects, rng)
    members, held = training_features, test_features if holdout_prints is None else holdout_features
    if synthetic_features is not None and members is not None and held is not None:
        near, far = (_nearness(side, synthetic_features)[0] for side in (members, held))
        attacked["attack=embedding"] = _attack(near, far, training_prints, others, rng)
        if floors and test_features is not None:
            near, far = (_nearness(side, test_features)[0] for side in (members, held))
            floors["attack=embedding"] = _attack(near, far, training_prints, others, rng)
    rows = []
    for stratum, found in attacked.items():
        row = _row(found, len(training_prints) + len(others), patients(training_prints.subjects, others.subjects))
        floor = floors.get(stratum)
        rows.append(
            replace(
                row,
                stratum=stratum,
                floor=None if floor is None else floor.difference,
                floor_interval=None if floor is None else floor.interval,
            )
        )
    return rows


def _attacks(
    judged: np.ndarray, training: Prints, others: Prints, owners: tuple[str, ...], rng: np.random.Generator
) -> dict[str, Attack]:
    """Return the attacks on patterns; a judged image of a non-member's own (a translation of it) does not count."""
    member, _ = _nearness(training.rows, judged)
    other, _ = _nearness(others.rows, judged, _own(others.subjects, owners))
    radius = float(np.median(np.concatenate([member, other])))
    _, many = _nearness(training.rows, judged, radius=radius)
    _, few = _nearness(others.rows, judged, _own(others.subjects, owners), radius=radius)
    return {
        "": _attack(member, other, training, others, rng),
        "attack=count nearby": _attack(-many, -few, training, others, rng),
    }


def _attack(member: Floats, other: Floats, training: Prints, others: Prints, rng: np.random.Generator) -> Attack:
    return attack(Scored(-member, training.subjects), Scored(-other, others.subjects), rng)


def _nearness(
    real: np.ndarray, judged: np.ndarray, own: Mapping[int, np.ndarray] = MappingProxyType({}), radius: float = 0.0
) -> tuple[Floats, Floats]:
    """Return each real image's distance to its nearest judged one, and how many lie within the radius."""
    nearest, count = np.empty(len(real)), np.zeros(len(real))
    for rows, squared in blocks(real, judged):
        for row in range(rows.start, rows.stop) if own else ():
            if row in own:
                squared[row - rows.start, own[row]] = np.inf
        distance = np.sqrt(np.maximum(squared, 0))
        nearest[rows] = distance.min(1)
        count[rows] = (distance <= radius).sum(1)
    return nearest, count


def _own(subjects: tuple[str, ...], owners: tuple[str, ...]) -> dict[int, np.ndarray]:
    """Return, by position of a real image, the judged images made of the same subject."""
    made: dict[str, list[int]] = {}
    for at, owner in enumerate(owners):
        made.setdefault(owner, []).append(at)
    return {row: np.array(made[subject]) for row, subject in enumerate(subjects) if subject in made}


def _row(found: Attack, images: int, subjects: int) -> Finding:
    return Finding(
        value=found.difference, interval=found.interval, n=images, subjects=subjects, settings=found.settings()
    )
