"""Whole slides: tiled TIFF and Aperio SVS, read a band of rows at a time, so that no slide lies in memory whole."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from synthassay.errors import ImageError
from synthassay.images.labelling import entries_in, geometry_in
from synthassay.images.raster import unreadable
from synthassay.images.tiff import DAMAGE, MAGICS
from synthassay.shapes import Pixels

LARGE = 4096 * 4096  # pixels from which a tiled picture is read as a slide
PLAUSIBLE_MPP = (0.02, 50.0)
RESOLUTION_UNITS = {2: 25400.0, 3: 10000.0}  # TIFF 6.0, tag 296: micrometres in an inch, in a centimetre
GLASS = 255  # what scanners leave out is empty glass


@dataclass(frozen=True)
class Slide:
    """One opened slide at its finest level.

    Attributes:
        mpp: Micrometres per pixel; None where the file does not say.
    """

    path: Path
    page: tifffile.TiffPage
    rows: int
    columns: int
    mpp: float | None

    def bands(self, height: int) -> Iterator[Pixels]:
        """Yield the slide from above, as ``rows columns 3`` of 8 bits; the last band may be lower.

        Args:
            height: Rows of a band; one band and the stored tiles that cross it are in memory.

        Raises:
            ImageError: A stored tile cannot be decoded.
        """
        for top in range(0, self.rows, height):
            yield self._band(top, min(height, self.rows - top))

    def _band(self, top: int, height: int) -> Pixels:
        page = self.page
        stored = page.chunks[0]
        across = page.chunked[1]
        first, last = top // stored, (top + height - 1) // stored
        wanted = range(first * across, (last + 1) * across)
        band = np.full((height, self.columns, 3), GLASS, np.uint8)
        offsets, counts = [page.dataoffsets[i] for i in wanted], [page.databytecounts[i] for i in wanted]
        try:
            for data, index in page.parent.filehandle.read_segments(offsets, counts, indices=list(wanted)):
                if data is None:
                    continue
                segment, place, _ = page.decode(data, index, jpegtables=page.jpegtables)
                self._lay(band, segment, place, top)
        except DAMAGE as problem:
            raise unreadable(self.path, problem) from None
        return band

    def _lay(self, band: Pixels, segment: Pixels | None, place: tuple[int, ...], top: int) -> None:
        """Copy the part of a stored tile that lies in the band; ``place`` is its depth, row and column in pixels."""
        if segment is None:
            return
        down, left = place[2] - top, place[3]
        tile = segment[0]
        low, high = max(0, down), min(len(band), down + len(tile))
        right = min(self.columns, left + tile.shape[1])
        if low < high:
            band[low:high, left:right] = tile[low - down : high - down, : right - left]


def is_slide(path: Path) -> bool:
    """Whether a file is a slide: an SVS file, or a TIFF in RGB that is a pyramid or tiled with over 4096 x 4096 pixels.

    Raises:
        ImageError: It is a TIFF that cannot be read.
    """
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        if not stream.read(4).startswith(MAGICS):
            return False
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            large = page.is_tiled and math.prod(page.shape[:2]) > LARGE
            colour = page.ndim == 3 and page.shape[2] == 3 and page.dtype == np.uint8
            return bool(file.is_svs or (colour and (large or len(file.series[0].levels) > 1)))
    except DAMAGE as problem:
        raise unreadable(path, problem) from None


@contextmanager
def open_slide(path: Path, index: int | None = None) -> Iterator[Slide]:
    """Open a slide.

    Args:
        path: A TIFF or SVS file.
        index: Page to read; the finest level of the first series where None, never a label or an overview.

    Raises:
        ImageError: The file is damaged, has no such page, or is not an RGB picture of 8 bits with joined channels.
    """
    try:
        file = tifffile.TiffFile(path)
    except DAMAGE as problem:
        raise unreadable(path, problem) from None
    with file:
        if index is not None and not 0 <= index < len(file.pages):
            raise ImageError(str(path), f"has pages 0 to {len(file.pages) - 1}", value=index)
        page = file.pages[index] if index is not None else file.series[0].levels[0].keyframe
        if page.ndim != 3 or page.shape[2] != 3 or page.dtype != np.uint8 or page.planarconfig != 1:
            remedy = "Convert it to RGB of 8 bits, channels joined."
            raise ImageError(str(path), "is no slide in RGB of 8 bits", value=page.shape, remedy=remedy)
        yield Slide(path, page, page.shape[0], page.shape[1], _mpp(path, page))


def _mpp(path: Path, page: tifffile.TiffPage) -> float | None:
    """What our own payload, Aperio's description or the TIFF resolution says, in this order."""
    own = geometry_in(entries_in(page.description), str(path)).mpp
    if own is not None:
        return own
    told = [part.partition("=")[2] for part in page.description.split("|") if part.strip().startswith("MPP")]
    unit, resolution = page.tags.get("ResolutionUnit"), page.tags.get("XResolution")
    try:
        if told:
            found = float(told[0])
        elif unit is not None and resolution is not None:
            found = RESOLUTION_UNITS[int(unit.value)] * resolution.value[1] / resolution.value[0]
        else:
            return None
    except (ValueError, KeyError, ZeroDivisionError):
        return None
    return found if PLAUSIBLE_MPP[0] <= found <= PLAUSIBLE_MPP[1] else None
