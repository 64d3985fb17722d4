"""Low-dose CT: the noise that fewer photons would have added, made in the projection domain.

Filtered back-projection is linear, so a low-dose image is the routine image plus the reconstruction of the missing
noise: the routine image keeps its resolution, and streaks appear along directions of high attenuation.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Real

from synthassay.data.parallel_beam import Kernel, ParallelBeam
from synthassay.errors import ImageError

INCIDENT_PHOTONS = 1.5e4
"""Photons per detector element and view at routine dose, *effective at the voxel size* of the image that is given."""

KEV = 70.0
"""Effective energy of a filtered 120 kV beam behind a head or a trunk."""

HounsfieldUnits: TypeAlias = Real[np.ndarray, "x y"] | Real[np.ndarray, "x y z"]
_SLICES_AT_ONCE = 32
_WATER_KEV = (30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0)
_WATER_PER_CM = (0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1505)


def water_attenuation(kev: float) -> float:
    """Return the linear attenuation of water, in 1/mm, interpolated log-log in energy.

    Raises:
        ImageError: The energy is outside 30 to 150 keV, where the table ends.

    Source: Hubbell & Seltzer, NISTIR 5632 (1995), doi:10.18434/T4D01F, table for liquid water at 1 g/cm3.

    >>> round(water_attenuation(60.0), 5)
    0.02059
    """
    if not _WATER_KEV[0] <= kev <= _WATER_KEV[-1]:
        raise ImageError("kev", "is outside the table of water's attenuation, 30 to 150 keV", value=kev)
    log = np.interp(math.log(kev), np.log(_WATER_KEV), np.log(_WATER_PER_CM))
    return float(np.exp(log)) / 10


def simulate_low_dose(
    hu: HounsfieldUnits,
    *,
    spacing_mm: tuple[float, ...],
    dose_fraction: float,
    rng: np.random.Generator,
    incident_photons: float = INCIDENT_PHOTONS,
    electronic_sd: float = 0.0,
    kev: float = KEV,
    kernel: Kernel = "ramp",
) -> Float[np.ndarray, "..."]:
    """Return the image that ``dose_fraction`` of the routine photons would have given.

    With ``N = incident_photons * exp(-p)`` photons behind line integral ``p``, the log signal's variance is
    ``1/N + electronic_sd**2 / N**2``. At dose fraction f, N becomes f N; the image already holds the routine noise, so
    noise of variance ``(1/f - 1)/N + (1/f**2 - 1) electronic_sd**2 / N**2`` is added to each ray, as a Poisson count to
    first order in the logarithm. It has mean zero exactly; the log's own bias (1/2N, photon starvation) is left out.

    Args:
        hu: Routine-dose slice ``x y`` or volume ``x y z`` in HU; z is the axis of the table.
        spacing_mm: Pixel size in millimetres per axis of ``hu``.
        dose_fraction: Share of the routine dose, above 0 and at most 1.
        rng: Where the noise is drawn from, slice by slice along z.
        incident_photons: Photons per detector element and view at routine dose. An element is one voxel wide and
            high, so this is an effective number at this voxel size: to average 4x4x4 voxels into one is to need far
            more real photons, and a tube current cannot be read from it.
        electronic_sd: Standard deviation of the read-out, in photons; 0 for a photon-counting detector.
        kev: Effective energy, which sets the attenuation of water.
        kernel: Reconstruction kernel of the noise: ``ramp`` sharp, ``hann`` soft.

    Returns:
        float32 HU of the input's shape, unbiased around ``hu``, not clipped.

    Raises:
        ImageError: Values are not finite, sizes do not match, or dose, photons or noise are impossible.

    Source: Yu et al. 2012, doi:10.1097/RCT.0b013e318258e891 (validated noise insertion); Zeng et al. 2015,
        doi:10.1109/TNS.2015.2467219 (electronic noise); Kak & Slaney 1988, equation 5.31 (noise through FBP).
    """
    if not 0 < dose_fraction <= 1:
        raise ImageError("dose_fraction", "must be above 0 and at most 1", value=dose_fraction)
    routine, extra = 1 / dose_fraction - 1, 1 / dose_fraction**2 - 1
    if routine == 0:
        return np.array(hu, np.float32)
    return _with_noise(hu, spacing_mm, rng, _Beam(incident_photons, electronic_sd, kev, kernel), (routine, extra))


def acquire(
    hu: HounsfieldUnits,
    *,
    spacing_mm: tuple[float, ...],
    rng: np.random.Generator,
    incident_photons: float = INCIDENT_PHOTONS,
    electronic_sd: float = 0.0,
    kev: float = KEV,
    kernel: Kernel = "ramp",
) -> Float[np.ndarray, "..."]:
    """Return a noise-free phantom as ``incident_photons`` per detector element would show it.

    Arguments, result and errors are those of ``simulate_low_dose``; here the noise is the whole noise of the scan.
    """
    return _with_noise(hu, spacing_mm, rng, _Beam(incident_photons, electronic_sd, kev, kernel), (1.0, 1.0))


class _Beam:
    """What the noise of a ray depends on, checked once."""

    def __init__(self, photons: float, electronic_sd: float, kev: float, kernel: Kernel) -> None:
        if not (math.isfinite(photons) and photons > 0):
            raise ImageError("incident_photons", "must be a positive number", value=photons)
        if not (math.isfinite(electronic_sd) and electronic_sd >= 0):
            raise ImageError("electronic_sd", "must be 0 or more photons", value=electronic_sd)
        self.photons, self.electronic_sd, self.kernel = photons, electronic_sd, kernel
        self.water = water_attenuation(kev)

    def noise(self, p: np.ndarray, quantum: float, electronic: float, rng: np.random.Generator) -> np.ndarray:
        """Draw log-signal noise of variance ``quantum / N + electronic * electronic_sd**2 / N**2`` for each ray."""
        expected = self.photons * np.exp(-p.astype(np.float64))
        counts = expected / quantum
        drawn = 1 - rng.poisson(counts) / counts
        if self.electronic_sd > 0:
            drawn += math.sqrt(electronic) * self.electronic_sd / expected * rng.standard_normal(p.shape)
        return drawn.astype(np.float32)


def _with_noise(
    hu: HounsfieldUnits,
    spacing_mm: tuple[float, ...],
    rng: np.random.Generator,
    beam: _Beam,
    shares: tuple[float, float],
) -> np.ndarray:
    volume = _as_volume(hu, spacing_mm)
    scanner = ParallelBeam((volume.shape[0], volume.shape[1]), (float(spacing_mm[0]), float(spacing_mm[1])))
    out = np.array(volume, np.float32)
    for start in range(0, volume.shape[2], _SLICES_AT_ONCE):
        part = out[..., start : start + _SLICES_AT_ONCE]
        integrals = scanner.project(np.clip(beam.water * (1 + part / 1000), 0, None))
        noise = np.empty_like(integrals)
        for i in range(part.shape[2]):  # slice by slice, so that the noise does not depend on the block size
            noise[..., i] = beam.noise(integrals[..., i], *shares, rng)
        part += scanner.reconstruct(noise, beam.kernel) * (1000 / beam.water)
    return out.reshape(hu.shape)


def _as_volume(hu: HounsfieldUnits, spacing_mm: tuple[float, ...]) -> np.ndarray:
    if hu.ndim not in (2, 3) or len(spacing_mm) != hu.ndim:
        raise ImageError(
            "CT image",
            "needs axes x y or x y z and one spacing in mm for each",
            value=f"shape {hu.shape}, spacing {spacing_mm}",
        )
    if not np.isfinite(hu).all():
        raise ImageError(
            "CT image", "has values that are not finite", remedy="Repair or exclude it; noise needs HU everywhere."
        )
    return hu if hu.ndim == 3 else hu[..., None]
