"""The dyes of a section change their colour, or their amount, while the tissue stays."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.tissue import with_values
from synthassay.images.specimen import Specimen
from synthassay.images.stain import WHITE, Stains, amounts_of, checked_rgb, optical_density, stains_of
from synthassay.records.vocabulary import Modality

FARTHEST = 40.0


@failure(
    title="Stain shift",
    unit="degrees",
    severities=(1.0, 2.0, 5.0, 8.0, 12.0, 20.0),
    modalities=(Modality.PATHOLOGY,),
    dimensions=(2,),
    matters=Matter(
        5.0,
        "slide scanners see the haematoxylin of one section 4 to 15 degrees apart, and networks trained on one of them "
        "fail on another",
        "arXiv:2301.04423",
    ),
)
def stain_shift(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Turn both stain vectors by ``severity`` degrees towards red or blue; the amounts of stain stay.

    What the two stains do not explain (pigment, ink, noise) stays as it is. A vector turns on the sphere of directions
    towards one colour axis at least 40 degrees away, so that no density becomes negative.

    Raises:
        NotMeasured: The tile is no RGB picture, or its stains cannot be told apart.
    """
    picture = checked_rgb(specimen.pixels, specimen.unit, specimen.mask)
    stains = stains_of(picture)
    far = [axis for axis in np.eye(3) if min(stains.matrix @ axis) >= 0 and _apart(stains, axis) >= FARTHEST]
    draw = float(rng.random())
    if not far:
        raise NotMeasured(f"both stains of {specimen.case or 'the tile'} lie near every colour axis")
    towards = far[int(draw * len(far))]
    turned = np.stack([_turned(vector, towards, severity) for vector in stains.matrix])
    return _restained(specimen, stains, turned, 1.0)


@failure(
    title="Stain fading",
    unit="% of the amount of stain",
    severities=(2.0, 5.0, 10.0, 20.0, 35.0, 50.0),
    modalities=(Modality.PATHOLOGY,),
    dimensions=(2,),
    matters=Matter(20.0, "a fifth less stain is seen beside a well-stained section without instruments", OURS),
)
def stain_fading(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Take ``severity`` % of both stains away everywhere; their colours stay.

    Raises:
        NotMeasured: As ``stain_shift``.
    """
    stains = stains_of(checked_rgb(specimen.pixels, specimen.unit, specimen.mask))
    return _restained(specimen, stains, stains.matrix, 1 - severity / 100)


def _restained(specimen: Specimen, stains: Stains, vectors: np.ndarray, share: float) -> Specimen:
    """The specimen with other vectors and a share of the amounts; the difference of densities is what is added."""
    picture = checked_rgb(specimen.pixels, specimen.unit)
    amounts = amounts_of(picture, stains)
    change = np.einsum("sc,sij->cij", share * vectors - stains.matrix, amounts)
    return with_values(specimen, WHITE * 10.0 ** -(optical_density(picture) + change))


def _apart(stains: Stains, axis: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((stains.matrix @ axis).max(), -1, 1))))


def _turned(vector: np.ndarray, towards: np.ndarray, degrees: float) -> np.ndarray:
    """Turn a vector of length 1 by so many degrees on the great circle towards another."""
    across = towards - (towards @ vector) * vector
    across /= np.linalg.norm(across)
    return np.asarray(np.cos(np.radians(degrees)) * vector + np.sin(np.radians(degrees)) * across)
