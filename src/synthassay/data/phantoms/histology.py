"""How a stained section becomes a picture: Beer-Lambert mixing of two dyes, a laboratory's stains, a slide scanner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from scipy import ndimage

from synthassay.data.phantoms.tissue_section import Section

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Laboratory:
    """One site's staining and scanner.

    Attributes:
        haematoxylin, eosin: Optical density per unit of dye in red, green and blue.
        strength: Amount of each dye relative to the section's.
        white: Value of empty glass in red, green and blue, out of 255.
        blur_um: Standard deviation of the objective's point spread.
        noise: Standard deviation of the camera, in grey values.
    """

    name: str
    haematoxylin: Vector
    eosin: Vector
    strength: tuple[float, float]
    white: Vector
    blur_um: float
    noise: float


# North: Ruifrok & Johnston 2001 (Anal Quant Cytol Histol 23:291). Harbour: the reference of Macenko 2009,
# doi:10.1109/ISBI.2009.5193250. Valley: Ruifrok's haematoxylin with the yellower eosin of eosin-phloxine.
LABORATORIES: dict[str, Laboratory] = {
    lab.name: lab
    for lab in (
        Laboratory("north-lab", (0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.85, 0.62), (243, 241, 244), 0.45, 1.5),
        Laboratory(
            "harbour-lab", (0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581), (1.0, 0.75), (248, 248, 247), 0.6, 2.5
        ),
        Laboratory("valley-lab", (0.65, 0.70, 0.29), (0.13, 0.93, 0.34), (1.1, 0.85), (232, 230, 222), 0.9, 3.0),
    )
}


def optical_density(section: Section, lab: Laboratory) -> Float[np.ndarray, "rows columns channels"]:
    """Return ``-log10(I / white)``: each dye's amount times its vector, summed (Beer-Lambert).

    Source: Ruifrok & Johnston 2001, equation 2. Vectors have length 1.
    """
    vectors = [np.array(v) / np.linalg.norm(v) for v in (lab.haematoxylin, lab.eosin)]
    amounts = (section.haematoxylin, section.eosin)
    pairs = zip(amounts, lab.strength, vectors, strict=True)
    return np.sum([amount[..., None] * strength * vector for amount, strength, vector in pairs], axis=0)


def scan(section: Section, lab: Laboratory, rng: np.random.Generator) -> UInt8[np.ndarray, "rows columns channels"]:
    """Return the RGB tile: light through the dyes, the objective's blur on intensity, camera noise."""
    light = np.array(lab.white) * 10.0 ** -optical_density(section, lab)
    sigma = lab.blur_um / section.mpp
    seen = ndimage.gaussian_filter(light, (sigma, sigma, 0), mode="nearest")
    return np.clip(np.rint(seen + lab.noise * rng.standard_normal(seen.shape)), 0, 255).astype(np.uint8)
