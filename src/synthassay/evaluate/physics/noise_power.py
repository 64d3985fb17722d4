"""Noise power spectra of regions without structure: how much noise there is, and how coarse its grain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthassay.errors import NotMeasured

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoisePower:
    """The noise power spectrum of an ensemble of regions.

    Attributes:
        spectrum: ``*space`` in unit² mm^n (n spatial axes), in the order of ``numpy.fft``.
        frequency: Radial frequency of each of its values, in cycles per mm.
        spacing_mm: Voxel size.
        regions: How many regions were averaged.
    """

    spectrum: Floats
    frequency: Floats
    spacing_mm: tuple[float, ...]
    regions: int

    @property
    def variance(self) -> float:
        """The spectrum's integral over frequency, which is the variance of the detrended regions (Parseval)."""
        return float(self.spectrum.sum()) / (self.spectrum.size * math.prod(self.spacing_mm))

    @property
    def radial(self) -> tuple[Floats, Floats]:
        """Frequencies (cycles per mm) and the spectrum averaged over directions, without frequency 0.

        Rings are as wide as the coarsest frequency step and end at the lowest axis' Nyquist frequency.
        """
        sides = [n * step for n, step in zip(self.spectrum.shape, self.spacing_mm, strict=True)]
        width = 1 / min(sides)
        ring = np.rint(self.frequency / width).astype(int).ravel()
        count = int(0.5 / max(self.spacing_mm) / width + 1e-9) + 1
        keep = ring < count
        total = np.bincount(ring[keep], self.spectrum.ravel()[keep], count)
        members = np.bincount(ring[keep], minlength=count)
        middle = np.bincount(ring[keep], self.frequency.ravel()[keep], count)
        shown = (members > 0) & (np.arange(count) > 0)
        return middle[shown] / members[shown], total[shown] / members[shown]

    @property
    def mean_frequency(self) -> float:
        """Centre of mass of the radial spectrum in cycles per mm; NaN without noise."""
        frequency, power = self.radial
        return float((frequency * power).sum() / power.sum()) if power.sum() > 0 else math.nan

    @property
    def peak_frequency(self) -> float:
        """Frequency at which the radial spectrum is highest, in cycles per mm."""
        frequency, power = self.radial
        return float(frequency[int(np.argmax(power))])


def noise_power(regions: ArrayLike, spacing_mm: tuple[float, ...]) -> NoisePower:
    """Return the noise power spectrum of regions of equal size, each less its best-fitting plane.

    NPS(f) = Π(d) / Π(N) · mean |DFT(region - plane)|², with d the voxel size and N the region's size.

    Args:
        regions: ``regions *space`` of two or three spatial axes, in the image's unit.
        spacing_mm: Voxel size per axis.

    Returns:
        The spectrum. White noise of standard deviation s has s² Π(d) at all frequencies but the lowest, which the plane
        takes.

    Raises:
        NotMeasured: There is no region, or a value is not finite.

    Source: AAPM TG-233, Samei et al., Med Phys 46:e735 (2019), doi:10.1002/mp.13763; IEC 62220-1-1:2015.

    >>> white = np.random.default_rng(0).normal(scale=10.0, size=(400, 16, 16))
    >>> power = noise_power(white, (0.5, 0.5))
    >>> round(power.variance), round(float(np.median(power.spectrum)))
    (99, 25)
    """
    stack = np.asarray(regions, np.float64)
    if not len(stack):
        raise NotMeasured("there is no uniform region in which to see noise")
    if not np.isfinite(stack).all():
        raise NotMeasured("a uniform region has values that are not finite")
    flat = detrended(stack)
    axes = tuple(range(1, stack.ndim))
    scale = math.prod(spacing_mm) / math.prod(stack.shape[1:])
    spectrum = scale * (np.abs(np.fft.fftn(flat, axes=axes)) ** 2).mean(axis=0)
    grid = np.meshgrid(*(np.fft.fftfreq(n, d) for n, d in zip(stack.shape[1:], spacing_mm, strict=True)), indexing="ij")
    return NoisePower(spectrum, np.sqrt(sum(axis**2 for axis in grid)), spacing_mm, len(stack))


def detrended(regions: Floats) -> Floats:
    """Return regions less their least-squares plane.

    >>> bool(np.abs(detrended(np.indices((5, 6))[0][None].astype(float))).max() < 1e-12)
    True
    """
    axes = [np.ones(regions.shape[1:]), *(axis for axis in np.indices(regions.shape[1:]) if axis.any())]
    design = np.stack([np.asarray(axis, np.float64).ravel() for axis in axes], axis=1)
    basis, _ = np.linalg.qr(design)
    flat = regions.reshape(len(regions), -1)
    return (flat - (flat @ basis) @ basis.T).reshape(regions.shape)


def difference_noise(one: ArrayLike, other: ArrayLike) -> Floats:
    """Return the noise of one image from two of the same object with independent noise: (one - other) / √2.

    Structure cancels, so regions need not be uniform.

    Raises:
        NotMeasured: Sizes differ.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape:
        raise NotMeasured(f"two images of {first.shape} and {second.shape} have no difference")
    return (first - second) / math.sqrt(2)
