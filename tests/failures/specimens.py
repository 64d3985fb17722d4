"""Real images as specimens: one of each kind, small enough for tests."""

from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit


@cache
def brain(folder: Path, row: int = 0) -> Specimen:
    """T1 in the half resolution that the file has, a block of 48 x 56 x 40 voxels of 2 mm with DLMUSE labels."""
    block = (row, slice(16, 64), slice(20, 76), slice(20, 60))
    with np.load(folder / "mri-ixi-hh-t1/ixi_hh_t1_2mm.npz") as arrays:
        t1, labels = arrays["t1"][block], arrays["dlmuse"][block].astype(np.int32)
    return Specimen(
        t1[None].astype(np.float32), (2.0,) * 3, case=f"brain-{row}", subject=f"b{row}", mask=t1 > 0, structures=labels
    )


@cache
def head(folder: Path, row: int = 0) -> Specimen:
    """CT in HU, 64 x 64 x 40 voxels of 4 mm in RAS+, with organs at risk."""
    with np.load(folder / "ct-openkbp-headneck/openkbp_hn_4mm.npz") as arrays:
        stored, labels = arrays["ct"][row].astype(np.float32) - 1000.0, arrays["oar"][row].astype(np.int32)
    hu, labels = (np.ascontiguousarray(np.flip(a).transpose(2, 1, 0)) for a in (stored, labels))
    parts, _ = ndimage.label(hu > -500)
    body = ndimage.binary_fill_holes(parts == np.bincount(parts.ravel())[1:].argmax() + 1)
    return Specimen(
        hu[None], (4.0,) * 3, unit=Unit.HU, case=f"head-{row}", subject=f"h{row}", mask=body, structures=labels
    )


@cache
def chests(folder: Path, count: int = 40) -> tuple[Specimen, ...]:
    """Radiographs of both classes, 64 x 64; the spacing of 4 mm is an assumption that only these tests make."""
    with np.load(folder / "xray-kermany-pneumonia/kermany_pneumonia_64.npz") as arrays:
        labels, images = arrays["label"], arrays["images"]
    rows = np.concatenate([np.flatnonzero(labels == value)[: count // 2] for value in (0, 1)])
    names = ("normal", "pneumonia")
    return tuple(
        Specimen(
            images[row][None].astype(np.float32),
            (4.0, 4.0),
            case=f"x{row}",
            subject=f"x{row}",
            label=names[labels[row]],
        )
        for row in rows
    )


def smooth(specimen: Specimen, sigma: float = 2.0) -> Specimen:
    """The image without its noise, and without its detail."""
    return specimen.replace(pixels=np.stack([ndimage.gaussian_filter(p, sigma) for p in specimen.pixels]))
