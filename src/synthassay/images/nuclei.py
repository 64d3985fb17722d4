"""Cell nuclei in a stained section: where they are, how large, of what shape and with what chromatin.

A segmentation of the classical kind, the same for real and synthetic tiles: nuclei are where haematoxylin exceeds both
the tile's threshold and its surroundings, parted by watershed. It needs no weights, and it errs: on crowded or pale
nuclei it merges, splits and misses. Its numbers compare tiles with tiles; they are not cell counts for a diagnosis.
"""

from __future__ import annotations

from collections.abc import Mapping

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label as connected
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

from synthassay.errors import NotMeasured
from synthassay.images.stain import amounts_of, optical_density, stains_of, tissue_of

COARSEST_MPP = 1.0
BLUR_UM, AROUND_UM, CLEANED_UM, ROUNDED_UM = 0.5, 6.0, 0.5, 0.5
ABOVE_AROUND, OF_THRESHOLD, DEEPER_UM, LEAST_CONTRAST = 1.05, 0.85, 0.05, 0.06
LEAST_AREA, MOST_AREA = 8.0, 400.0
FEATURES: Mapping[str, str] = {
    "area": "µm²",
    "eccentricity": "1",
    "solidity": "1",
    "neighbour_distance": "µm",
    "chromatin_sd": "optical density",
    "chromatin_contrast": "squared optical density",
}
"""What is measured on every nucleus, with its unit."""
SEGMENTATION: Mapping[str, str | float] = {
    "nuclei": "haematoxylin above 0.85 Otsu and 1.05 of its surroundings (Gaussian, 6 µm), watershed",
    "least_area_um2": LEAST_AREA,
    "most_area_um2": MOST_AREA,
    "coarsest_mpp": COARSEST_MPP,
    "least_contrast": LEAST_CONTRAST,
}
"""The settings of every measure that rests on nuclei."""

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]


def require_mpp(mpp: float | None, coarsest: float = COARSEST_MPP) -> float:
    """Return micrometres per pixel where nuclei can be seen at all.

    Raises:
        NotMeasured: They are unknown, not positive, or more than 1: a nucleus of 6 micrometres is then under 6 pixels.
    """
    if mpp is None:
        raise NotMeasured("no micrometres per pixel are known, and sizes in pixels mean nothing on a section")
    if not (np.isfinite(mpp) and mpp > 0):
        raise NotMeasured(f"{mpp} micrometres per pixel are not possible")
    if mpp > coarsest:
        raise NotMeasured(f"at {mpp:.3g} micrometres per pixel nuclei cannot be told apart; {coarsest:g} is needed")
    return float(mpp)


def nuclei_of(picture: Floats, mpp: float | None) -> tuple[Labels, Floats]:
    """Return the nuclei of a tile and its haematoxylin.

    Args:
        picture: ``3 rows columns``, 0 to 255, white where not to look.
        mpp: Micrometres per pixel.

    Returns:
        Label map ``rows columns``, nuclei numbered from 1; and the amount of haematoxylin in optical density.

    Raises:
        NotMeasured: As ``require_mpp`` and ``stains_of``.
    """
    size = require_mpp(mpp)
    haematoxylin = amounts_of(picture, stains_of(picture))[0]
    tissue = tissue_of(optical_density(picture))
    smooth = ndimage.gaussian_filter(haematoxylin, BLUR_UM / size)
    around = ndimage.gaussian_filter(smooth, AROUND_UM / size)
    dark = tissue & (smooth > OF_THRESHOLD * threshold_otsu(smooth[tissue])) & (smooth > ABOVE_AROUND * around)
    dark = ndimage.binary_opening(dark, iterations=max(1, round(CLEANED_UM / size)))
    return _parted(ndimage.binary_fill_holes(dark), smooth - around, size), haematoxylin


def _parted(dark: NDArray[np.bool_], contrast: Floats, mpp: float) -> Labels:
    """Part touching nuclei where their outline narrows, and drop what is too small, too large or too pale for one.

    The threshold is the tile's own, so without a least contrast a tile of stroma alone would be full of nuclei.
    """
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(dark) * mpp, ROUNDED_UM / mpp)
    middles = connected(h_maxima(depth, DEEPER_UM)) if dark.any() else np.zeros(dark.shape, int)
    found = watershed(-depth, middles * dark, mask=dark)
    sizes = np.bincount(found.ravel())
    areas = sizes * mpp**2
    above = np.bincount(found.ravel(), weights=contrast.ravel()) / np.maximum(sizes, 1)
    kept = (areas >= LEAST_AREA) & (areas <= MOST_AREA) & (above >= LEAST_CONTRAST)
    kept[0] = False
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[found]


def centres_of(nuclei: Labels, mpp: float) -> Floats:
    """Return the centre of each nucleus in micrometres, ``nuclei 2``."""
    count = int(nuclei.max(initial=0))
    places = np.nonzero(nuclei)
    which = nuclei[places] - 1
    sizes = np.maximum(np.bincount(which, minlength=count), 1)
    sums = [np.bincount(which, weights=axis, minlength=count) for axis in places]
    centres: Floats = (np.stack(sums, axis=1) / sizes[:, None] + 0.5) * mpp
    return centres


def measured_nuclei(nuclei: Labels, haematoxylin: Floats, mpp: float) -> dict[str, Floats]:
    """Return the features of every nucleus by name, in the order of ``FEATURES``.

    Eccentricity and solidity are those of ``skimage.measure.regionprops``; a nucleus without a neighbour has a
    distance of NaN. Chromatin contrast is the mean squared difference of neighbouring pixels within the nucleus, the
    contrast of a grey-level co-occurrence matrix without binning.

    Args:
        nuclei: Label map ``rows columns``, numbered from 1 without gaps.
        haematoxylin: ``rows columns`` in optical density.
        mpp: Micrometres per pixel.
    """
    count = int(nuclei.max(initial=0))
    if count == 0:
        return {name: np.empty(0) for name in FEATURES}
    places = np.nonzero(nuclei)
    which, amount = nuclei[places] - 1, haematoxylin[places]
    sizes = np.bincount(which, minlength=count).astype(np.float64)
    mean = np.bincount(which, weights=amount, minlength=count) / sizes
    spread = np.bincount(which, weights=np.square(amount - mean[which]), minlength=count) / sizes
    return {
        "area": sizes * mpp**2,
        "eccentricity": _eccentricity(places, which, sizes),
        "solidity": sizes / _hull_pixels(*_sorted(places, which), count),
        "neighbour_distance": _nearest(centres_of(nuclei, mpp)),
        "chromatin_sd": np.sqrt(spread),
        "chromatin_contrast": _contrast(nuclei, haematoxylin, count),
    }


def _eccentricity(places: tuple[NDArray, ...], which: NDArray, sizes: Floats) -> Floats:
    """From the second moments of the middles of each nucleus's pixels."""
    count = len(sizes)
    away = []
    for axis in places:
        middle = np.bincount(which, weights=axis, minlength=count) / sizes
        away.append(axis - middle[which])

    def moment(product: Floats) -> Floats:
        return np.bincount(which, weights=product, minlength=count) / sizes

    rows, columns = moment(away[0] ** 2), moment(away[1] ** 2)
    half, mixed = (rows - columns) / 2, moment(away[0] * away[1])
    root = np.sqrt(half**2 + mixed**2)
    long, short = (rows + columns) / 2 + root, (rows + columns) / 2 - root
    return np.sqrt(np.clip(1 - short / np.maximum(long, 1e-12), 0, 1))


def _nearest(centres: Floats) -> Floats:
    if len(centres) < 2:
        return np.full(len(centres), np.nan)
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(centres).query(centres, k=2)[0][:, 1])


def _contrast(nuclei: Labels, haematoxylin: Floats, count: int) -> Floats:
    total, pairs = np.zeros(count), np.zeros(count)
    for axis in (0, 1):
        first, second = (np.moveaxis(nuclei, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        change = np.square(np.diff(np.moveaxis(haematoxylin, axis, 0), axis=0))
        same = (first == second) & (first > 0)
        total += np.bincount(first[same] - 1, weights=change[same], minlength=count)
        pairs += np.bincount(first[same] - 1, minlength=count)
    return total / np.maximum(pairs, 1)


def _sorted(places: tuple[NDArray, ...], which: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Pixels of one nucleus after another, each in order of rows; where each nucleus begins."""
    order = np.argsort(which, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(which))])
    return places[0][order].astype(np.int64), places[1][order].astype(np.int64), starts


@numba.njit(cache=True, nogil=True)
def _hull_pixels(rows, columns, starts, count):  # type: ignore[no-untyped-def]
    """Count the pixels whose middles lie in each region's convex hull, whose corners are the middles of pixel edges.

    Regions' pixels are in order of rows. In half pixels, so that all comparisons are between integers.
    """
    found = np.zeros(count)
    for k in range(count):
        begin, end = starts[k], starts[k + 1]
        top, height = rows[begin], rows[end - 1] - rows[begin] + 1
        lines = 2 * height + 1  # half-pixel lines from the upper edge of the first row to the lower one of the last
        low, high = np.full(lines, 1 << 40), np.full(lines, -(1 << 40))
        for p in range(begin, end):
            line, middle = 2 * (rows[p] - top) + 1, 2 * columns[p]
            low[line], high[line] = min(low[line], middle - 1), max(high[line], middle + 1)
            for other in (line - 1, line + 1):
                low[other], high[other] = min(low[other], middle), max(high[other], middle)
        left, right = _chain(low, -1), _chain(high, 1)
        for row in range(height):
            line = 2 * row + 1
            found[k] += np.floor(right[line] / 2 + 1e-9) - np.ceil(left[line] / 2 - 1e-9) + 1
    return found


@numba.njit(cache=True, nogil=True)
def _chain(edge, side):  # type: ignore[no-untyped-def]
    """Return the convex outline of one side of a region at every line: the lower hull for -1, the upper for 1."""
    lines = len(edge)
    corners = np.empty(lines, np.int64)
    size = 0
    for line in range(lines):
        while size >= 2:
            a, b = corners[size - 2], corners[size - 1]
            turn = (edge[b] - edge[a]) * (line - a) - (edge[line] - edge[a]) * (b - a)
            if turn * side > 0:
                break
            size -= 1
        corners[size] = line
        size += 1
    outline = np.empty(lines)
    for c in range(size - 1):
        a, b = corners[c], corners[c + 1]
        for line in range(a, b + 1):
            outline[line] = edge[a] + (edge[b] - edge[a]) * (line - a) / (b - a)
    return outline
