"""Text that is burned into pixels, found without reading it: rows of glyph-like strokes of one height.

Letters are thin, sharp, brighter or darker than all around them, and stand in rows. So: what a top-hat leaves above a
share of the image's contrast falls into components; those of a glyph's size and filling are joined where they stand
beside each other with like heights; a row of ``LEAST_GLYPHS`` is text. What it says is not read.
Idea: Epshtein et al. 2010, doi:10.1109/CVPR.2010.5540041 (groups of strokes), with a top-hat in place of its transform.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthassay.images.image import Image
from synthassay.images.watermark import noise_of

LEAST_GLYPHS = 4
CONTRASTS = (0.2, 0.35, 0.55)
"""Least heights of a stroke over its surroundings, in the span of the middle 99 % of the image's values."""
HEIGHTS = (5, 48)
THICKEST = 9
LEAST_SIDE = 128
"""Pixels along the longer side from which on letters can be told from what else is small."""
LEAST_OVER_NOISE = 3.0
INK = 0.12
"""How far the levels of two letters may differ, in the same span: they are drawn with one ink."""
Floats = NDArray[np.float64]


class Glyph(NamedTuple):
    """Box of one component, in pixels, and its level."""

    top: int
    bottom: int
    left: int
    right: int
    ink: float

    @property
    def height(self) -> int:
        """Rows that it covers."""
        return self.bottom - self.top


def lines_of_text(image: Image) -> list[tuple[Glyph, ...]]:
    """Return rows of glyphs in any plane of an image, as they lie along either axis.

    Args:
        image: ``channels *space``, two or three axes of space; a volume is searched slice by slice. Nothing is
            found in images of fewer than ``LEAST_SIDE`` pixels.
    """
    values = image.pixels.astype(np.float64).mean(axis=0)
    planes = [values] if values.ndim == 2 else [values[..., k] for k in range(values.shape[-1])]
    if max(values.shape[:2]) < LEAST_SIDE:
        return []
    low, high = np.quantile(values, [0.005, 0.995])
    span = max(float(high - low), float(values.max() - values.min()) * 0.25)
    if span <= 0:
        return []
    noise = noise_of(values[None]) / span
    contrasts = [contrast for contrast in CONTRASTS if contrast >= LEAST_OVER_NOISE * noise]
    found = []
    for plane in planes:
        for turned in (plane, plane.T):
            for sign in (1.0, -1.0):
                shown = sign * turned / span
                strokes = shown - ndimage.grey_opening(shown, size=(THICKEST, THICKEST))
                for contrast in contrasts:
                    found += _rows(list(_glyphs(shown, strokes, contrast)))
    return found


def has_text(image: Image) -> bool:
    """Whether a row of glyphs stands in the image."""
    return bool(lines_of_text(image))


def _glyphs(shown: Floats, strokes: Floats, least: float) -> Iterator[Glyph]:
    labels, _ = ndimage.label(strokes > least, structure=np.ones((3, 3)))
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
        if not HEIGHTS[0] <= height <= HEIGHTS[1] or not 1 <= width <= 1.6 * height:
            continue
        inside = labels[box] == number
        filled = float(inside.mean())
        upright = width <= max(2, 0.4 * height)
        if not 0.15 <= filled <= (1.0 if upright else 0.85):
            continue
        edge = strokes[box][inside]
        if float(np.quantile(edge, 0.9)) < 1.2 * least:  # barely above: a vessel, not ink
            continue
        ink = float(np.quantile(shown[box][inside], 0.8))
        yield Glyph(box[0].start, box[0].stop, box[1].start, box[1].stop, ink)


def _rows(glyphs: list[Glyph]) -> list[tuple[Glyph, ...]]:
    """Chains of glyphs of like height on one line, each near the last, long enough to be text."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda g: g.left):
        for row in rows:
            if _follows(row[-1], glyph):
                row.append(glyph)
                break
        else:
            rows.append([glyph])
    return [tuple(row) for row in rows if len(row) >= LEAST_GLYPHS]


def _follows(one: Glyph, other: Glyph) -> bool:
    tall, short = max(one.height, other.height), min(one.height, other.height)
    apart = other.left - one.right
    level = abs(one.bottom - other.bottom) <= max(1, 0.15 * tall) or abs(one.top - other.top) <= max(1, 0.15 * tall)
    return short >= 0.6 * tall and -1 <= apart <= 1.2 * tall and level and abs(one.ink - other.ink) <= INK
