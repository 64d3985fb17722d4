"""A volume as one file for a viewer: a NIfTI written anew, with sizes and values and nothing of anybody.

Source: NIfTI-1.1, https://nifti.nimh.nih.gov/nifti-1: a header of 348 bytes, four bytes without extensions, the voxels.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from synthassay.records.reading import EncodedImage

HEADER, OFFSET = 348, 352
DATATYPES = {"u8": (2, 8), "u16": (512, 16), "rgb8": (128, 24)}  # code and bits of a voxel
MILLIMETRES = 2
PIECE = 1 << 20


def volume_header(head: EncodedImage) -> bytes:
    """Return the NIfTI header of an encoded volume, whose tiles follow it as they lie in its file.

    Columns run to the patient's left, rows to posterior, slices to superior; the origin is the middle of the volume,
    wherever the scanner had it, so that places say nothing about where an image comes from. Names, descriptions, dates
    and extensions are empty. An unknown spacing is 1 of no unit.

    >>> len(volume_header(EncodedImage(rows=4, columns=3, slices=2, depth="u8")))
    352
    """
    down, across = head.spacing_mm if len(head.spacing_mm) == 2 else (1.0, 1.0)
    between = head.slice_mm or 1.0
    code, bits = DATATYPES[head.depth]
    header = bytearray(OFFSET)
    struct.pack_into("<i", header, 0, HEADER)
    struct.pack_into("<8h", header, 40, 3, head.columns, head.rows, head.slices, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, code, bits)
    struct.pack_into("<8f", header, 76, 1, across, down, between, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, OFFSET, head.slope, head.intercept)
    header[123] = MILLIMETRES if head.spacing_mm else 0
    struct.pack_into("<2f", header, 124, head.high, head.low)  # cal_max, cal_min: the first window
    struct.pack_into("<hh", header, 252, 0, 2)  # qform_code unknown, sform_code aligned
    middle = [(n - 1) / 2 for n in (head.columns, head.rows, head.slices)]
    struct.pack_into("<4f", header, 280, -across, 0, 0, across * middle[0])
    struct.pack_into("<4f", header, 296, 0, -down, 0, down * middle[1])
    struct.pack_into("<4f", header, 312, 0, 0, between, -between * middle[2])
    header[344:348] = b"n+1\0"
    return bytes(header)


def volume_parts(header: bytes, path: Path) -> Iterator[bytes]:
    """Yield the header and then the voxels, a piece at a time."""
    yield header
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece
