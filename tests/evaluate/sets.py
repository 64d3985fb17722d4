"""Small image sets for tests of the judgement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from synthassay.data.image_set import Entry, ImageSet
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.images.image import Geometry, Image
from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Unit


def images(
    name: str,
    pixels: np.ndarray,
    *,
    subjects: Sequence[str] = (),
    labels: Sequence[str] = (),
    unit: Unit = Unit.ARBITRARY,
) -> ImageSet:
    """One entry per row of ``cases channels *space``; subjects are unique where not given."""
    spacing = (1.0,) * (pixels.ndim - 2)
    return ImageSet(
        name,
        tuple(
            Entry(
                case=f"{name}-{i:03d}",
                subject=subjects[i] if len(subjects) else f"{name}{i:03d}",
                load=lambda i=i: Image(pixels[i], Geometry(spacing_mm=spacing), unit),
                label=labels[i] if len(labels) else "",
            )
            for i in range(len(pixels))
        ),
    )


def fields(count: int, seed: int, size: int = 24) -> np.ndarray:
    """Smooth random pictures between 0 and 255, ``count 1 size size``; every seed has other ones."""
    noise = np.random.default_rng(seed).normal(size=(count, 1, size, size))
    smooth = ndimage.gaussian_filter(noise, (0, 0, 2, 2))
    smooth -= smooth.min(axis=(2, 3), keepdims=True)
    return (255 * smooth / smooth.max(axis=(2, 3), keepdims=True)).astype(np.float32)


def paired(count: int = 12, **changes) -> Evidence:
    """Evidence of a translation: synthetic is the reference with noise; the mask is the middle."""
    real = fields(count, 1)
    synthetic = real + np.random.default_rng(2).normal(scale=8, size=real.shape).astype(np.float32)
    mask = np.zeros((count, 1, 24, 24), np.float32)
    mask[:, :, 6:18, 6:18] = 1
    subjects = [f"p{i // 2}" for i in range(count)]
    facts = {
        "of": "g",
        "protocol": PROTOCOLS.get("mri"),
        "task": "translate",
        "synthetic": images("synthetic", synthetic, subjects=subjects),
        "reference": images("reference", real, subjects=subjects),
        "masks": images("masks", mask, subjects=subjects, unit=Unit.LABEL),
        "test": images("test", real, subjects=subjects),
        "data_range": (0.0, 255.0),
        "seed": 5,
        "options": Options(bootstrap=200),
    }
    return Evidence(**{**facts, **changes})
