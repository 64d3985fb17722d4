"""DICOM files for tests, written by pydicom alone: what a scanner would send, and what archives do to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian


def scanner_slice(
    stored: np.ndarray, position=(0.0, 0.0, 0.0), *, number: int = 1, series: str = "1.2.3.1", **attributes
) -> Dataset:
    """A CT slice: ``stored`` rows x columns; attributes of the value None are left out."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    defaults = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": f"{series}.{number}",
        "SeriesInstanceUID": series,
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientID": "MRN 0815",
        "PatientName": "Mustermann^Erika",
        "InstanceNumber": number,
        "ImagePositionPatient": [float(p) for p in position],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.5, 0.75],
        "SliceThickness": 3,
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": stored.shape[-2],
        "Columns": stored.shape[-1],
        "BitsAllocated": stored.dtype.itemsize * 8,
        "BitsStored": stored.dtype.itemsize * 8,
        "PixelRepresentation": int(stored.dtype.kind == "i"),
    }
    for name, value in (defaults | attributes).items():
        if value is not None:
            setattr(dataset, name, value)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def save(dataset: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def scanner_series(folder: Path, positions, *, shuffled: bool = True, **attributes) -> list[np.ndarray]:
    """One file per position, in a file order that is not the body's; returns stored slices as positions are ordered."""
    rng = np.random.default_rng(0)
    stored = [rng.integers(0, 4096, (4, 3)).astype(np.uint16) for _ in positions]
    names = rng.permutation(len(stored)) if shuffled else range(len(stored))
    for i, (name, position) in enumerate(zip(names, positions, strict=True)):
        save(scanner_slice(stored[i], position, number=i + 1, **attributes), folder / f"IM{name:04d}.dcm")
    return stored
