"""DICOM objects of synthetic images: new identities, a mark in every instance, HU and geometry that survive."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)
from pydicom.valuerep import format_number_as_ds

from synthassay.errors import ImageError
from synthassay.images.dicom_values import dataset_of
from synthassay.images.geometry import LPS_TO_RAS, to_ras
from synthassay.images.image import Image
from synthassay.images.intensity import require_finite
from synthassay.images.labelling import BANNER, Mark, SyntheticLabel
from synthassay.records.base import whole_file, whole_folder
from synthassay.records.vocabulary import Modality, Unit
from synthassay.shapes import Affine

SYNTHESIZING = ("109100", "DCM", "Synthesizing Equipment")  # DICOM PS3.16, CID 7005
MODALITY = {Modality.CT: "CT", Modality.MRI: "MR", Modality.XRAY: "CR", Modality.PATHOLOGY: "SM", None: "OT"}
CLASS = {
    Modality.CT: CTImageStorage,
    Modality.MRI: MRImageStorage,
    Modality.XRAY: ComputedRadiographyImageStorage,
    Modality.PATHOLOGY: SecondaryCaptureImageStorage,
    None: SecondaryCaptureImageStorage,
}
AIR_HU = -1024


class Stored(NamedTuple):
    """Whole numbers to store, and the line that gives the values back: ``stored * slope + intercept``."""

    pixels: np.ndarray
    slope: str = "1"
    intercept: str = "0"


def write_dicom(path: Path, image: Image, label: SyntheticLabel) -> Path:
    """Write a volume as a folder with one file per slice, or a picture as one ``.dcm`` file.

    CT is kept to whole HU (error at most 0.5 HU), whole numbers exactly, other values to 1/65535 of their range.

    Raises:
        ImageError: The image is a label map or wider than 16 bits, or a volume has no affine.
        RunError: The disk is full or the folder cannot be written.
    """
    modality = label.modality or (Modality.CT if image.unit is Unit.HU else None)
    if image.unit is Unit.HU and modality is not Modality.CT:
        raise ImageError(str(path), f"is in HU, which {modality} has not", remedy="Label it as CT, or mend its unit.")
    stored = _stored(path, image)
    instances = [_bytes_of(dataset) for dataset in _instances(path, image, label, modality, stored)]
    as_file = path.suffix.lower() == ".dcm"
    if len(image.space) == 2 and as_file:
        with whole_file(path) as partial:
            partial.write_bytes(instances[0])
        return path
    folder = path.with_suffix("") if as_file else path
    with whole_folder(folder) as partial:
        for number, content in enumerate(instances, start=1):
            (partial / f"{number:04d}.dcm").write_bytes(content)
    return folder


def mark_dataset(dataset: Dataset, label: SyntheticLabel) -> None:
    """Write the mark into a data set: Synthetic Data, derived type, synthesizing equipment, no patient.

    Source: DICOM PS3.3 C.12.1.1 (SOP common), PS3.16 CID 7005.
    """
    dataset.SyntheticData = "YES"
    rest = list(dataset.get("ImageType") or [])[2:]
    dataset.ImageType = ["DERIVED", "SECONDARY", *rest]
    dataset.DerivationDescription = f"{BANNER}. Study: {label.study}. Seed: {label.seed}."[:1024]
    equipment, purpose = Dataset(), Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = SYNTHESIZING
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = _lo(label.software.rpartition(" ")[0] or label.software)
    equipment.ManufacturerModelName = _lo(label.generator)
    equipment.SoftwareVersions = _lo(label.software)
    equipment.ContributionDescription = f"Weights SHA-256: {label.weights_sha256 or 'none'}. Seed: {label.seed}."
    others = [item for item in dataset.get("ContributingEquipmentSequence") or [] if not _synthesizes(item)]
    dataset.ContributingEquipmentSequence = [*others, equipment]
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Synthetic image: no identity was ever attached"
    dataset.BurnedInAnnotation = "NO"


def mark_of_dataset(dataset: Dataset) -> Mark:
    """Return what a data set says about being synthetic."""
    said = str(dataset.get("SyntheticData") or "absent")
    if said != "YES":
        return Mark(
            f"Synthetic Data (0008,001C) is {said}, not YES; de-identification by the basic profile of DICOM PS3.15 "
            "removes it, and it must be written again afterwards (restore_mark)"
        )
    gone = []
    if not any(_synthesizes(item) for item in dataset.get("ContributingEquipmentSequence") or []):
        gone.append("no Contributing Equipment (0018,A001) has the purpose 109100, Synthesizing Equipment")
    if list(dataset.get("ImageType") or [])[:2] != ["DERIVED", "SECONDARY"]:
        gone.append("Image Type (0008,0008) is not DERIVED\\SECONDARY")
    return Mark(weakened=tuple(gone))


def restore_mark(path: Path | str, label: SyntheticLabel) -> list[Path]:
    """Write the mark again into DICOM files that lost it, for example to a de-identifier; pixels stay as they are.

    Args:
        path: A file, or a folder whose ``.dcm`` files are all synthetic images of this label.
        label: As in ``write_image``.

    Returns:
        The files that were rewritten. Their hashes change, so write a new manifest for the copy you release.

    Raises:
        ImageError: There is no such DICOM file, or one cannot be decoded.
        RunError: A file cannot be written.
    """
    path = Path(path)
    files = sorted(path.rglob("*.dcm")) if path.is_dir() else [path]
    if not files:
        raise ImageError(str(path), "holds no .dcm file", remedy="Check the path.")
    changed = []
    for file in files:
        dataset = dataset_of(file)
        mark = mark_of_dataset(dataset)
        if mark and not mark.weakened:
            continue
        mark_dataset(dataset, label)
        content = _bytes_of(dataset)
        with whole_file(file) as partial:
            partial.write_bytes(content)
        changed.append(file)
    return changed


def _synthesizes(item: Dataset) -> bool:
    codes = item.get("PurposeOfReferenceCodeSequence") or []
    return any((code.get("CodeValue"), code.get("CodingSchemeDesignator")) == SYNTHESIZING[:2] for code in codes)


def _stored(path: Path, image: Image) -> Stored:
    pixels = image.pixels
    if image.unit is Unit.LABEL:
        raise ImageError(str(path), "is a label map, which DICOM keeps as a segmentation object", remedy="Use NIfTI.")
    require_finite(pixels, str(path))
    if pixels.shape[0] == 3 and len(image.space) == 2:
        whole = np.rint(pixels)
        if whole.min() < 0 or whole.max() > 255:
            raise ImageError(str(path), "has RGB values outside 0 to 255", value=(pixels.min(), pixels.max()))
        return Stored(whole.astype(np.uint8))
    if pixels.shape[0] != 1:
        raise ImageError(str(path), "can hold grey volumes, and grey or RGB pictures", value=pixels.shape)
    if image.unit is Unit.HU:
        return _stored_hu(path, pixels)
    low, high = float(pixels.min()), float(pixels.max())
    for kind in (np.uint8, np.uint16, np.int16):
        fits = np.iinfo(kind).min <= low and high <= np.iinfo(kind).max
        if fits and (pixels == np.rint(pixels)).all():
            return Stored(pixels.astype(kind))
    intercept = format_number_as_ds(low)
    slope = format_number_as_ds((high - low) / 65535 or 1.0)
    whole = np.rint((pixels.astype(np.float64) - float(intercept)) / float(slope))
    return Stored(np.clip(whole, 0, 65535).astype(np.uint16), slope, intercept)


def _stored_hu(path: Path, pixels: np.ndarray) -> Stored:
    whole = np.rint(pixels.astype(np.float64))
    intercept = min(AIR_HU, int(whole.min()))
    if whole.max() - intercept > 65535:
        raise ImageError(
            str(path),
            "spans more HU than 16 bits hold",
            value=(pixels.min(), pixels.max()),
            remedy="Clip to a CT's range.",
        )
    return Stored((whole - intercept).astype(np.uint16), intercept=str(intercept))


def _instances(
    path: Path, image: Image, label: SyntheticLabel, modality: Modality | None, stored: Stored
) -> Iterator[Dataset]:
    content = hashlib.sha256(np.ascontiguousarray(image.pixels).tobytes()).hexdigest()
    geometry = image.geometry
    if len(image.space) == 2:
        dataset = _common(image, label, modality, stored, content)
        if geometry.affine is not None:
            _place(dataset, geometry.affine[:, [1, 0, 2, 3]], path)  # (row, column) to DICOM's (column, row)
        elif spacing := geometry.spacing_mm or ((geometry.mpp / 1000,) * 2 if geometry.mpp else ()):
            dataset.PixelSpacing = [format_number_as_ds(float(s)) for s in spacing]
        yield _with_pixels(dataset, stored.pixels.transpose(1, 2, 0), 1, label.uid("instance", content, 1))
        return
    if geometry.affine is None or len(image.space) != 3:
        raise ImageError(str(path), "needs a volume with an affine", value=image.space, remedy="Use NIfTI without one.")
    pixels, affine = to_ras(stored.pixels, geometry.affine)
    # RAS+ to DICOM's habit: columns towards the patient's left, rows towards the back, slices upwards.
    nx, ny, nz = pixels.shape[1:]
    affine = affine @ np.array([[-1.0, 0, 0, nx - 1], [0, -1, 0, ny - 1], [0, 0, 1, 0], [0, 0, 0, 1]])
    slices = pixels[0, ::-1, ::-1].transpose(2, 1, 0)
    for k in range(nz):
        dataset = _common(image, label, modality, stored, content)
        here = affine.copy()
        here[:, 3] = affine @ np.array([0, 0, k, 1])
        _place(dataset, here, path)
        yield _with_pixels(dataset, slices[k][..., None], k + 1, label.uid("instance", content, k + 1))


def _common(image: Image, label: SyntheticLabel, modality: Modality | None, stored: Stored, content: str) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    placed = image.geometry.affine is not None
    homeless = modality in (Modality.CT, Modality.MRI) and not placed  # CT and MR objects must say where they lie
    dataset.SOPClassUID = SecondaryCaptureImageStorage if homeless else CLASS[modality]
    dataset.Modality = MODALITY[modality]
    dataset.PatientID = label.identifier
    dataset.PatientName = f"Synthetic^{label.identifier}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = label.uid("study"), label.uid("series", content)
    if placed:
        dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = label.uid("frame"), ""
    for absent in (
        "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName", "AccessionNumber",
        "StudyID", "PatientOrientation", "Laterality", "PatientPosition",
    ):  # fmt: skip
        setattr(dataset, absent, None)  # type 2: the attribute is required, and there is nothing to say
    dataset.SeriesNumber = 1
    dataset.SeriesDescription = _lo(f"SYNTHETIC {label.generator}")
    dataset.ImageComments = BANNER
    dataset.Manufacturer = _lo(label.software.rpartition(" ")[0] or label.software)
    dataset.ManufacturerModelName = _lo(label.generator)
    dataset.SoftwareVersions = _lo(label.software)
    _of_class(dataset)
    if image.pixels.shape[0] == 1:
        dataset.RescaleIntercept, dataset.RescaleSlope = stored.intercept, stored.slope
        dataset.RescaleType = "HU" if image.unit is Unit.HU else "US"
    if image.unit is Unit.HU:
        dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    mark_dataset(dataset, label)
    return dataset


def _of_class(dataset: Dataset) -> None:
    """What the object's class asks for beyond what all images have."""
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if dataset.SOPClassUID == CTImageStorage else "OTHER"]
    if dataset.SOPClassUID == CTImageStorage:
        dataset.KVP, dataset.AcquisitionNumber = None, None
    elif dataset.SOPClassUID == MRImageStorage:
        dataset.ScanningSequence, dataset.SequenceVariant = "RM", "NONE"
        for absent in ("ScanOptions", "MRAcquisitionType", "EchoTime", "EchoTrainLength", "RepetitionTime"):
            setattr(dataset, absent, None)
    elif dataset.SOPClassUID == ComputedRadiographyImageStorage:
        dataset.BodyPartExamined, dataset.ViewPosition = None, None
    else:
        dataset.ConversionType = "SYN"


def _place(dataset: Dataset, affine: Affine, path: Path) -> None:
    """Write position, orientation and spacing of the affine from (column, row, slice) to RAS+."""
    lps = LPS_TO_RAS @ affine
    columns, rows, through = (float(n) for n in np.linalg.norm(lps[:3, :3], axis=0))
    along_row, along_column = lps[:3, 0] / columns, lps[:3, 1] / rows
    if abs(along_row @ along_column) > 1e-4:
        remedy = "Resample the volume to perpendicular axes first."
        raise ImageError(str(path), "has slices that are sheared, which DICOM cannot say", remedy=remedy)
    dataset.ImagePositionPatient = [format_number_as_ds(float(v) + 0.0) for v in lps[:3, 3]]
    dataset.ImageOrientationPatient = [format_number_as_ds(float(v) + 0.0) for v in (*along_row, *along_column)]
    dataset.PixelSpacing = [format_number_as_ds(rows), format_number_as_ds(columns)]
    dataset.SliceThickness = format_number_as_ds(through)


def _with_pixels(dataset: Dataset, pixels: np.ndarray, number: int, uid: str) -> Dataset:
    """Add ``rows columns channels`` and the instance's own identity."""
    dataset.SOPInstanceUID, dataset.InstanceNumber = uid, number
    colour = pixels.shape[-1] == 3
    if dataset.SOPClassUID in (CTImageStorage, MRImageStorage) and pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16)  # these classes allocate 16 bits
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.LossyImageCompression = "00"
    data = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated == 16 else "OB"
    return dataset


def _bytes_of(dataset: Dataset) -> bytes:
    """Encode a data set; equal data sets give equal bytes, because nothing here knows the time."""
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    encoded = io.BytesIO()
    pydicom.dcmwrite(encoded, dataset, enforce_file_format=True)
    return encoded.getvalue()


def _lo(text: str) -> str:
    """Text as DICOM's LO allows it: one line without backslash, 64 characters."""
    return " ".join(text.replace("\\", "/").split())[:64]
