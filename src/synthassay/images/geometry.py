"""Where voxels lie: bringing volumes to RAS+, comparing grids, and resampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from nibabel import orientations
from scipy import ndimage

from synthassay.errors import ImageError
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Affine, Pixels

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_ras(pixels: Pixels, affine: Affine) -> tuple[Pixels, Affine]:
    """Flip and permute the axes of ``channels i j k`` until they run nearest to right, anterior and superior.

    No value is interpolated; an oblique volume stays oblique, in its affine.

    Returns:
        Pixels ``channels x y z`` (C-contiguous) and their affine to RAS+ millimetres.
    """
    axes = orientations.io_orientation(affine)
    channels_first = np.vstack([[0, 1], axes + np.array([[1, 0]])])
    turned = orientations.apply_orientation(pixels, channels_first)
    return np.ascontiguousarray(turned), affine @ orientations.inv_ornt_aff(axes, pixels.shape[1:])


def require_same_grid(a: Image, b: Image, *, names: tuple[str, str] = ("first", "second")) -> None:
    """Refuse two images whose voxels do not lie in the same places.

    Raises:
        ImageError: They differ in size, in spacing by more than 0.1 %, or in position by more than a tenth of a voxel.
    """
    where = f"{names[0]} and {names[1]}"
    if a.space != b.space:
        _refuse(where, f"differ in size: {a.space} against {b.space}")
    if a.geometry.spacing_mm and b.geometry.spacing_mm:
        one, other = np.array(a.geometry.spacing_mm), np.array(b.geometry.spacing_mm)
        if one.shape != other.shape or not np.allclose(one, other, rtol=1e-3, atol=0):
            _refuse(where, f"differ in spacing: {_mm(one)} against {_mm(other)}")
    if a.geometry.affine is not None and b.geometry.affine is not None:
        size = (*a.space, 1)[:3]
        corners = np.array(np.meshgrid(*([0, n - 1] for n in size), [1])).reshape(4, -1)
        shift = np.linalg.norm(((a.geometry.affine - b.geometry.affine) @ corners)[:3], axis=0).max()
        if shift > 0.1 * min(np.linalg.norm(a.geometry.affine[:3, :3], axis=0)):
            _refuse(where, f"have the same size but lie up to {shift:.3g} mm apart")


def resample_to_spacing(image: Image, spacing_mm: Sequence[float], *, order: int = 1) -> Image:
    """Resample an image to a spacing, about the centre of its field of view.

    Args:
        image: With known spacing.
        spacing_mm: New spacing per spatial axis, exactly kept; the size is the nearest that covers the field of view.
        order: Spline order, 0 nearest to 5; label maps are always resampled with 0.

    Returns:
        Float32 pixels (labels keep their type); values at the edge are continued outwards.

    Raises:
        ImageError: The image's own spacing is unknown, or the new one is not positive.
    """
    old = _spacing(image)
    new = np.asarray(spacing_mm, dtype=np.float64)
    if new.shape != old.shape or not (np.isfinite(new).all() and (new > 0).all()):
        raise ImageError("spacing_mm", "needs one positive number per spatial axis", value=tuple(spacing_mm))
    size = np.maximum(1, np.round(np.array(image.space) * old / new)).astype(int)
    return _resample(image, new / old, tuple(int(n) for n in size), order)


def resample_to_size(image: Image, size: Sequence[int], *, order: int = 1) -> Image:
    """Resample an image to a size that covers the same field of view, edge to edge.

    Args:
        image: Pixels ``channels *space``; the spacing, where known, changes with the size.
        size: New size per spatial axis.
        order: Spline order, 0 nearest to 5; label maps are always resampled with 0.

    Returns:
        Float32 pixels (labels keep their type).

    Raises:
        ImageError: The size is not one positive number per spatial axis.
    """
    if len(size) != len(image.space) or min(size) < 1:
        raise ImageError(
            "size", f"needs one positive number per spatial axis of an image of size {image.space}", value=tuple(size)
        )
    return _resample(image, np.array(image.space) / np.array(size), tuple(size), order)


def _resample(image: Image, factors: np.ndarray, size: tuple[int, ...], order: int) -> Image:
    label = image.unit is Unit.LABEL or image.pixels.dtype == np.bool_
    order = 0 if label else order
    centre_old, centre_new = (np.array(image.space) - 1) / 2, (np.array(size) - 1) / 2
    offset = centre_old - factors * centre_new
    pixels = image.pixels if label else image.pixels.astype(np.float32)
    # Gaussian before down-sampling: sigma (f - 1) / 2 as in skimage.transform.resize, so that fine detail cannot alias.
    sigma = np.maximum(0, (factors - 1) / 2)
    planes = []
    for plane in pixels:
        smooth = ndimage.gaussian_filter(plane, sigma, mode="nearest") if order and sigma.any() else plane
        planes.append(ndimage.affine_transform(smooth, factors, offset, output_shape=size, order=order, mode="nearest"))
    return Image(np.stack(planes), _moved(image.geometry, factors, offset), image.unit, image.subject, image.meta)


def _moved(geometry: Geometry, factors: np.ndarray, offset: np.ndarray) -> Geometry:
    spacing = (
        tuple(float(s * f) for s, f in zip(geometry.spacing_mm, factors, strict=True)) if geometry.spacing_mm else ()
    )
    mpp = geometry.mpp
    if mpp is not None:
        if not np.allclose(factors, factors[0], rtol=1e-3):
            raise ImageError(
                "size", "would give pixels that are not square, which mpp cannot say", value=factors.tolist()
            )
        mpp = float(mpp * factors[0])
    if geometry.affine is None:
        return Geometry(None, spacing, mpp)
    step = np.eye(4)
    n = len(factors)
    step[range(n), range(n)] = factors
    step[:n, 3] = offset
    return Geometry(geometry.affine @ step, spacing, mpp)


def _spacing(image: Image) -> np.ndarray:
    if not image.geometry.spacing_mm:
        remedy = "Give the spacing in the file's header or in a sidecar; it is never assumed to be 1 mm."
        raise ImageError(image.subject or "image", "has no known spacing", remedy=remedy)
    return np.asarray(image.geometry.spacing_mm, dtype=np.float64)


def _refuse(where: str, what: str) -> None:
    raise ImageError(where, what, remedy="Resample one onto the grid of the other, then say so in the study.")


def _mm(spacing: np.ndarray) -> str:
    return " x ".join(f"{s:.4g}" for s in spacing) + " mm"
