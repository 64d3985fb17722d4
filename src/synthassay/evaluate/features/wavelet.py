"""One level of the undecimated wavelet transform with the coiflet of order 1, along every axis."""

from __future__ import annotations

from itertools import product

import numpy as np

LOW = (
    -0.015655728135791993, -0.07273261951252645, 0.3848648468648578,
    0.8525720202116004, 0.3378976624574818, -0.07273261951252645,
)  # fmt: skip
HIGH = tuple((-1.0) ** (k + 1) * value for k, value in enumerate(reversed(LOW)))
CENTRE = 3


def wavelet_bands(image: np.ndarray) -> dict[str, np.ndarray]:
    """Return the sub-bands, named ``HH``, ``HL``, ``LH``, ``LL`` (eight names in 3D), each of the image's size.

    The image goes on periodically; an odd side is lengthened by its first element before and cut after.

    Args:
        image: Two or three axes; a name's letters go from the last axis to the first, as pyradiomics has them.

    Source: Daubechies 1992, Ten Lectures on Wavelets, table 8.1 (coiflets); Nason and Silverman 1995 (stationary
    transform).

    Example:
        >>> bands = wavelet_bands(np.full((5, 4), 3.0))
        >>> round(float(bands["LL"][0, 0]), 6), abs(round(float(bands["HL"][0, 0]), 6))
        (6.0, 0.0)
    """
    even = np.pad(image, [(0, side % 2) for side in image.shape], mode="wrap")
    inside = tuple(slice(side) for side in image.shape)
    found = {}
    for letters in product("HL", repeat=image.ndim):
        band = even
        for axis, letter in enumerate(reversed(letters)):
            taps = HIGH if letter == "H" else LOW
            band = np.sum([tap * np.roll(band, k - CENTRE, axis) for k, tap in enumerate(taps)], axis=0)
        found["".join(letters)] = band[inside]
    return found
