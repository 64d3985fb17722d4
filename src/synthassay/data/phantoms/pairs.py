"""One virtual head in MR and in CT, on one grid: what translation between modalities is tried on."""

from __future__ import annotations

import numpy as np

from synthassay.data.phantoms import ct, mri
from synthassay.data.phantoms.anatomy import Anatomy
from synthassay.randomness import stream


def mr_and_ct(anatomy: Anatomy, seed: int, index: int) -> tuple[str, dict[str, np.ndarray]]:
    """Return the site's name and a head as T1, T2 and CT, each with the noise and the blur of its scanner.

    MR sites and CT sites take turns together, so that neither tells more of a patient than the other.

    Args:
        anatomy: The head.
        seed: Root of the population's random numbers.
        index: Which patient.
    """
    scanner = list(mri.SCANNERS.values())[index % len(mri.SCANNERS)]
    machine = list(ct.TOMOGRAPHS.values())[index % len(ct.TOMOGRAPHS)]
    pictures = {
        contrast: mri.acquire(anatomy, scanner, contrast, stream(seed, "phantom:head-mr-ct", contrast, index))
        for contrast in ("t1", "t2")
    }
    pictures["ct"] = ct.acquire(anatomy, machine, stream(seed, "phantom:head-mr-ct", "scan", index))
    return scanner.name, pictures
