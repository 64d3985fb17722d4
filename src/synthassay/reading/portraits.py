"""What of an image could give its arm away without looking at what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image as Pillow

from synthassay.images.formats import format_of
from synthassay.images.image import Image

FILE_ATTRIBUTES = ("format", "compression", "file length", "stored window")
LEVELS_COUNTED = 65536


@dataclass(frozen=True)
class Portrait:
    """Attributes of one image: words (``facts``) that either agree or not, and ``numbers`` that lie near or far.

    Attributes:
        arm: Its arm.
        name: Its case.
    """

    arm: str
    name: str
    facts: dict[str, str]
    numbers: dict[str, float]


def portrait_of(arm: str, name: str, image: Image, path: Path | None) -> Portrait:
    """Take the portrait of an image.

    Args:
        arm: Its arm.
        name: Its case.
        image: As read, or as encoded.
        path: Its file; None after encoding, when there is no file that a reader receives.
    """
    pixels = image.pixels
    facts = {
        "size": " x ".join(map(str, image.space)),
        "colour": {1: "grey", 3: "RGB"}.get(pixels.shape[0], f"{pixels.shape[0]} channels"),
        "bit depth": _depth(pixels),
        "pixel spacing": " x ".join(f"{s:.3g}" for s in image.geometry.spacing_mm) or "unknown",
        "unit": image.unit.value,
    }
    numbers = {
        "longer side": float(max(image.space)),
        "shorter side": float(min(image.space)),
        "border": border_width(pixels),
        "darkest value": float(pixels.min()),
        "brightest value": float(pixels.max()),
        "grey levels used": float(np.unique(pixels.ravel()[:4_000_000]).size),
        "clipped share": float(((pixels == pixels.min()) | (pixels == pixels.max())).mean()),
        "8x8 grid of JPEG": blockiness(pixels),
    }
    if path is not None:
        facts |= {"format": format_of(path), **_file_facts(path)}
        numbers["file length"] = float(_length(path))
    return Portrait(arm, name, facts, numbers)


def border_width(pixels: np.ndarray) -> float:
    """Return the width of the constant frame around a picture, in pixels; 0 where the outermost lines vary.

    >>> border_width(np.pad(np.arange(16.0).reshape(1, 4, 4), ((0, 0), (2, 2), (2, 2))))
    2.0
    """
    plane = pixels[0] if pixels.ndim == 3 else pixels[0, :, :, pixels.shape[3] // 2]
    plane = np.asarray(plane, dtype=np.float64)
    width, most = 0, min(plane.shape) // 2
    value = plane[0, 0]
    while width < most:
        inner = plane[width : plane.shape[0] - width, width : plane.shape[1] - width]
        if not all((line == value).all() for line in (inner[0], inner[-1], inner[:, 0], inner[:, -1])):
            break
        width += 1
    return float(width)


def blockiness(pixels: np.ndarray) -> float:
    """Return how much steeper steps are on an 8 x 8 grid than elsewhere; about 1 where there was never a JPEG.

    Source: Z. Wang, H. R. Sheikh, A. C. Bovik, Proc IEEE ICIP 2002, equation 1 (differences across block boundaries),
    divided by the differences elsewhere.
    """
    plane = pixels[0] if pixels.ndim == 3 else pixels[0, :, :, pixels.shape[3] // 2]
    steps = np.abs(np.diff(np.asarray(plane, dtype=np.float64), axis=1))
    if steps.shape[1] < 16 or not steps.any():
        return 1.0
    on = np.arange(steps.shape[1]) % 8 == 7
    return float((steps[:, on].mean() + 1e-9) / (steps[:, ~on].mean() + 1e-9))


def _depth(pixels: np.ndarray) -> str:
    if pixels.dtype == np.uint8:
        return "8 bits"
    if np.issubdtype(pixels.dtype, np.floating) and not np.array_equal(pixels, np.rint(pixels)):
        return "fractions"
    return "8 bits" if pixels.min() >= 0 and pixels.max() <= 255 else "more than 8 bits"


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.iterdir())


def _file_facts(path: Path) -> dict[str, str]:
    """Compression, and the window that a file asks for."""
    name = format_of(path)
    if name == "tiff":
        with tifffile.TiffFile(path) as file:
            return {"compression": str(file.pages[0].compression.name), "stored window": "none"}
    if name == "dicom":
        return _dicom_facts(path if path.is_file() else sorted(path.iterdir())[0])
    if name in ("png", "jpeg"):
        with Pillow.open(path) as picture:
            tables = getattr(picture, "quantization", None)
            quality = f" {sum(tables[0])}" if tables else ""
        return {"compression": f"{name}{quality}", "stored window": "none"}
    return {"compression": "gzip" if path.name.endswith(".gz") else "none", "stored window": "none"}


def _dicom_facts(path: Path) -> dict[str, str]:
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    syntax = getattr(header.file_meta, "TransferSyntaxUID", "")
    window = f"{header.get('WindowCenter', 'none')} / {header.get('WindowWidth', 'none')}"
    return {"compression": str(getattr(syntax, "name", syntax)), "stored window": window}
