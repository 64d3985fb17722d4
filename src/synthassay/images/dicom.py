"""DICOM: a series in a folder, one file, or one multi-frame file, in HU where it is proven to be CT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from synthassay.errors import ImageError
from synthassay.images.dicom_series import Plane, files_of_series, order_of, planes_of, stack_affine
from synthassay.images.dicom_values import dataset_of, pseudonym, unit_of, values_of
from synthassay.images.dicom_writing import mark_of_dataset, write_dicom
from synthassay.images.formats import FORMATS, Format
from synthassay.images.geometry import to_ras
from synthassay.images.image import Geometry, Image
from synthassay.images.labelling import Mark
from synthassay.records.vocabulary import Unit


def _read(path: Path, *, key: str, index: int | None, unit: Unit | None) -> Image:
    files = files_of_series(path, key) if path.is_dir() else [path]
    if len(files) > 1:
        if index is not None:
            raise ImageError(str(path), "is a series of files, in which index selects nothing", value=index)
        return _series(path, files, unit)
    dataset = dataset_of(files[0])
    if key and str(dataset.get("SeriesInstanceUID")) != key:
        raise ImageError(str(path), f"is not of series {key}", value=str(dataset.get("SeriesInstanceUID")))
    return _one_file(files[0], dataset, index, unit)


def _one_file(path: Path, dataset: Dataset, index: int | None, unit: Unit | None) -> Image:
    values, hu, notes = values_of(path, dataset)
    frames, planes = len(values), planes_of(path, dataset)
    if index is not None and not 0 <= index < frames:
        raise ImageError(str(path), f"has frames 0 to {frames - 1}", value=index)
    unit = unit_of(values, hu, unit)
    if frames == 1 or index is not None:
        chosen = index or 0
        geometry = _picture_geometry(dataset, planes[chosen] if planes else None, notes)
        pixels = np.ascontiguousarray(values[chosen].transpose(2, 0, 1))
        return Image(pixels, geometry, unit, pseudonym(dataset), notes)
    if planes is None or len(planes) != frames:
        raise ImageError(
            str(path), f"holds {frames} frames without their places", remedy="Say which frame with `index` (from 0)."
        )
    return _volume(str(path), list(values), planes, [dataset], unit, notes)


def _series(path: Path, files: list[Path], unit: Unit | None) -> Image:
    slices, planes, headers = [], [], []
    units: set[Unit] = set()
    notes: dict[str, str] = {}
    for file in files:
        dataset = dataset_of(file)
        values, hu, noted = values_of(file, dataset)
        found = planes_of(file, dataset)
        if len(values) > 1:
            raise ImageError(str(file), "is one of several multi-frame files", remedy="Read each file by its own path.")
        if not found:
            raise ImageError(
                str(file),
                "has no place in the body (ImagePositionPatient, ImageOrientationPatient, PixelSpacing)",
                remedy=f"Its series has {len(files)} images; read each by its own path.",
            )
        slices.append(values[0])
        planes.append(found[0])
        units.add(unit_of(values, hu, unit))
        notes |= noted
        dataset.PixelData = b""  # what is decoded need not be held twice
        headers.append(dataset)
    sizes = sorted({values.shape for values in slices})
    if len(sizes) > 1 or len(units) > 1:
        differing = sizes if len(sizes) > 1 else sorted(units)
        raise ImageError(str(path), "mixes sizes or units in one series", value=differing, remedy="Separate them.")
    return _volume(str(path), slices, planes, headers, units.pop(), notes)


def _volume(
    where: str, slices: list[np.ndarray], planes: list[Plane], headers: list[Dataset], unit: Unit, notes: dict[str, str]
) -> Image:
    order = order_of(where, planes, headers)
    affine, noted = stack_affine(where, [planes[i] for i in order])
    stacked = np.stack([slices[i] for i in order])  # slices rows columns channels
    pixels, affine = to_ras(stacked.transpose(3, 2, 1, 0), affine)
    return Image(pixels, Geometry.from_affine(affine), unit, pseudonym(headers[0]), notes | noted)


def _picture_geometry(dataset: Dataset, plane: Plane | None, notes: dict[str, str]) -> Geometry:
    if plane is not None:
        return Geometry(affine=plane.affine(), spacing_mm=plane.spacing)
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        if given := dataset.get(name):
            spacing = tuple(float(v) for v in given)
            if min(spacing) <= 0:
                return Geometry()
            if name == "ImagerPixelSpacing":
                notes["spacing_at"] = "detector; the patient is magnified"
            slide = dataset.get("Modality") == "SM" and np.isclose(spacing[0], spacing[1])
            return Geometry(spacing_mm=spacing, mpp=spacing[0] * 1000 if slide else None)
    return Geometry()


def _files(path: Path) -> list[Path]:
    return files_of_series(path, "") if path.is_dir() else [path]


def _mark(path: Path) -> Mark:
    """The weakest mark among the files."""
    gone: dict[str, None] = {}
    for file in _files(path):
        mark = mark_of_dataset(dataset_of(file, pixels=False))
        if not mark:
            return Mark(f"{file.name}: {mark.why_not}" if path.is_dir() else mark.why_not)
        gone |= dict.fromkeys(mark.weakened)
    return Mark(weakened=tuple(gone))


def _uids(path: Path) -> tuple[str, ...]:
    headers = [dataset_of(file, pixels=False) for file in _files(path)]
    return (
        str(headers[0].get("SeriesInstanceUID", "")),
        *(str(header.get("SOPInstanceUID", "")) for header in headers),
    )


FORMATS.add("dicom")(Format((".dcm", ".ima"), lambda head: head[128:132] == b"DICM", _read, _mark, write_dicom, _uids))
