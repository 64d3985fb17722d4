"""Whether edges are as sharp as in the real image."""

from __future__ import annotations

import math

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import metric
from synthassay.evaluate.physics.transfer import (
    LEAST_EDGES,
    MOST_EDGES,
    REACH,
    STEP,
    clean_edges,
    edge_places,
    edge_spread,
    half_frequency,
    profiles,
    transfer_function,
)
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="Edge sharpness f50, synthetic over real",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=1.0,
    unit="1",
    per="case",
    source="doi:10.1118/1.4725171",
    settings={
        "edges": f"strongest of the real image within slices, {LEAST_EDGES} to {MOST_EDGES} per image",
        "profile": f"{REACH:g} pixels to either side in steps of {STEP:g}, cubic splines",
    },
)
def edge_sharpness(
    synthetic: Pixels, reference: Pixels, spacing_mm: tuple[float, ...], mask: SpatialMask | None = None
) -> float:
    """Return the ratio of the frequencies at which the task transfer function falls to one half.

    The same strong edges (skin, bone), found on the real image, are followed in both. Each profile is aligned to its
    own middle and scaled to its own contrast, so neither a shift nor a loss of contrast is taken for blur.

    Args:
        synthetic: ``channels *space``; slices are taken along the last axis of a volume.
        reference: ``channels *space``.
        spacing_mm: Voxel size; the two axes of a slice must be equal.
        mask: ``*space``: edges are looked for within it and one pixel around; everywhere where None.

    Returns:
        Below 1 the synthetic image is blurred, above 1 sharpened; 1 at best. Profiles end six pixels from the edge, so
        blur of more than two pixels (standard deviation) is understated: by 6 % at two, by 15 % at two and a half.

    Raises:
        NotMeasured: No voxel size, slices with oblong pixels, fewer than 20 clean edges, or values that are not finite.

    Source:
        Richard et al., Med Phys 39:4115 (2012), doi:10.1118/1.4725171 (task transfer function).

    Example:
        >>> x, y = np.meshgrid(np.arange(64.0), np.arange(64.0))
        >>> disc = lambda blur: 1 / (1 + np.exp((np.hypot(x - 31.7, y - 32.2) - 20) / blur))[None]
        >>> round(edge_sharpness(disc(0.8), disc(0.4), (1.0, 1.0)), 2)
        0.52
    """
    inside(synthetic, reference, mask)
    if not spacing_mm:
        raise NotMeasured("the voxel size is unknown, and sharpness is measured per millimetre")
    if not math.isclose(spacing_mm[0], spacing_mm[1], rel_tol=1e-3):
        raise NotMeasured(f"pixels of {spacing_mm[0]:g} x {spacing_mm[1]:g} mm have no one sharpness")
    made, real = _edges(synthetic, reference, mask)
    if len(real) < LEAST_EDGES:
        raise NotMeasured(f"{len(real)} clean edges were found in the real image; {LEAST_EDGES} are needed")
    step = STEP * spacing_mm[0]
    ours, theirs = (half_frequency(*transfer_function(edge_spread(drawn), step)) for drawn in (made, real))
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        raise NotMeasured("an edge's transfer function never falls to one half")
    return ours / theirs


def _edges(synthetic: Pixels, reference: Pixels, mask: SpatialMask | None) -> tuple[np.ndarray, np.ndarray]:
    """Profiles across the same edges in both, evenly drawn from all slices."""
    where = np.ones(reference.shape[1:], bool) if mask is None else mask
    planes = [np.where(np.isfinite(p), p, p[np.isfinite(p)].min()).mean(axis=0) for p in (synthetic, reference)]
    if where.ndim == 2:
        where, planes = where[..., None], [plane[..., None] for plane in planes]
    found = []
    for z in range(where.shape[-1]):
        points, normals = edge_places(planes[1][..., z], where[..., z])
        if len(points):
            real = profiles(planes[1][..., z], points, normals)
            kept = clean_edges(real)
            found.append(np.stack([profiles(planes[0][..., z], points[kept], normals[kept]), real[kept]]))
    both = np.concatenate(found, axis=1) if found else np.empty((2, 0, 1))
    chosen = np.unique(np.linspace(0, both.shape[1] - 1, min(MOST_EDGES, both.shape[1])).astype(int))
    return both[0, chosen], both[1, chosen]
