"""PNG (read and written) and JPEG (read only, because it loses detail): pictures of 8 and 16 bits, grey and RGB."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, PngImagePlugin

from synthassay.errors import ImageError
from synthassay.images.formats import FORMATS, Format
from synthassay.images.image import Image
from synthassay.images.intensity import to_integers
from synthassay.images.labelling import Mark, SyntheticLabel, geometry_in, mark_in, payload, unit_in
from synthassay.records.base import whole_file
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels

PNG_MAGIC, JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
DEPTH_AT = 24  # of the bit depth in a PNG: signature 8, chunk head 8, width and height 8
PREFIX = "synthassay:"


def _read(path: Path, *, key: str, index: int | None, unit: Unit | None) -> Image:
    refuse_selection(path, key, index, "one picture")
    content = path.read_bytes()
    picture = _decoded(path, content)
    if getattr(picture, "n_frames", 1) > 1:
        raise ImageError(str(path), "is an animation", value=f"{picture.n_frames} frames", remedy="Split it first.")
    entries = _entries(picture)
    pixels = _pixels(path, picture, content)
    unit = unit_in(entries, str(path)) or unit or default_unit(pixels)
    return Image(pixels, geometry_in(entries, str(path)), unit)


def _decoded(path: Path, content: bytes) -> Pillow.Image:
    """Decode a picture from memory, so that whatever is wrong with it shows here and no file stays open."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            picture = Pillow.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            picture.load()
            return picture
    except (
        OSError,
        SyntaxError,
        ValueError,
        Pillow.DecompressionBombError,
        Pillow.DecompressionBombWarning,
    ) as problem:
        raise unreadable(path, problem) from None


def _pixels(path: Path, picture: Pillow.Image, content: bytes) -> Pixels:
    if content.startswith(PNG_MAGIC) and content[DEPTH_AT] == 16:
        array = imagecodecs.png_decode(content)  # Pillow would cut 16-bit RGB down to 8 bits without a word
        return channels_first(array, path)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode == "P":
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    elif upright.mode == "1":
        upright = upright.convert("L")
    elif "transparency" in upright.info:
        upright = upright.convert("LA" if upright.mode == "L" else "RGBA")
    if upright.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ImageError(
            str(path),
            "has a colour model that is neither grey nor RGB",
            value=upright.mode,
            remedy="Convert it to RGB.",
        )
    return channels_first(np.asarray(upright), path)


def channels_first(array: np.ndarray, path: Path) -> Pixels:
    """Return ``rows columns [channels]`` as ``channels rows columns`` without an opaque alpha channel.

    Raises:
        ImageError: The alpha channel is not opaque everywhere, or the channel count is none that we know.
    """
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    if array.ndim not in (2, 3) or not 1 <= len(planes) <= 4:
        raise ImageError(str(path), "is no grey or RGB picture", value=array.shape)
    if len(planes) in (2, 4):
        alpha = planes[-1]
        if (alpha != np.iinfo(alpha.dtype).max).any():
            remedy = "Compose it with a background of your choice and save it without transparency."
            raise ImageError(str(path), "has transparent pixels, whose values are undefined", remedy=remedy)
        planes = planes[:-1]
    return np.ascontiguousarray(planes)


def default_unit(pixels: Pixels) -> Unit:
    """Return RGB for three channels and arbitrary grey levels for one."""
    return Unit.RGB if pixels.shape[0] == 3 else Unit.ARBITRARY


def refuse_selection(path: Path, key: str, index: int | None, holds: str) -> None:
    """Refuse a key or index for a file that holds one image only.

    Raises:
        ImageError: ``key`` or ``index`` is given.
    """
    if key or index is not None:
        raise ImageError(str(path), f"holds {holds}, so key and index select nothing", value=key or index)


def unreadable(path: Path, problem: Exception) -> ImageError:
    """Return the message for a file that a decoder gave up on."""
    return ImageError(
        str(path),
        f"cannot be decoded: {problem}",
        remedy="The file is truncated or damaged; take it from its origin again.",
    )


def picture_in(path: Path, image: Image) -> None:
    """Refuse to write as a picture what is none.

    Raises:
        ImageError: The image is a volume, has neither one nor three channels, or is in HU.
    """
    if len(image.space) != 2 or image.pixels.shape[0] not in (1, 3):
        raise ImageError(
            str(path), "can hold one grey or RGB picture only", value=image.pixels.shape, remedy="Use NIfTI or DICOM."
        )
    if image.unit is Unit.HU:
        raise ImageError(
            str(path), "cannot hold HU, which are negative and would need an offset", remedy="Use NIfTI or DICOM."
        )


def _write_png(path: Path, image: Image, label: SyntheticLabel) -> Path:
    picture_in(path, image)
    colour = image.pixels.shape[0] == 3
    pixels = to_integers(image, str(path), largest=255 if colour else 65535)
    picture = Pillow.fromarray(np.ascontiguousarray(np.moveaxis(pixels, 0, -1)) if colour else pixels[0])
    chunks = PngImagePlugin.PngInfo()
    for name, value in payload(image, label).items():
        chunks.add_text(f"{PREFIX}{name}", value)
    encoded = io.BytesIO()
    picture.save(encoded, format="PNG", pnginfo=chunks, optimize=False, compress_level=6)
    with whole_file(path) as partial:
        partial.write_bytes(encoded.getvalue())
    return path


def _entries(picture: Any) -> dict[str, str]:
    text = getattr(picture, "text", {})
    return {key.removeprefix(PREFIX): str(value) for key, value in text.items() if key.startswith(PREFIX)}


def _mark(path: Path) -> Mark:
    return mark_in(_entries(_decoded(path, path.read_bytes())))


FORMATS.add("png")(Format((".png",), lambda head: head.startswith(PNG_MAGIC), _read, _mark, _write_png))
FORMATS.add("jpeg")(Format((".jpg", ".jpeg"), lambda head: head.startswith(JPEG_MAGIC), _read, _mark))
