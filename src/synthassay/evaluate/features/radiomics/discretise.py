"""Intensities -> grey levels 1..n inside a region: by fixed bin width (calibrated units) or by fixed bin count."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from synthassay.errors import Fault, SpecError

MOST_LEVELS = 4096


@dataclass(frozen=True)
class Binning:
    """How intensities become grey levels; exactly one of ``width`` and ``count`` is given.

    Attributes:
        width: Bin width in the image's own unit, bins aligned with zero: for calibrated units such as HU, where one
            grey level then means the same in every image.
        count: Number of bins between the region's own minimum and maximum: for arbitrary units.

    Source: IBSI, arXiv 1612.07003v11, section 2.7; bins aligned with zero as pyradiomics does (doi:10.1158/0008-5472.
    CAN-17-0339), so that two images share their bin edges whatever their minima.
    """

    width: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if (self.width is None) == (self.count is None):
            raise _refused("give either a bin width or a bin count", (self.width, self.count))
        if self.width is not None and not (np.isfinite(self.width) and self.width > 0):
            raise _refused("a bin width is a positive number", self.width)
        if self.count is not None and not 2 <= self.count <= MOST_LEVELS:
            raise _refused(f"a bin count lies between 2 and {MOST_LEVELS}", self.count)

    def __str__(self) -> str:
        return f"bin width {self.width:g}" if self.width is not None else f"{self.count} bins"

    def edges(self, low: float, high: float) -> np.ndarray:
        """Return the bin edges for a region whose intensities span ``low`` to ``high``; bins are half open [a, b).

        >>> Binning(width=25.0).edges(54.0, 166.0)
        array([ 50.,  75., 100., 125., 150., 175.])
        """
        if self.count is not None:
            edges = np.linspace(low, high, self.count + 1 if low < high else 2)
            edges[-1] = np.inf  # the maximum belongs to the last bin
            return edges
        assert self.width is not None
        first = low - low % self.width
        if (high - first) / self.width > MOST_LEVELS:
            raise _refused(
                f"would give more than {MOST_LEVELS} grey levels for intensities {low:g} to {high:g}", self.width
            )
        edges = np.arange(first, high + 2 * self.width, self.width)
        return edges[: max(int(np.searchsorted(edges, high, side="right")) + 1, 2)]

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the grey levels, int32 from 1, of the float64 intensities of one region.

        >>> Binning(count=4).levels(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
        array([1, 2, 3, 4, 4], dtype=int32)
        """
        low, high = float(values.min()), float(values.max())
        edges = self.edges(low, high)
        return _place(values, edges, 1.0 / (edges[1] - edges[0]) if np.isfinite(edges[1]) else 1.0)


@numba.njit(cache=True, nogil=True)
def _place(values, edges, inverse_width):  # type: ignore[no-untyped-def]
    """Guess each value's bin by division, then correct by comparison, so that edges hold to the last bit."""
    out = np.empty(values.size, np.int32)
    last = edges.size - 2
    for n in range(values.size):
        value = values[n]
        k = min(max(int((value - edges[0]) * inverse_width), 0), last)
        while k > 0 and value < edges[k]:
            k -= 1
        while k < last and value >= edges[k + 1]:
            k += 1
        out[n] = k + 1
    return out


def _refused(what: str, value: object) -> SpecError:
    return SpecError("radiomics", [Fault("binning", what, value, "Choose 16 to 128 levels over the usual range.")])
