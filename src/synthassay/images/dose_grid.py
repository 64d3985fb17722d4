"""Dose grids: DICOM RTDOSE or NIfTI, in gray, brought onto the grid of the image that the plan was calculated on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from scipy import ndimage

from synthassay.errors import ImageError
from synthassay.images.dicom_values import dataset_of, decoding, pseudonym
from synthassay.images.formats import format_of, read_image
from synthassay.images.geometry import LPS_TO_RAS, require_same_grid, to_ras
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Unit

HIGHEST_GY = 1000.0  # far above any plan's highest dose in Gy, far below a curative one in cGy


def read_dose(path: Path) -> Image:
    """Read a dose grid in Gy: one RTDOSE file (with DoseGridScaling), or NIfTI whose sidecar says Gy or nothing.

    Returns:
        Pixels ``1 x y z`` in RAS+, float64, in Gy.

    Raises:
        ImageError: The file cannot be read, states another unit, holds negative dose, or so much that it is no Gy.
    """
    image = _rtdose(path) if format_of(path) == "dicom" else read_image(path)
    if image.unit not in (Unit.GY, Unit.ARBITRARY):
        raise ImageError(str(path), "is not a dose: its file states another unit", value=image.unit.value)
    if image.pixels.shape[0] != 1:
        raise ImageError(str(path), "has several channels; a dose has one", value=image.pixels.shape)
    dose = image.pixels.astype(np.float64)
    if dose.min(initial=0.0) < 0:
        raise ImageError(str(path), "holds negative dose", value=float(dose.min()))
    if dose.max(initial=0.0) > HIGHEST_GY:
        remedy = "Divide by 100 if the values are in cGy."
        raise ImageError(str(path), "holds dose that cannot be in Gy", value=float(dose.max()), remedy=remedy)
    return replace(image, pixels=dose, unit=Unit.GY)


def on_grid_of(dose: Image, image: Image, where: str) -> Image:
    """Return the dose at the voxels of an image, interpolated linearly; NaN where it was not calculated.

    Raises:
        ImageError: The grids differ and one of them has no place in the body.
    """
    try:
        require_same_grid(dose, image, names=("dose", "image"))
    except ImageError as differ:
        if dose.geometry.affine is None or image.geometry.affine is None or len(dose.space) != len(image.space):
            raise ImageError(where, f"{differ.where} {differ.what}", remedy=differ.remedy) from None
        step = np.linalg.inv(dose.geometry.affine) @ image.geometry.affine
        axes = len(image.space)
        there = ndimage.affine_transform(
            dose.pixels[0], step[:axes, :axes], step[:axes, 3], output_shape=image.space, order=1, cval=np.nan
        )
        return Image(there[None], image.geometry, Unit.GY, dose.subject, dose.meta)
    return replace(dose, geometry=image.geometry)


def _rtdose(path: Path) -> Image:
    if path.is_dir():
        raise ImageError(str(path), "is a folder; a dose grid is one file", remedy="Give the RTDOSE file of each case.")
    dataset = dataset_of(path)
    scaling, unit = dataset.get("DoseGridScaling"), str(dataset.get("DoseUnits", ""))
    if scaling is None:
        raise ImageError(str(path), "is no RTDOSE: it has no DoseGridScaling", value=str(dataset.get("Modality", "")))
    if unit != "GY":
        raise ImageError(str(path), "states its dose in another unit than Gy", value=unit or "none")
    with decoding(path):
        stored = np.asarray(dataset.pixel_array, np.float64)
    frames = stored if stored.ndim == 3 else stored[None]
    affine = _affine(path, dataset, len(frames))
    pixels, affine = to_ras((frames * float(scaling)).transpose(2, 1, 0)[None], affine)
    return Image(pixels, Geometry.from_affine(affine), Unit.GY, pseudonym(dataset))


def _affine(path: Path, dataset: Dataset, frames: int) -> np.ndarray:
    """Voxel (column, row, frame) to RAS+ mm; DICOM PS3.3 C.8.8.3.2: frames lie at their offsets along the normal."""
    lacking = [n for n in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing") if n not in dataset]
    if lacking:
        raise ImageError(str(path), f"has no place in the body: {', '.join(lacking)} is missing")
    offsets = np.asarray(dataset.get("GridFrameOffsetVector") or [0.0], np.float64)
    if len(offsets) != frames:
        raise ImageError(str(path), f"has {frames} frames and {len(offsets)} frame offsets")
    steps = np.diff(offsets) if frames > 1 else np.array([float(dataset.get("SliceThickness") or 1.0)])
    if not np.allclose(steps, steps[0], rtol=1e-3) or steps[0] == 0:
        raise ImageError(str(path), "has frames at uneven distances", value=steps.tolist())
    rows, columns = np.asarray(dataset.ImageOrientationPatient, np.float64).reshape(2, 3)
    between, along = (float(v) for v in dataset.PixelSpacing)  # rows lie ``between`` apart, columns ``along``
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = rows * along, columns * between, np.cross(rows, columns) * steps[0]
    affine[:3, 3] = np.asarray(dataset.ImagePositionPatient, np.float64)
    return LPS_TO_RAS @ affine
