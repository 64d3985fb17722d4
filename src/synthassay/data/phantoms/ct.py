"""Computed tomography of a phantom head: Hounsfield units by tissue, blur, and quantum noise by dose."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from synthassay.data import dose
from synthassay.data.parallel_beam import Kernel
from synthassay.data.phantoms.anatomy import Anatomy, Tissue
from synthassay.data.phantoms.fields import smooth_field

# Soft tissues: Osborn, Essentials of Osborn's Brain (2019); bone and marrow of the vault: Lillie 2015,
# doi:10.1002/jmri.24865 and Schneider 1996, doi:10.1088/0031-9155/41/1/009.
HOUNSFIELD: dict[Tissue, float] = {
    Tissue.AIR: -1000.0,
    Tissue.MUSCLE: 55.0,
    Tissue.FAT: -90.0,
    Tissue.BONE: 1100.0,
    Tissue.MARROW: 350.0,
    Tissue.CSF: 8.0,
    Tissue.GREY: 37.0,
    Tissue.WHITE: 27.0,
    Tissue.DEEP_GREY: 38.0,
    Tissue.PLAQUE: 22.0,
    Tissue.TUMOUR: 42.0,
    Tissue.OEDEMA: 18.0,
}


@dataclass(frozen=True)
class Tomograph:
    """One site's CT.

    Attributes:
        photons: Incident photons per detector element and view at routine dose, effective at 2 mm voxels.
        blur_mm: Full width at half maximum of the point spread.
        kernel: Reconstruction kernel, which colours the noise.
    """

    name: str
    photons: float
    blur_mm: float
    kernel: Kernel


TOMOGRAPHS: dict[str, Tomograph] = {
    machine.name: machine
    for machine in (
        Tomograph("north-ct", 6.0e5, 2.0, "hann"),
        Tomograph("harbour-ct", 2.5e6, 1.4, "ramp"),
        Tomograph("valley-ct", 4.0e5, 2.8, "hann"),
    )
}


def attenuation(anatomy: Anatomy, rng: np.random.Generator) -> Float[np.ndarray, "x y z"]:
    """Return the noise-free phantom in HU: tissues mixed by volume, bone mineral varying by some 8 %."""
    table = np.array([HOUNSFIELD[tissue] for tissue in Tissue], np.float32)
    hu = np.tensordot(table, anatomy.fractions, axes=(0, 0))
    mineral = 80.0 * smooth_field(rng, anatomy.grid.axes(), 22.0, 140.0)
    return hu + (mineral + rng.normal(0, 60)).astype(np.float32) * anatomy.fractions[Tissue.BONE]


def acquire(
    anatomy: Anatomy, machine: Tomograph, rng: np.random.Generator, *, dose_fraction: float = 1.0
) -> Float[np.ndarray, "x y z"]:
    """Return the CT in HU as ``machine`` shows it at a share of its routine dose.

    Args:
        anatomy: The patient.
        machine: The site's CT.
        rng: Draws the patient's bone mineral first, then the noise.
        dose_fraction: Photons relative to routine; above 0, may exceed 1.
    """
    width = machine.blur_mm / math.sqrt(8 * math.log(2))
    sharp = attenuation(anatomy, rng)
    blurred = ndimage.gaussian_filter(sharp, [width / step for step in anatomy.grid.spacing_mm], cval=-1000.0)
    return dose.acquire(
        blurred,
        spacing_mm=anatomy.grid.spacing_mm,
        rng=rng,
        incident_photons=machine.photons * dose_fraction,
        kernel=machine.kernel,
    )
