"""Images as the room serves them: raw numbers of one depth, in tiles, without a header, a name or a file's habits."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from synthassay.errors import ImageError
from synthassay.images.geometry import resample_to_size
from synthassay.images.image import Image
from synthassay.records.reader_study import ReencodeSpec, WindowSpec
from synthassay.records.reading import EncodedImage
from synthassay.records.vocabulary import Unit

TILE = 512
SOFT_TISSUE = (-160.0, 240.0)  # HU, where the study names no window


@dataclass(frozen=True)
class Depth:
    """One encoding for all images of a study, so that it tells nothing about any of them."""

    name: str
    slope: float = 1.0
    intercept: float = 0.0


def reencoded(image: Image, spec: ReencodeSpec | None, where: str) -> Image:
    """Return the image after everything that [reencode] asks for, in the order crop, size, window, levels, JPEG.

    Raises:
        ImageError: The crop leaves nothing, or a JPEG is asked of what is no 8-bit picture.
    """
    if spec is None:
        return image
    if spec.crop:
        image = _cropped(image, spec.crop, where)
    if spec.size is not None:
        image = _covering(image, spec.size)
    pixels = image.pixels
    if spec.window is not None:
        pixels = np.clip(pixels, *spec.window)
    unit = image.unit
    if spec.stretch and unit is not Unit.RGB:
        low, high = np.percentile(pixels, (0.5, 99.5))
        top = (spec.levels or 256) - 1
        pixels = np.rint(np.clip((pixels - low) / max(high - low, 1e-9), 0, 1) * top)
        unit = Unit.ARBITRARY
    elif spec.levels and spec.window is not None:
        low, high = spec.window
        step = (high - low) / (spec.levels - 1)
        pixels = low + np.rint((pixels - low) / step) * step
    elif spec.levels:
        pixels = np.rint(np.clip(pixels, 0, spec.levels - 1))
    image = image.with_pixels(np.asarray(pixels), unit=unit)
    return _through_jpeg(image, spec.jpeg, where) if spec.jpeg else image


def _cropped(image: Image, crop: int, where: str) -> Image:
    if min(image.space[:2]) <= 2 * crop:
        raise ImageError(where, f"has nothing left when {crop} pixels are cut off at each side", value=image.space)
    inner = image.pixels[:, crop:-crop, crop:-crop]
    return image.with_pixels(np.ascontiguousarray(inner))


def _covering(image: Image, size: tuple[int, int]) -> Image:
    """Scale until both sides are covered, then take the middle; slices of volumes keep their number."""
    rows, columns = image.space[:2]
    if (rows, columns) == size:
        return image
    factor = max(size[0] / rows, size[1] / columns)
    grown = (max(size[0], round(rows * factor)), max(size[1], round(columns * factor)), *image.space[2:])
    scaled = resample_to_size(image, grown)
    top, left = (grown[0] - size[0]) // 2, (grown[1] - size[1]) // 2
    inner = scaled.pixels[:, top : top + size[0], left : left + size[1]]
    if np.issubdtype(image.pixels.dtype, np.integer):
        limits = np.iinfo(image.pixels.dtype)
        inner = np.clip(np.rint(inner), limits.min, limits.max).astype(image.pixels.dtype)
    return scaled.with_pixels(np.ascontiguousarray(inner))


def _through_jpeg(image: Image, quality: int, where: str) -> Image:
    pixels = image.pixels
    if len(image.space) != 2 or pixels.min() < 0 or pixels.max() > 255:
        raise ImageError(where, "is no 8-bit picture and cannot pass through JPEG", remedy="Set levels = 256 too.")
    eight = np.rint(pixels).astype(np.uint8)
    colour = len(eight) == 3
    stream = io.BytesIO()
    Pillow.fromarray(np.moveaxis(eight, 0, -1) if colour else eight[0]).save(stream, "JPEG", quality=quality)
    read = np.asarray(Pillow.open(stream))
    return image.with_pixels(np.ascontiguousarray(np.moveaxis(read, -1, 0)) if colour else read[None].copy())


def common_depth(images: Iterable[Image]) -> Depth:
    """Return the encoding that holds all images: 8 bits where they suffice, else 16 over the whole range."""
    low, high, whole, colour = np.inf, -np.inf, True, False
    for image in images:
        pixels = image.pixels
        colour = colour or len(pixels) == 3
        low, high = min(low, float(pixels.min())), max(high, float(pixels.max()))
        whole = whole and (np.issubdtype(pixels.dtype, np.integer) or bool((pixels == np.rint(pixels)).all()))
    if colour:
        return Depth("rgb8", slope=1.0 if high <= 255 else high / 255)
    if whole and low >= 0 and high <= 255:
        return Depth("u8")
    if whole and high - low <= 65535:
        return Depth("u16", 1.0, low if low < 0 else 0.0)
    return Depth("u16", max((high - low) / 65535, 1e-12), low)


def encode(image: Image, depth: Depth, windows: tuple[WindowSpec, ...]) -> tuple[EncodedImage, bytes]:
    """Encode an image in radiological display order.

    Returns:
        What the viewer must know, and the tiles: levels from the finest, then slices, rows and columns of tiles.
    """
    planes = display_planes(image)  # slices rows columns channels
    stored = np.rint((planes.astype(np.float64) - depth.intercept) / depth.slope)
    kind = np.uint8 if depth.name in ("u8", "rgb8") else np.dtype("<u2")
    stored = np.clip(stored, 0, np.iinfo(kind).max).astype(kind)
    if depth.name == "rgb8" and stored.shape[-1] == 1:
        stored = np.repeat(stored, 3, axis=-1)
    slices, rows, columns, _ = stored.shape
    volume = len(image.space) == 3
    tile = max(rows, columns) if volume else TILE
    pyramid = [stored]
    while not volume and max(pyramid[-1].shape[1:3]) > tile:
        pyramid.append(halved(pyramid[-1]))
    low, high = _first_window(image, windows)
    spacing, slice_mm = _spacing(image)
    head = EncodedImage(
        rows=rows, columns=columns, slices=slices, depth=depth.name, slope=depth.slope, intercept=depth.intercept,  # type: ignore[arg-type]
        unit="HU" if image.unit is Unit.HU else "", low=low, high=high, spacing_mm=spacing, slice_mm=slice_mm,
        levels=len(pyramid), tile=tile,
    )  # fmt: skip
    return head, b"".join(_tiles(pyramid, tile))


def display_planes(image: Image) -> np.ndarray:
    """Return ``slices rows columns channels``: anterior up, the patient's left on the right, slices from inferior.

    Raises:
        ImageError: Neither one nor three channels, or neither two nor three spatial axes.
    """
    pixels = image.pixels
    if pixels.shape[0] not in (1, 3) or len(image.space) not in (2, 3):
        raise ImageError(image.subject or "image", "is no grey or RGB picture or volume", value=pixels.shape)
    if len(image.space) == 2:
        return np.moveaxis(pixels, 0, -1)[None]
    return np.ascontiguousarray(pixels[:, ::-1, ::-1, :].transpose(3, 2, 1, 0))


def _spacing(image: Image) -> tuple[tuple[float, ...], float]:
    """Down, across and between slices, as displayed."""
    given = image.geometry.spacing_mm
    if not given and image.geometry.mpp:
        given = (image.geometry.mpp / 1000,) * 2
    if len(image.space) == 3 and len(given) == 3:
        return (given[1], given[0]), given[2]
    return tuple(given[:2]), 0.0


def _first_window(image: Image, windows: tuple[WindowSpec, ...]) -> tuple[float, float]:
    if windows:
        return windows[0].low, windows[0].high
    if image.unit is Unit.HU:
        return SOFT_TISSUE
    if image.pixels.min() >= 0 and image.pixels.max() <= 255:
        return 0.0, 255.0 if image.pixels.max() > 1 else 1.0
    low, high = np.percentile(image.pixels, (0.5, 99.5))
    return float(low), float(max(high, low + 1e-6))


def halved(planes: np.ndarray) -> np.ndarray:
    """Return ``slices rows columns channels`` at half the size: means of 2 x 2 pixels, an odd edge continued."""
    _, rows, columns, _ = planes.shape
    padded = np.pad(planes, ((0, 0), (0, rows % 2), (0, columns % 2), (0, 0)), mode="edge").astype(np.float64)
    mean = (padded[:, ::2, ::2] + padded[:, 1::2, ::2] + padded[:, ::2, 1::2] + padded[:, 1::2, 1::2]) / 4
    return np.rint(mean).astype(planes.dtype)


def _tiles(pyramid: list[np.ndarray], tile: int) -> Iterator[bytes]:
    for level in pyramid:
        for plane in level:
            for top in range(0, plane.shape[0], tile):
                for left in range(0, plane.shape[1], tile):
                    yield plane[top : top + tile, left : left + tile].tobytes()


def tile_span(head: EncodedImage, level: int, z: int, row: int, column: int) -> tuple[int, int]:
    """Return where a tile starts in the file, and its length in bytes.

    Raises:
        ImageError: There is no such tile.
    """
    size = {"u8": 1, "u16": 2, "rgb8": 3}[head.depth]
    start = 0
    rows, columns = head.rows, head.columns
    for _ in range(level):
        start += rows * columns * size * head.slices
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
    down, across = -(-rows // head.tile), -(-columns // head.tile)
    if not (0 <= level < head.levels and 0 <= z < head.slices and 0 <= row < down and 0 <= column < across):
        raise ImageError("tile", "is outside the image", value=(level, z, row, column))
    height = min(head.tile, rows - row * head.tile)
    width = min(head.tile, columns - column * head.tile)
    start += z * rows * columns * size + row * head.tile * columns * size + height * column * head.tile * size
    return start, height * width * size


def write_encoded(folder: Path, name: str, head: EncodedImage, tiles: bytes) -> None:
    """Write ``NAME.bin`` and ``NAME.json`` into a folder that takes its place as a whole."""
    (folder / f"{name}.bin").write_bytes(tiles)
    (folder / f"{name}.json").write_text(head.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_tile(folder: Path, name: str, head: EncodedImage, level: int, z: int, row: int, column: int) -> bytes:
    """Read one tile.

    Raises:
        ImageError: There is no such tile, or the file is shorter than it says.
    """
    start, length = tile_span(head, level, z, row, column)
    with (folder / f"{name}.bin").open("rb") as stream:
        stream.seek(start)
        read = stream.read(length)
    if len(read) != length:
        raise ImageError(name, "is shorter than it says", remedy="Compile the study again.")
    return read
