"""Which DICOM files make up one volume, in which order, and where it lies in the body."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from synthassay.errors import ImageError
from synthassay.images.dicom_values import dataset_of
from synthassay.images.geometry import LPS_TO_RAS
from synthassay.shapes import Affine

# Positions are written with few decimals, and tables move with some play: 2 % of the slice distance, at least 0.02 mm.
PLAY, LEAST_PLAY_MM = 0.02, 0.02
TILT_DEGREES = 0.1
TELLS_APART = ("EchoTime", "TemporalPositionIdentifier", "DiffusionBValue", "AcquisitionNumber", "ImageType")


@dataclass(frozen=True)
class Plane:
    """Where one slice or frame lies, in LPS millimetres.

    Attributes:
        position: Centre of the first pixel.
        along_row: Unit vector of growing column index; ``along_column`` of growing row index.
        spacing: Distance of rows, then of columns.
        thickness: Of the slice; 0 where unknown.
    """

    position: np.ndarray
    along_row: np.ndarray
    along_column: np.ndarray
    spacing: tuple[float, float]
    thickness: float

    @property
    def normal(self) -> np.ndarray:
        """Unit vector through the slices."""
        return np.cross(self.along_row, self.along_column)

    def affine(self) -> Affine:
        """(row, column, slice) of this one plane to RAS+ millimetres; 1 mm thick where the thickness is unknown."""
        return LPS_TO_RAS @ _columns(
            self.along_column * self.spacing[0],
            self.along_row * self.spacing[1],
            self.normal * (self.thickness or 1.0),
            self.position,
        )


def files_of_series(folder: Path, key: str) -> list[Path]:
    """Return the image files of one series below a folder.

    Args:
        folder: Searched with its subfolders; hidden files, DICOMDIR and what is no DICOM are passed over.
        key: SeriesInstanceUID; empty where the folder holds one series.

    Raises:
        ImageError: There is no DICOM image; there are several series and no key; or the key is none of them.
    """
    series: dict[str, list[Path]] = {}
    kinds: dict[str, str] = {}
    for path in _candidates(folder):
        header = dataset_of(path, pixels=False)
        if "Rows" not in header:
            continue  # structure sets, reports and presentation states lie beside images
        uid = str(header.get("SeriesInstanceUID") or "without SeriesInstanceUID")
        series.setdefault(uid, []).append(path)
        kinds[uid] = str(header.get("Modality") or "unknown modality")
    found = ", ".join(f"{uid} ({kinds[uid]}, {len(files)} images)" for uid, files in sorted(series.items()))
    if not series:
        raise ImageError(str(folder), "holds no DICOM image", remedy="Check the path; DICOM files begin with DICM.")
    if key and key not in series:
        raise ImageError(str(folder), f"has no series {key}", remedy=f"It holds: {found}.")
    if not key and len(series) > 1:
        remedy = f"Say which with `key` (its SeriesInstanceUID), or keep one series per folder. It holds: {found}."
        raise ImageError(str(folder), f"mixes {len(series)} DICOM series", remedy=remedy)
    return series[key or next(iter(series))]


def _candidates(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    visible = [p for p in files if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    return [
        p
        for p in visible
        if not p.name.upper().startswith("DICOMDIR") and (p.suffix.lower() in (".dcm", ".ima") or _dicm(p))
    ]


def _dicm(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def planes_of(path: Path, dataset: Dataset) -> list[Plane] | None:
    """Return where each frame lies; None where the file does not say.

    Raises:
        ImageError: It says so with vectors that are not perpendicular, or with a spacing that is not positive.
    """
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if frames is None:
        count = int(dataset.get("NumberOfFrames") or 1)
        plane = _plane(path, dataset, dataset, dataset)
        if plane is None or count == 1:
            return None if plane is None else [plane]
        return _equidistant(plane, count, dataset)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    planes = [
        _plane(
            path,
            _item("PlanePositionSequence", frame, shared),
            _item("PlaneOrientationSequence", frame, shared),
            _item("PixelMeasuresSequence", frame, shared),
        )
        for frame in frames
    ]
    known = [plane for plane in planes if plane is not None]
    return known if len(known) == len(planes) else None


def _item(name: str, frame: Dataset, shared: Dataset) -> Dataset:
    found = frame.get(name) or shared.get(name)
    return found[0] if found else Dataset()


def _equidistant(first: Plane, count: int, dataset: Dataset) -> list[Plane] | None:
    """Classic multi-frame files give the first position and the distance of slices, or nothing."""
    distance = dataset.get("SpacingBetweenSlices")
    if distance is None:
        return None
    step = first.normal * float(distance)
    return [
        Plane(first.position + k * step, first.along_row, first.along_column, first.spacing, first.thickness)
        for k in range(count)
    ]


def _plane(path: Path, position: Dataset, orientation: Dataset, measures: Dataset) -> Plane | None:
    where, axes = position.get("ImagePositionPatient"), orientation.get("ImageOrientationPatient")
    spacing = measures.get("PixelSpacing")
    if not where or not axes or not spacing:
        return None
    vectors = np.array([float(v) for v in axes], dtype=np.float64).reshape(2, 3)
    if not np.allclose(vectors @ vectors.T, np.eye(2), atol=1e-3):
        raise ImageError(
            str(path),
            "has an orientation that is not two perpendicular unit vectors",
            value=list(axes),
            remedy="Repair ImageOrientationPatient from the scanner's original.",
        )
    rows, columns = (float(v) for v in spacing)
    if min(rows, columns) <= 0:
        raise ImageError(str(path), "has a pixel spacing that is not positive", value=list(spacing))
    thickness = float(measures.get("SliceThickness") or 0)
    return Plane(np.array([float(v) for v in where]), vectors[0], vectors[1], (rows, columns), thickness)


def order_of(where: str, planes: list[Plane], headers: list[Dataset]) -> np.ndarray:
    """Return the positions of planes in order of their place along the normal, feet first for axial slices.

    Args:
        where: Folder or file, for messages.
        planes: One per slice, in file order.
        headers: The slices' data sets (or one, for frames), to say what tells slices at one place apart.

    Raises:
        ImageError: Slices differ in orientation or spacing, share a place, are missing, or are unevenly spaced.
    """
    _require_parallel(where, planes)
    depth = np.array([plane.position @ planes[0].normal for plane in planes])
    order = np.argsort(depth, kind="stable")
    gaps = np.diff(depth[order])
    if gaps.min() < LEAST_PLAY_MM:
        _refuse_stacked(where, int((gaps < LEAST_PLAY_MM).sum()), headers)
    _require_even(where, depth[order], gaps)
    return order


def _require_even(where: str, depth: np.ndarray, gaps: np.ndarray) -> None:
    distance = float(np.sort(gaps)[(len(gaps) - 1) // 2])  # the lower median is a distance that occurs
    play = max(PLAY * distance, LEAST_PLAY_MM)
    odd = np.flatnonzero(np.abs(gaps - distance) > play)
    if not odd.size:
        return
    between = f"between {depth[odd[0]]:.2f} and {depth[odd[0] + 1]:.2f} mm"
    multiples = np.rint(gaps / distance)
    missing = int((multiples - 1).sum())
    whole = multiples.min() >= 1 and np.allclose(gaps, multiples * distance, rtol=0, atol=play)
    if whole and missing <= len(depth):
        raise ImageError(
            where,
            f"lacks {missing} slice{'s' if missing > 1 else ''}, the first {between}",
            value=f"slice distance {distance:.4g} mm",
            remedy="Copy the series again, whole.",
        )
    raise ImageError(
        where,
        f"has slices at uneven distances, {gaps.min():.4g} to {gaps.max():.4g} mm, the first odd one {between}",
        remedy="Resample it outside to even slices; a volume has one spacing per axis.",
    )


def _require_parallel(where: str, planes: list[Plane]) -> None:
    for what, values in {
        "orientations": [tuple(np.round([*p.along_row, *p.along_column], 3) + 0.0) for p in planes],
        "pixel spacings": [tuple(np.round(p.spacing, 4)) for p in planes],
    }.items():
        kinds = Counter(tuple(float(v) for v in value) for value in values)
        if len(kinds) > 1:
            listed = "; ".join(f"{count} with {kind}" for kind, count in kinds.most_common(4))
            raise ImageError(where, f"mixes {what} in one series", value=listed, remedy="Keep one volume per folder.")


def _refuse_stacked(where: str, count: int, headers: list[Dataset]) -> None:
    differing = [name for name in TELLS_APART if len({str(header.get(name)) for header in headers}) > 1]
    apart = f"; they differ in {', '.join(differing)}" if differing else ""
    raise ImageError(
        where,
        f"has {count} slices in places that are already taken, so it holds several volumes{apart}",
        remedy="Keep one volume (echo, time point, b-value) per folder.",
    )


def stack_affine(where: str, planes: list[Plane]) -> tuple[Affine, dict[str, str]]:
    """Return the affine from (column, row, slice) to RAS+ millimetres of ordered planes, and what is to be noted.

    A tilted gantry gives a sheared affine, which says where the voxels truly lie.

    Source: DICOM PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1; LPS to RAS by the sign of x and y.

    Raises:
        ImageError: The slices do not lie on one line, or drift along it.
    """
    first = planes[0]
    positions = np.array([plane.position for plane in planes])
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    astray = np.linalg.norm(positions - (positions[0] + np.arange(len(planes))[:, None] * step), axis=1).max()
    if astray > max(PLAY * float(np.linalg.norm(step)), LEAST_PLAY_MM) * 2:
        raise ImageError(
            where,
            f"has slices that lie up to {astray:.3g} mm from evenly spaced places on one line",
            remedy="They are from several acquisitions, or the table moved; keep one acquisition per folder.",
        )
    notes = {}
    cosine = abs(float(step @ first.normal)) / float(np.linalg.norm(step))
    if (tilt := float(np.degrees(np.arccos(min(1.0, cosine))))) > TILT_DEGREES:
        notes["gantry_tilt_degrees"] = f"{tilt:.2f}"
    rows, columns = first.spacing
    affine = _columns(first.along_row * columns, first.along_column * rows, step, first.position)
    return LPS_TO_RAS @ affine, notes


def _columns(a: np.ndarray, b: np.ndarray, c: np.ndarray, origin: np.ndarray) -> Affine:
    affine = np.eye(4)
    affine[:3] = np.stack([a, b, c, origin], axis=1)
    return affine
