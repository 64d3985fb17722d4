"""Label maps for tests: smooth shapes, and real organs and hippocampi where the data are at hand."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage


def shape_mask(space, seed, threshold=0.8, smooth=3):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=space), smooth)
    return field > threshold * field.std()


def label_map(space, seed, labels=4):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=space), 3)
    edges = np.quantile(field, np.linspace(0.5, 0.95, labels))
    return np.digitize(field, edges).astype(np.int32)


def moved(labels, voxels, axis=0):
    return np.roll(labels, voxels, axis)


@cache
def real_arrays(folder: str, *keys: str, count: int = 6) -> tuple[np.ndarray, ...]:
    """The first cases of a real data set; the test is skipped where it is not at hand."""
    root = os.environ.get("SYNTHASSAY_DATA", "")
    files = sorted((Path(root) / folder).glob("*.npz")) if root else []
    if not files:
        pytest.skip(f"{folder} is not at hand: set SYNTHASSAY_DATA")
    with np.load(files[0]) as archive:
        return tuple(archive[key][:count] if archive[key].ndim > 1 else archive[key] for key in keys)


HIPPOCAMPUS = "mri-msd-hippocampus"
ORGANS = "ct-openkbp-headneck"
