"""What DICOM pixels mean: stored bits to modality values, grey or RGB, in HU only where the file proves it."""

from __future__ import annotations

import hashlib
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from synthassay.errors import ImageError
from synthassay.records.vocabulary import Unit

DAMAGE = (
    InvalidDicomError, BytesLengthException, OSError, EOFError, ValueError, KeyError, AttributeError, TypeError,
    IndexError, RuntimeError, NotImplementedError, struct.error, MemoryError,
)  # fmt: skip
REMEDY = (
    "The file is truncated, damaged or compressed in a way that no decoder here knows; take it from its origin again."
)


@contextmanager
def decoding(path: Path) -> Iterator[list[str]]:
    """Collect the decoder's warnings, and turn its many exceptions into one message.

    Raises:
        ImageError: The file cannot be decoded.
    """
    heard: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield heard
        heard.extend(sorted({str(warning.message).splitlines()[0] for warning in caught}))
    except DAMAGE as problem:
        said = " ".join(str(problem).split()) or type(problem).__name__
        raise ImageError(str(path), "cannot be decoded as DICOM", value=said, remedy=REMEDY) from None


def dataset_of(path: Path, *, pixels: bool = True) -> Dataset:
    """Read a file; without a preamble it is read as a bare data set, as old archives keep them.

    Raises:
        ImageError: It is no DICOM, or truncated before its attributes end.
    """
    with decoding(path):
        dataset = pydicom.dcmread(path, stop_before_pixels=not pixels, force=True)
        if not dataset or ("SOPClassUID" not in dataset and "Rows" not in dataset):
            raise ImageError(str(path), "is no DICOM file, or is truncated before its attributes", remedy=REMEDY)
        if "TransferSyntaxUID" not in dataset.file_meta:
            implicit, little = dataset.original_encoding
            explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    return dataset


def values_of(path: Path, dataset: Dataset) -> tuple[np.ndarray, bool, dict[str, str]]:
    """Return ``frames rows columns channels`` in modality values.

    Returns:
        The values; whether they are proven to be HU; and notes for the image's ``meta``.

    Raises:
        ImageError: There are no pixels, or they cannot be decoded.
    """
    if "PixelData" not in dataset:
        what = f"has no pixels; its modality is {dataset.get('Modality', 'unknown')}"
        raise ImageError(str(path), what, remedy="If it should be an image, it is truncated; take it from its origin.")
    if dataset.get("DoseGridScaling") is not None:
        raise ImageError(str(path), "is a dose grid in Gy and not an image", remedy="Leave RTDOSE out of the folder.")
    notes: dict[str, str] = {}
    with decoding(path) as heard:
        values = pixel_array(dataset)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            values = apply_color_lut(values, dataset)
    grey = dataset.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2")
    hu = grey and proves_hu(dataset)
    if grey:
        values = _grey(path, dataset, values, hu, notes)
    if heard:
        notes["reader_warnings"] = "; ".join(heard)
    frames = int(dataset.get("NumberOfFrames") or 1)
    channels = 1 if values.ndim == (3 if frames > 1 else 2) else values.shape[-1]
    return values.reshape(frames, dataset.Rows, dataset.Columns, channels), hu, notes


def proves_hu(dataset: Dataset) -> bool:
    """Whether modality values are HU: CT that is no localizer, with rescale values of type HU or (old files) none.

    Source: DICOM PS3.3 C.8.2.1.1 (CT image module: Rescale Type) and C.11.1.1.2.
    """
    if dataset.get("Modality") != "CT" or "LOCALIZER" in (dataset.get("ImageType") or ()):
        return False
    return all(
        "RescaleIntercept" in item and "RescaleSlope" in item and str(item.get("RescaleType") or "HU").upper() == "HU"
        for item in _transformations(dataset)
    )


def _transformations(dataset: Dataset) -> list[Dataset]:
    """Where rescale values are: per frame, shared, or (classic files) at the top."""
    shared = _group(dataset.get("SharedFunctionalGroupsSequence"), 0)
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        return [shared or dataset]
    return [_group(frames, i) or shared or dataset for i in range(len(frames))]


def _group(groups: list[Dataset] | None, i: int) -> Dataset | None:
    found = groups[i].get("PixelValueTransformationSequence") if groups else None
    return found[0] if found else None


def _grey(path: Path, dataset: Dataset, stored: np.ndarray, hu: bool, notes: dict[str, str]) -> np.ndarray:
    _require_low_bits(path, dataset)
    if dataset.PhotometricInterpretation == "MONOCHROME1" and not hu:
        # PS3.3 C.7.6.3.1.2: the lowest value is white. Mirrored inside the stored range, so that bright means bright.
        signed, bits = bool(dataset.PixelRepresentation), int(dataset.BitsStored)
        stored = (-1 if signed else (1 << bits) - 1) - stored.astype(np.int32)
        notes["photometric"] = "MONOCHROME1, inverted on reading"
    if "ModalityLUTSequence" in dataset:
        return apply_modality_lut(stored, dataset)
    items = _transformations(dataset)
    slopes = [float(item.get("RescaleSlope", 1)) for item in items]
    shifts = [float(item.get("RescaleIntercept", 0)) for item in items]
    if any(slope == 0 for slope in slopes):
        raise ImageError(str(path), "has a rescale slope of 0, which erases it", remedy="Repair the header.")
    return _rescaled(stored, np.array(slopes), np.array(shifts))


def _require_low_bits(path: Path, dataset: Dataset) -> None:
    """Values must lie in the low BitsStored bits; the decoder clears what lies above them (retired overlays)."""
    bits = int(dataset.BitsStored)
    if int(dataset.get("HighBit", bits - 1)) != bits - 1:
        raise ImageError(
            str(path),
            "keeps its pixels in unusual bits",
            value=f"HighBit {dataset.HighBit} with {bits} bits stored",
            remedy="Convert it with a DICOM toolkit first.",
        )


def _rescaled(stored: np.ndarray, slopes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Apply slope and intercept per frame; whole numbers stay whole numbers."""
    shape = (-1, 1, 1) if len(slopes) > 1 else ()
    if (slopes == 1).all() and (shifts == np.rint(shifts)).all():
        if not shifts.any():
            return stored
        whole = stored.astype(np.int64) + shifts.astype(np.int64).reshape(shape)
        for kind in (np.int16, np.int32):
            if np.iinfo(kind).min <= whole.min() and whole.max() <= np.iinfo(kind).max:
                return whole.astype(kind)
    return (stored * slopes.reshape(shape) + shifts.reshape(shape)).astype(np.float32)


def unit_of(values: np.ndarray, hu: bool, given: Unit | None) -> Unit:
    """Return what the file proves, else what the user knows, else RGB for three channels and arbitrary grey levels."""
    if hu:
        return Unit.HU
    return given or (Unit.RGB if values.shape[-1] == 3 else Unit.ARBITRARY)


def pseudonym(dataset: Dataset) -> str:
    """Return a name for the patient that is equal for equal PatientIDs and is not the PatientID; empty without one."""
    identifier = str(dataset.get("PatientID") or "").strip()
    return f"dcm-{hashlib.sha256(identifier.encode()).hexdigest()[:12]}" if identifier else ""
