"""Smooth random displacements in millimetres, and images and label maps moved by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from synthassay.shapes import Pixels, Spatial, SpatialMask

BEYOND = 6  # points of the coarse grid beyond the image, two per SD: three SD of the Gaussian


def smooth_displacement(
    spacing_mm: Sequence[float], within: SpatialMask, rng: np.random.Generator, smoothness_mm: float
) -> np.ndarray:
    """Return a random field ``axes *space`` in mm whose length inside the mask has its 95th percentile at 1 mm.

    The field is white noise smoothed by a Gaussian, without its mean inside the mask, so that nothing is merely
    shifted. It is drawn on a coarse grid that reaches three SD of the Gaussian beyond the image, so that it is as
    smooth at the border as elsewhere and the same whatever the size of a voxel.

    Args:
        spacing_mm: Size of a pixel or voxel per spatial axis.
        within: ``*space``: where the mean is taken away and the length measured.
        rng: Source of the noise.
        smoothness_mm: SD of the Gaussian.
    """
    step = smoothness_mm / 2
    spacing, space = np.asarray(spacing_mm), within.shape
    size = np.ceil(spacing * space / step).astype(int) + 1 + 2 * BEYOND
    drawn = rng.standard_normal((len(size), *size))
    coarse = [ndimage.gaussian_filter(part, smoothness_mm / step, mode="wrap") for part in drawn]
    field = np.stack([ndimage.affine_transform(part, spacing / step, BEYOND, output_shape=space) for part in coarse])
    field -= field[:, within].mean(axis=1).reshape(-1, *[1] * len(space))
    length = np.sqrt((field**2).sum(axis=0))
    scaled: np.ndarray = field / np.percentile(length[within], 95)
    return scaled


def faded(field: np.ndarray, within: SpatialMask, spacing_mm: Sequence[float], over_mm: float) -> np.ndarray:
    """Return the field brought to zero at the mask's border, and outside, over a distance of ``over_mm``.

    What lies inside moves; the outline of the subject, or the edge of what was scanned, stays where it is. The image's
    own edge counts as border.

    >>> still = faded(np.ones((1, 5)), np.array([True, True, True, True, False]), (1.0,), 2.0)
    >>> still.tolist()
    [[0.5, 1.0, 1.0, 0.5, 0.0]]
    """
    framed = np.pad(within, 1)
    depth = ndimage.distance_transform_edt(framed, sampling=tuple(spacing_mm))
    inner = depth[tuple(slice(1, -1) for _ in within.shape)]
    found: np.ndarray = field * np.clip(inner / over_mm, 0, 1)
    return found


def moved_pixels(
    pixels: Pixels, field: np.ndarray, spacing_mm: Sequence[float], within: SpatialMask | None = None
) -> Pixels:
    """Return ``channels *space`` looked up at each place plus the field; cubic, kept within each channel's range.

    Args:
        pixels: ``channels *space``.
        field: ``axes *space`` in mm, zero outside the mask where one is given.
        spacing_mm: Size of a pixel or voxel per spatial axis.
        within: Where the subject is. Outside, the image stays as it is; inside, nothing is mixed in from outside, which
            would leave a dark shell under the border of a crop or of a skull-stripped brain.
    """
    places = _places(field, spacing_mm)
    planes = []
    for plane in pixels:
        inner = plane.astype(np.float64)
        if within is not None and not within.all():
            nearest = ndimage.distance_transform_edt(
                ~within, sampling=tuple(spacing_mm), return_distances=False, return_indices=True
            )
            inner = inner[tuple(nearest)]
        moved = np.clip(ndimage.map_coordinates(inner, places, order=3, mode="nearest"), plane.min(), plane.max())
        planes.append(moved if within is None else np.where(within, moved, plane))
    return np.stack(planes).astype(np.float32)


def moved_labels(labels: Spatial, field: np.ndarray, spacing_mm: Sequence[float]) -> Spatial:
    """Return a label map moved by a field: at each place the label with the largest linearly interpolated share.

    >>> moved_labels(np.array([0, 1, 1, 2]), np.full((1, 4), 1.0), (1.0,)).tolist()
    [1, 1, 2, 2]
    """
    places = _places(field, spacing_mm)
    present = np.unique(labels)
    best, found = np.full(labels.shape, -1.0), np.zeros_like(labels)
    for label in present:
        share = ndimage.map_coordinates((labels == label).astype(np.float32), places, order=1, mode="nearest")
        larger = share > best
        found[larger], best[larger] = label, share[larger]
    return found


def _places(field: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    spacing = np.asarray(spacing_mm).reshape(-1, *[1] * (field.ndim - 1))
    places: np.ndarray = np.indices(field.shape[1:]) + field / spacing
    return places
