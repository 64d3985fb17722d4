"""Views of lesions inserted into white noise, in which an observer's score can be foretold."""

from __future__ import annotations

import numpy as np

from synthassay.data.lesions import lesion_signal
from synthassay.evaluate.observers.inserted import LesionView

SPACING = (4.0, 4.0)


def ball(diameter, contrast, side=17):
    """What a lesion adds to a patch."""
    return lesion_signal((side, side), SPACING, (side // 2,) * 2, diameter, contrast).astype(float)


def gaussian_views(count=60, scale=None, kinds=((12.0, 40.0),), respond=1.0, per_patient=1, side=17):
    """White noise; ``scale`` per kind of image; ``respond`` is how much of a lesion the generator lets through."""
    scale = scale or {"synthetic": 40.0, "source": 40.0, "reference": 20.0}
    noise = np.random.default_rng(7).normal(size=(count, side, side))
    views = []
    for diameter, contrast in kinds:
        signal = ball(diameter, contrast, side)
        for i, n in enumerate(noise):
            absent = {kind: s * n for kind, s in scale.items()}
            present = {kind: a + signal * (respond if kind == "synthetic" else 1) for kind, a in absent.items()}
            patient = f"p{i // per_patient}"
            views.append(LesionView(patient, patient, f"s{i}", diameter, contrast, SPACING, absent, present))
    return views
