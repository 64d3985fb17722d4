"""TIFF: pictures of 8, 16 and 32 bits, grey and RGB, one page at a time."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import tifffile

from synthassay.errors import ImageError
from synthassay.images.formats import FORMATS, Format
from synthassay.images.image import Image
from synthassay.images.intensity import require_finite
from synthassay.images.labelling import (
    Mark,
    SyntheticLabel,
    entries_in,
    geometry_in,
    mark_in,
    payload,
    text_of,
    unit_in,
)
from synthassay.images.raster import channels_first, default_unit, picture_in, refuse_selection, unreadable
from synthassay.records.base import whole_file
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels

MAGICS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")  # little and big endian, classic and BigTIFF
KNOWN = (np.uint8, np.uint16, np.int16, np.float32)
DAMAGE = (OSError, ValueError, KeyError, IndexError, struct.error, tifffile.TiffFileError, RuntimeError)


def _read(path: Path, *, key: str, index: int | None, unit: Unit | None) -> Image:
    refuse_selection(path, key, None, "pages without names")
    try:
        with tifffile.TiffFile(path) as file:
            page = _page(path, file, index)
            entries = entries_in(page.description)
            photometric = page.photometric
            array = page.asarray()
    except DAMAGE as problem:
        raise unreadable(path, problem) from None
    pixels = _upright(path, array, photometric)
    require_finite(pixels, str(path))
    unit = unit_in(entries, str(path)) or unit or default_unit(pixels)
    return Image(pixels, geometry_in(entries, str(path)), unit)


def _page(path: Path, file: tifffile.TiffFile, index: int | None) -> tifffile.TiffPage:
    count = len(file.pages)
    if index is None and count > 1:
        raise ImageError(str(path), "holds several pages", value=count, remedy="Say which with `index` (from 0).")
    if index is not None and not 0 <= index < count:
        raise ImageError(str(path), f"has pages 0 to {count - 1}", value=index)
    return file.pages[index or 0]


def _upright(path: Path, array: np.ndarray, photometric: int) -> Pixels:
    """Channels first, brighter values brighter."""
    names = {member.value: member.name for member in tifffile.PHOTOMETRIC}
    if names.get(int(photometric)) not in ("MINISBLACK", "MINISWHITE", "RGB", "YCBCR"):
        raise ImageError(
            str(path),
            "has a colour model that is neither grey nor RGB",
            value=names.get(int(photometric), photometric),
            remedy="Convert it to RGB.",
        )
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype.type not in KNOWN:
        shown = ", ".join(np.dtype(kind).name for kind in KNOWN)
        raise ImageError(str(path), f"has a pixel type that is none of {shown}", value=array.dtype.name)
    if names[int(photometric)] == "MINISWHITE":
        if not np.issubdtype(array.dtype, np.unsignedinteger):
            raise ImageError(str(path), "has signed pixels of which 0 is said to be white", value=array.dtype.name)
        array = np.iinfo(array.dtype).max - array
    return channels_first(array, path)


def _write(path: Path, image: Image, label: SyntheticLabel) -> Path:
    picture_in(path, image)
    pixels = image.pixels
    if pixels.dtype.type not in KNOWN:
        pixels = pixels.astype(np.float32)
    require_finite(pixels, str(path))
    colour = pixels.shape[0] == 3
    encoded = io.BytesIO()
    tifffile.imwrite(
        encoded,
        np.ascontiguousarray(np.moveaxis(pixels, 0, -1)) if colour else pixels[0],
        photometric="rgb" if colour else "minisblack",
        compression="zlib",
        description=text_of(payload(image, label)),
        software=label.software,
        metadata=None,
    )
    with whole_file(path) as partial:
        partial.write_bytes(encoded.getvalue())
    return path


def _mark(path: Path) -> Mark:
    try:
        with tifffile.TiffFile(path) as file:
            return mark_in(entries_in(file.pages[0].description))
    except DAMAGE as problem:
        raise unreadable(path, problem) from None


FORMATS.add("tiff")(Format((".tif", ".tiff"), lambda head: head.startswith(MAGICS), _read, _mark, _write))
