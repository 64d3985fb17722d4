"""How a thorax becomes a radiograph: Beer-Lambert attenuation, scatter, counting noise, and a site's grey scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage

from synthassay.data.dose import water_attenuation
from synthassay.data.phantoms.chest import FIELD_MM, Paths, Thorax, trace
from synthassay.errors import ImageError

BONE_OVER_SOFT = 1.9
"""Excess of bone over the soft tissue it replaces, relative to soft tissue, near 65 keV: cortical bone of ICRU 44."""


@dataclass(frozen=True)
class RadiographyRoom:
    """One site's X-ray room.

    Attributes:
        kev: Effective energy of the beam.
        photons: Photons per square millimetre that reach the detector behind nothing.
        scatter: Share of the detected signal that is scatter; spread: its reach in mm.
        blur_mm: Standard deviation of focal spot and screen.
        contrast: Slope of the grey scale; level: line integral behind which the picture is mid-grey, above the darkest.
        border: Share of the picture's side that the collimator covers, on each edge at most.
    """

    name: str
    kev: float
    photons: float
    scatter: float
    spread_mm: float
    blur_mm: float
    contrast: float
    level: float
    border: float


ROOMS: dict[str, RadiographyRoom] = {
    room.name: room
    for room in (
        RadiographyRoom("north-dr", 70.0, 60_000, 0.25, 35.0, 0.6, 1.8, 0.60, 0.0),
        RadiographyRoom("harbour-cr", 60.0, 9_000, 0.38, 30.0, 1.3, 1.5, 0.72, 0.05),
        RadiographyRoom("valley-portable", 55.0, 4_000, 0.52, 40.0, 1.0, 2.1, 0.42, 0.08),
    )
}


@dataclass(frozen=True)
class Radiograph:
    """One chest radiograph and its truth; axes rows (top first) and columns (patient's right first).

    Attributes:
        grey: 0 black to 255 white, bone bright.
        lungs: Where lung lies behind the pixel.
        opacity: Where the opacity would be outlined; all False in a normal chest.
    """

    grey: UInt8[np.ndarray, "rows columns"]
    lungs: Bool[np.ndarray, "rows columns"]
    opacity: Bool[np.ndarray, "rows columns"]


def line_integrals(paths: Paths, kev: float) -> Float[np.ndarray, "rows columns"]:
    """Return the attenuation along each ray: soft tissue as water at 1.05 g/cm3, bone in its excess over it."""
    soft = 1.05 * water_attenuation(kev)
    return soft * paths.soft + BONE_OVER_SOFT * soft * paths.bone


def expose(thorax: Thorax, room: RadiographyRoom, rng: np.random.Generator, *, pixels: int = 64) -> Radiograph:
    """Return one patient's radiograph as ``room`` takes it.

    Args:
        thorax: The patient.
        room: The site's beam, detector and grey scale.
        rng: Positioning, photons and collimation of this exposure.
        pixels: Rows and columns of the picture, which covers 320 mm.

    Raises:
        ImageError: Fewer than 16 pixels, which no chest fits into.
    """
    if pixels < 16:
        raise ImageError("radiograph", "needs at least 16 rows and columns", value=pixels)
    paths = trace(thorax, 2 * pixels)  # rays twice as dense as pixels; each pixel counts the photons of four
    primary = np.exp(-line_integrals(paths, room.kev))
    signal = _detected(primary, room, 2 * pixels).reshape(pixels, 2, pixels, 2).mean((1, 3))
    expected = room.photons * (FIELD_MM / pixels) ** 2 * signal
    seen = np.maximum(rng.poisson(expected), 1) / (room.photons * (FIELD_MM / pixels) ** 2)
    grey = grey_scale(-np.log(seen), room) * _shutter(pixels, room, rng)
    return Radiograph(
        grey=np.rint(255 * grey).astype(np.uint8),
        lungs=_half(paths.lung >= 20.0),
        opacity=_half(paths.opacity_mask),
    )


def grey_scale(attenuation: np.ndarray, room: RadiographyRoom) -> np.ndarray:
    """Map the log signal to 0..1 by a sigmoid, anchored to the clearest lung as automatic exposure control is.

    Args:
        attenuation: Negative log of the detected share of photons, rows and columns.
        room: Its ``contrast`` and ``level``.
    """
    rows, columns = attenuation.shape
    cells = attenuation[rows // 3 : 2 * rows // 3, columns // 5 : 4 * columns // 5]
    return 1 / (1 + np.exp(-room.contrast * (attenuation - np.percentile(cells, 10) - room.level)))


def _detected(primary: np.ndarray, room: RadiographyRoom, rays: int) -> np.ndarray:
    step = FIELD_MM / rays
    scattered = ndimage.gaussian_filter(primary, room.spread_mm / step, mode="nearest")
    detected = (1 - room.scatter) * primary + room.scatter * scattered
    return ndimage.gaussian_filter(detected, room.blur_mm / step, mode="nearest")


def _shutter(pixels: int, room: RadiographyRoom, rng: np.random.Generator) -> np.ndarray:
    edges = np.floor(rng.uniform(0, room.border * pixels, 4)).astype(int)
    open_field = np.zeros((pixels, pixels))
    open_field[edges[0] : pixels - edges[1], edges[2] : pixels - edges[3]] = 1
    return open_field


def _half(mask: np.ndarray) -> np.ndarray:
    rows, columns = mask.shape
    return mask.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3)) >= 0.5
