"""Slides as the room serves them: one grid of tiles and one coding for all arms, made band by band when compiling.

Whatever a file held beside its pixels (labels with names, dates, how its maker tiled and compressed it) stays behind:
every tile of every arm is coded anew, and the server reads byte ranges without decoding anything.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.reading.encoding import TILE, display_planes, halved
from synthassay.records.reading import EncodedImage
from synthassay.shapes import Pixels

ENTRY = struct.Struct("<QQ")  # where a tile starts, and its length
PNG_EFFORT = 3


@dataclass(frozen=True)
class Coding:
    """How tiles are coded: ``png`` (lossless), or ``jpeg`` of a quality."""

    depth: str
    quality: int = 0

    def __call__(self, tile: Pixels) -> bytes:
        """Return a tile, ``rows columns 3``, as a picture without any metadata."""
        stream = io.BytesIO()
        picture = Pillow.fromarray(tile)
        if self.depth == "jpeg":
            picture.save(stream, "JPEG", quality=self.quality, subsampling=0, optimize=False)
        else:
            picture.save(stream, "PNG", compress_level=PNG_EFFORT)
        return stream.getvalue()


def coding_of(quality: int) -> Coding:
    """Return the coding that a study asks for: PNG, or JPEG where [reencode] names a quality."""
    return Coding("jpeg", quality) if quality else Coding("png")


def levels_of(rows: int, columns: int) -> list[tuple[int, int]]:
    """Return the sizes of all levels, the finest first, until one fits into a tile.

    >>> levels_of(1100, 700)
    [(1100, 700), (550, 350), (275, 175)]
    """
    sizes = [(rows, columns)]
    while max(sizes[-1]) > TILE:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


def picture_bands(image: Image, where: str) -> Iterator[Pixels]:
    """Yield a picture that is shown among slides as they are: RGB of 8 bits.

    Raises:
        ImageError: It is a volume, or has values beyond 8 bits.
    """
    if len(image.space) != 2 or image.pixels.min() < 0 or image.pixels.max() > 255:
        raise ImageError(where, "is no picture of 8 bits and cannot be shown among slides", value=image.space)
    planes = np.rint(display_planes(image)[0]).astype(np.uint8)
    yield from bands_of(np.repeat(planes, 3, axis=-1) if planes.shape[-1] == 1 else planes)


def bands_of(pixels: Pixels) -> Iterator[Pixels]:
    """Cut ``rows columns 3`` into bands of a tile's height."""
    for top in range(0, len(pixels), TILE):
        yield pixels[top : top + TILE]


def write_slide(
    path: Path, bands: Iterable[Pixels], size: tuple[int, int], mpp: float | None, coding: Coding
) -> EncodedImage:
    """Write the tiles of all levels, then where each lies; return what the viewer must know.

    Levels are made while the bands pass: two halved bands of a level are one of the next, so that memory holds little
    more than a band of each level.

    Args:
        path: File to write.
        bands: Of a tile's height, from above, ``rows columns 3``.
        size: Rows and columns of the whole.
        mpp: Micrometres per pixel, where known.
        coding: Of all tiles.
    """
    sizes = levels_of(*size)
    entries = [[[(0, 0)] * -(-c // TILE) for _ in range(-(-r // TILE))] for r, c in sizes]
    waiting: list[list[Pixels]] = [[] for _ in sizes]
    given = [0] * len(sizes)
    with path.open("wb") as stream:

        def take(level: int, band: Pixels) -> None:
            row = given[level] // TILE
            for column, left in enumerate(range(0, band.shape[1], TILE)):
                tile = coding(np.ascontiguousarray(band[:, left : left + TILE]))
                entries[level][row][column] = (stream.tell(), len(tile))
                stream.write(tile)
            given[level] += len(band)
            if level + 1 == len(sizes):
                return
            waiting[level].append(halved(band[None])[0])
            if len(waiting[level]) == 2 or given[level] == sizes[level][0]:
                take(level + 1, np.concatenate(waiting[level]))
                waiting[level].clear()

        for band in bands:
            take(0, band)
        for level in entries:
            for row in level:
                stream.write(b"".join(ENTRY.pack(*entry) for entry in row))
    spacing = (mpp / 1000, mpp / 1000) if mpp else ()
    return EncodedImage(
        rows=size[0], columns=size[1], depth=coding.depth, spacing_mm=spacing, levels=len(sizes), tile=TILE  # type: ignore[arg-type]
    )  # fmt: skip


def read_slide_tile(stream: BinaryIO, head: EncodedImage, level: int, row: int, column: int) -> bytes:
    """Read the bytes of one coded tile; nothing is decoded.

    Raises:
        ImageError: There is no such tile, or the file is not what it should be.
    """
    sizes = levels_of(head.rows, head.columns)
    grids = [(-(-r // TILE), -(-c // TILE)) for r, c in sizes]
    if not (0 <= level < len(grids) and 0 <= row < grids[level][0] and 0 <= column < grids[level][1]):
        raise ImageError("tile", "is outside the image", value=(level, row, column))
    before = sum(down * across for down, across in grids[:level]) + row * grids[level][1] + column
    after = sum(down * across for down, across in grids) - before
    end = stream.seek(0, io.SEEK_END)
    if after * ENTRY.size > end:
        raise ImageError("tile", "lies in a file that is too short", remedy="Compile the study again.")
    stream.seek(-after * ENTRY.size, io.SEEK_END)
    start, length = ENTRY.unpack(stream.read(ENTRY.size))
    if start + length > end:
        raise ImageError("tile", "lies in a file that is too short", remedy="Compile the study again.")
    stream.seek(start)
    return stream.read(length)
