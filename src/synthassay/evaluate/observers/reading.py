"""What a channelised Hotelling observer scores on inserted lesions of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.channelised import FOLDS, outputs
from synthassay.evaluate.observers.channels import laguerre_gauss
from synthassay.evaluate.observers.detection import Detection
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.evaluate.observers.retraining import trained_detection

CHANNELS = 4
LEAST_SITES_PER_CHANNEL = 5

Floats = NDArray[np.float64]
Lesion: TypeAlias = tuple[float, float]
"""Diameter in mm and contrast in the image's unit."""


def by_lesion(views: Sequence[LesionView]) -> dict[Lesion, list[LesionView]]:
    """Return the views of each lesion, smaller and fainter ones first."""
    kinds = sorted({(view.diameter_mm, view.contrast) for view in views})
    return {kind: [view for view in views if (view.diameter_mm, view.contrast) == kind] for kind in kinds}


@dataclass(frozen=True, eq=False)
class Pictures:
    """One lesion's pictures of one kind, as the observer's channels see them.

    Attributes:
        absent: ``sites channels`` without the lesion; ``present`` with it.
        channels: ``channels rows columns``.
        subjects: Patient per site.
    """

    absent: Floats
    present: Floats
    channels: Floats
    subjects: list[str]


def pictures_of(views: Sequence[LesionView], kind: str) -> Pictures:
    """Return what the channels, as wide as the lesion, give for one lesion's views.

    Args:
        views: All views of this lesion.
        kind: ``synthetic``, ``source`` or ``reference``.

    Raises:
        NotMeasured: Fewer than five sites per channel in the training part of each fold; patches that differ in size;
            or values that are not finite.
    """
    sizes = {(view.absent[kind].shape, view.spacing_mm) for view in views}
    if len(sizes) > 1:
        raise NotMeasured(f"images have {len(sizes)} different pixel sizes, and one observer sees one")
    subjects = [view.subject for view in views]
    patients = len(set(subjects))
    folds = min(FOLDS, max(patients, 1))
    training = len(views) * (folds - 1) / folds
    if training < LEAST_SITES_PER_CHANNEL * CHANNELS:
        raise NotMeasured(
            f"{len(views)} places in {patients} patients leave {training:.0f} to train an observer of {CHANNELS} "
            f"channels; it needs {LEAST_SITES_PER_CHANNEL * CHANNELS} ([evaluation] inserted_lesions, or more patients)"
        )
    spacing, shape = views[0].spacing_mm, views[0].absent[kind].shape
    channels = laguerre_gauss((shape[0], shape[1]), spacing, width_mm=views[0].diameter_mm, count=CHANNELS)
    absent, present = (
        outputs(np.stack([side[kind] for side in sides]), channels)
        for sides in ([view.absent for view in views], [view.present for view in views])
    )
    return Pictures(absent, present, channels, subjects)


def read(views: Sequence[LesionView], kind: str, *, seed: int, draws: int) -> Detection:
    """Return how well the observer sees one lesion in one kind of image.

    Args:
        views: All views of this lesion.
        kind: ``synthetic``, ``source`` or ``reference``.
        seed: Root seed; equal for all lesions and kinds, so that folds and draws of patients are the same.
        draws: Bootstrap draws.

    Raises:
        NotMeasured: As ``pictures_of``.
    """
    shown = pictures_of(views, kind)
    return trained_detection(shown.absent, shown.present, shown.subjects, seed=seed, draws=draws)
