"""Trainings in stages: some phases step first, others afterwards, in the one training loop."""

from __future__ import annotations

import math

from synthassay.generators.base import GeneratorSettings


def steps_of(settings: GeneratorSettings) -> int:
    """Return the optimiser steps of a whole training."""
    return max(1, math.ceil(settings.images_seen / settings.batch))


def boundary(settings: GeneratorSettings, share: float) -> int:
    """Return the step at which the second stage begins when the first takes ``share`` of all; each has one at least.

    >>> boundary(GeneratorSettings(images_seen=100, batch=10), 0.6)
    6
    """
    steps = steps_of(settings)
    return min(max(1, round(share * steps)), max(1, steps - 1))


def progress_within(progress: float, share: float, *, second: bool) -> float:
    """Return how far a stage is when the whole training is at ``progress``, in [0, 1].

    >>> round(progress_within(0.8, 0.6, second=True), 6), progress_within(0.3, 0.6, second=False)
    (0.5, 0.5)
    """
    within = (progress - share) / (1 - share) if second else progress / share
    return min(max(within, 0.0), 1.0)
