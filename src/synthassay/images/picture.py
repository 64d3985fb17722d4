"""Images as PNG pictures for people: windowed, in radiological display convention, with errors in a diverging map.

A volume is shown as one axial slice, anterior up and the patient's left on the right of the picture, as radiologists
read it. Pixels keep their physical proportions. What is not a number is drawn as a checkerboard, never as black.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, PngImagePlugin

from synthassay.errors import ImageError
from synthassay.images.image import Image

Window: TypeAlias = tuple[float, float]
Picture: TypeAlias = PillowImage.Image

INK, PAPER, NOT_A_NUMBER = (34, 34, 34), (255, 255, 255), ((110, 110, 110), (150, 150, 150))
SMALLEST_SIDE = 256  # of an error map, so that the labels of its colour bar fit below it
BAR_HEIGHT, LABEL_SIZE = 10, 13


def picture(
    image: Image, window: Window, *, position: int | None = None, marks: Mapping[str, str] | None = None
) -> bytes:
    """Draw one image as a PNG.

    Args:
        image: One or three channels; a picture ``rows columns`` or a volume ``x y z`` in RAS+.
        window: Intensities shown as black and as white, in the image's unit.
        position: Axial slice of a volume, counted from inferior; the middle one where None.
        marks: Text chunks to write into the PNG, such as the mark that an image is synthetic.

    Returns:
        PNG bytes, 8 bits; one picture pixel per image pixel along the finer axis.

    Raises:
        ImageError: Neither two nor three spatial axes, neither one nor three channels, or an empty window.
    """
    return _png(_drawn(image, window, position), marks)


def error_picture(
    synthetic: Image, reference: Image, limit: float, *, position: int | None = None, unit: str = ""
) -> bytes:
    """Draw synthetic minus reference as a PNG: blue where too low, white where equal, red where too high.

    The map is ColorBrewer's RdBu, whose ends stay apart in all common colour-vision deficiencies, and a labelled bar
    stands below it. Colour images are shown by their mean over channels.

    Args:
        synthetic: Image of the same size as ``reference``.
        reference: The real image that it should equal.
        limit: Error shown at the ends of the bar, in the images' unit; larger errors take the end's colour.
        position: Axial slice of a volume; the middle one where None.
        unit: Written beside the bar's limits; the reference's own unit where empty.

    Raises:
        ImageError: The images differ in size or unit, or ``limit`` is not positive.
    """
    if synthetic.pixels.shape != reference.pixels.shape or synthetic.unit != reference.unit:
        raise ImageError(
            "error picture",
            f"synthetic is {synthetic.pixels.shape} in {synthetic.unit}, reference {reference.pixels.shape} "
            f"in {reference.unit}",
            remedy="Resample both to one grid and one unit first.",
        )
    if not limit > 0:
        raise ImageError("error picture", "needs a positive limit", value=limit)
    difference = np.subtract(synthetic.pixels, reference.pixels, dtype=np.float64)
    plane = _plane(reference.with_pixels(difference), position).mean(axis=-1)
    colours = _diverging()[np.nan_to_num((plane / limit + 1) / 2 * 255, nan=0).clip(0, 255).round().astype(np.uint8)]
    drawn = _square_pixels(_checkered(colours, np.isnan(plane)), reference)
    factor = -(-SMALLEST_SIDE // min(drawn.size))
    enlarged = drawn.resize((drawn.width * factor, drawn.height * factor), PillowImage.Resampling.NEAREST)
    return _png(_with_bar(enlarged, limit, unit or reference.unit.value))


def montage(rows: Mapping[str, Sequence[Image]], window: Window, *, side: int = 128, gap: int = 4) -> bytes:
    """Draw labelled rows of pictures of equal width as one PNG, e.g. synthetic above real for each class.

    Args:
        rows: Label to the row's images; labels are printed above their row.
        window: Intensities shown as black and as white, in the images' unit.
        side: Longer side of one picture, in pixels of the montage.
        gap: White pixels between pictures.

    Raises:
        ImageError: There is no image, or one cannot be drawn.
    """
    drawn = {label: [_fit(_drawn(image, window, None), side) for image in images] for label, images in rows.items()}
    everything = [one for row in drawn.values() for one in row]
    if not everything:
        raise ImageError("montage", "has no images to show", remedy="Check the synthetic folder.")
    width, height = max(one.width for one in everything), max(one.height for one in everything)
    heading = LABEL_SIZE + 10
    columns = max(len(row) for row in drawn.values())
    sheet = PillowImage.new("RGB", (columns * (width + gap) + gap, len(drawn) * (height + gap + heading) + gap), PAPER)
    pen = ImageDraw.Draw(sheet)
    for r, (label, row) in enumerate(drawn.items()):
        top = r * (height + gap + heading)
        pen.text((gap, top + 6), label, INK, font=_font())
        for c, one in enumerate(row):
            sheet.paste(one, (gap + c * (width + gap), top + heading))
    return _png(sheet)


def _drawn(image: Image, window: Window, position: int | None) -> Picture:
    low, high = window
    if not low < high:
        raise ImageError("picture", "needs a window [low, high] with low < high", value=window)
    plane = _plane(image, position)
    grey = np.nan_to_num((plane - low) / (high - low) * 255, nan=0).clip(0, 255).round().astype(np.uint8)
    colours = np.broadcast_to(grey, (*grey.shape[:2], 3))
    return _square_pixels(_checkered(colours, np.isnan(plane).any(axis=-1)), image)


def _plane(image: Image, position: int | None) -> np.ndarray:
    """One plane as ``rows columns channels`` in display order."""
    pixels = np.asarray(image.pixels, dtype=np.float64)
    if len(image.space) not in (2, 3) or pixels.shape[0] not in (1, 3):
        raise ImageError(
            "picture",
            "can be drawn of one or three channels over two or three spatial axes only",
            value=f"channels {pixels.shape[0]}, space {image.space}",
        )
    if len(image.space) == 2:
        return np.moveaxis(pixels, 0, -1)
    z = image.space[2] // 2 if position is None else position
    # RAS+: x grows to the patient's right, which stands on the picture's left; y grows to anterior, which stands up.
    return pixels[:, ::-1, ::-1, z].transpose(2, 1, 0)


def _square_pixels(colours: np.ndarray, image: Image) -> Picture:
    drawn = PillowImage.fromarray(np.ascontiguousarray(colours))
    spacing = image.geometry.spacing_mm
    if len(spacing) < 2:
        return drawn
    across, down = (spacing[0], spacing[1]) if len(image.space) == 3 else (spacing[1], spacing[0])
    finest = min(across, down)
    size = (round(drawn.width * across / finest), round(drawn.height * down / finest))
    return drawn if size == drawn.size else drawn.resize(size, PillowImage.Resampling.BILINEAR)


def _checkered(colours: np.ndarray, missing: np.ndarray) -> np.ndarray:
    if not missing.any():
        return colours
    rows, columns = np.indices(missing.shape)
    board = np.asarray(NOT_A_NUMBER, dtype=np.uint8)[(rows + columns) % 2]
    return np.where(missing[..., None], board, colours).astype(np.uint8)


def _fit(drawn: Picture, side: int) -> Picture:
    factor = side / max(drawn.size)
    size = (max(1, round(drawn.width * factor)), max(1, round(drawn.height * factor)))
    return drawn.resize(size, PillowImage.Resampling.BILINEAR)


def _with_bar(drawn: Picture, limit: float, unit: str) -> Picture:
    """The map with its colour bar below: the bar as wide as the map, its limits and 0 written under it."""
    gap, width = 6, drawn.width
    label = max(LABEL_SIZE, width // 16)  # readable when the map is shown smaller than it is
    sheet = PillowImage.new("RGB", (width, drawn.height + gap + BAR_HEIGHT + label + gap), PAPER)
    sheet.paste(drawn, (0, 0))
    ramp = np.linspace(0, 255, width).round().astype(np.uint8)
    bar = np.broadcast_to(_diverging()[ramp], (BAR_HEIGHT, width, 3))
    top = drawn.height + gap
    sheet.paste(PillowImage.fromarray(np.ascontiguousarray(bar)), (0, top))
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, top, width - 1, top + BAR_HEIGHT - 1), outline=INK)
    below = top + BAR_HEIGHT + 2
    for x, anchor, text in (
        (1, "la", f"-{limit:.4g}"),
        (width / 2, "ma", "0"),
        (width - 2, "ra", f"+{limit:.4g} {unit}".strip()),
    ):
        pen.text((x, below), text, INK, font=_font(label), anchor=anchor)
    return sheet


@cache
def _diverging() -> np.ndarray:
    """256 colours of ColorBrewer's RdBu reversed: blue, white, red."""
    from matplotlib import colormaps

    return np.asarray(colormaps["RdBu_r"](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


@cache
def _font(size: int = LABEL_SIZE) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _png(drawn: Picture, marks: Mapping[str, str] | None = None) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for key, text in (marks or {}).items():
        chunks.add_itxt(key, text)
    channels = np.asarray(drawn)
    if (channels == channels[..., :1]).all():
        drawn = drawn.convert("L")
    stream = io.BytesIO()
    drawn.save(stream, "PNG", optimize=True, pnginfo=chunks)
    return stream.getvalue()
