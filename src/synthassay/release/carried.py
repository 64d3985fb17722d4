"""What a file carries beside its pixels: every text in it, and whatever lies where nothing should."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import tifffile
from PIL import Image as Pillow
from pydicom.dataset import Dataset

from synthassay.errors import ImageError
from synthassay.images.dicom_values import dataset_of, decoding
from synthassay.images.formats import format_of
from synthassay.images.nifti import DAMAGE

PNG_HEAD = 8
PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND", b"tEXt", b"zTXt", b"iTXt"}
PNG_PROVENANCE = b"caBX"  # where C2PA keeps its manifest
TIFF_TAGS = {
    256, 257, 258, 259, 262, 270, 273, 277, 278, 279, 282, 283, 284, 296, 305, 317, 338, 339, 52545,
}  # fmt: skip
GZIP_HEAD = 10


class Carried(NamedTuple):
    """One text of a file, or (``stray``) bytes that have no business there."""

    where: str
    text: str
    stray: bool = False


def carried(path: Path) -> Iterator[Carried]:
    """Yield every text that a file carries, and what lies in it where a file of its format has nothing.

    Args:
        path: An image of a known format, or any text file.

    Raises:
        ImageError: An image cannot be decoded.
    """
    try:
        kind = format_of(path)
    except ImageError:
        yield Carried("its text", path.read_bytes().decode("utf-8", "replace"))
        return
    try:
        yield from {"dicom": _dicom, "nifti": _nifti, "png": _png, "tiff": _tiff}[kind](path)
    except (*DAMAGE, KeyError, SyntaxError, struct.error) as problem:
        raise ImageError(str(path), f"cannot be taken apart: {problem}") from None


def _dicom(path: Path) -> Iterator[Carried]:
    dataset = dataset_of(path)
    yield Carried("its preamble", (getattr(dataset, "preamble", None) or b"").decode("latin-1"))
    with decoding(path):  # values are decoded when they are looked at
        found = [*_elements(dataset.file_meta, ""), *_elements(dataset, "")]
    yield from found


def _elements(dataset: Dataset, place: str) -> Iterator[Carried]:
    for element in dataset:
        where = f"{place}({element.tag.group:04X},{element.tag.element:04X})"
        if element.VR == "SQ":
            for item in element.value:
                yield from _elements(item, f"{where} > ")
        elif element.keyword != "PixelData":
            value = element.value
            yield Carried(where, value.decode("latin-1") if isinstance(value, bytes) else str(value))


def _nifti(path: Path) -> Iterator[Carried]:
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        if content[3]:
            yield Carried("its gzip header", content[GZIP_HEAD:300].decode("latin-1"), stray=True)
        unpacked = zlib.decompressobj(wbits=31)
        whole = unpacked.decompress(content)
        if unpacked.unused_data:
            yield Carried("behind its gzip stream", unpacked.unused_data.decode("latin-1"), stray=True)
        content = whole
    file = nib.Nifti1Image.from_bytes(content)
    start = int(file.dataobj.offset)
    end = start + int(file.header.get_data_dtype().itemsize) * _voxels(file.shape)
    yield Carried("its header", content[:start].decode("latin-1"))
    if len(content) > end:
        yield Carried("behind its voxels", content[end:].decode("latin-1"), stray=True)
    for name in ("aux_file", "db_name"):
        if any(bytes(file.header.structarr[name].tobytes())):
            yield Carried(f"its header's {name}", str(file.header[name]), stray=True)
    if len(file.header.extensions) > 1:
        yield Carried("its header", f"{len(file.header.extensions)} extensions", stray=True)


def _voxels(shape: tuple[int, ...]) -> int:
    number = 1
    for size in shape:
        number *= int(size)
    return number


def _png(path: Path) -> Iterator[Carried]:
    content, at = path.read_bytes(), PNG_HEAD
    while at < len(content):
        (length,), kind = struct.unpack(">I", content[at : at + 4]), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + length]
        at += 12 + length
        if kind not in PNG_CHUNKS and kind != PNG_PROVENANCE:
            yield Carried(f"its chunk {kind.decode('latin-1')}", body.decode("latin-1"), stray=True)
        if kind == PNG_PROVENANCE:
            yield Carried("its C2PA manifest", body.decode("latin-1"))
        if kind == b"IEND":
            break
    if at < len(content):
        yield Carried("behind its end", content[at:].decode("latin-1"), stray=True)
    with Pillow.open(io.BytesIO(content), formats=("PNG",)) as picture:
        picture.load()
        for key, value in getattr(picture, "text", {}).items():
            yield Carried(f"its text {key}", f"{key} {value}", stray=not key.startswith("synthassay:"))


def _tiff(path: Path) -> Iterator[Carried]:
    with tifffile.TiffFile(path) as file:
        if len(file.pages) > 1:
            yield Carried("its pages", f"{len(file.pages)} pages", stray=True)
        for page in file.pages:
            for tag in page.tags:
                value = tag.value.decode("latin-1") if isinstance(tag.value, bytes) else str(tag.value)
                yield Carried(f"its tag {tag.code}", value, stray=tag.code not in TIFF_TAGS)
