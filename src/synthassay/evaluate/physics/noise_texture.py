"""Whether noise has kept its grain and its strength."""

from __future__ import annotations

import math

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import metric
from synthassay.evaluate.physics.noise_power import noise_power
from synthassay.evaluate.physics.regions import SETTINGS, uniform_regions
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask

GRAIN, PEAK, STRENGTH = "quantity=mean frequency", "quantity=peak frequency", "quantity=standard deviation"


@metric(
    title="Noise texture, synthetic over real",
    axis=Axis.FAILURE,
    better=Better.TARGET,
    target=1.0,
    unit="1",
    per="case",
    source="doi:10.1002/mp.13763",
    strata=(GRAIN, STRENGTH, PEAK),
    settings=SETTINGS,
)
def noise_texture(
    synthetic: Pixels, reference: Pixels, mask: SpatialMask, spacing_mm: tuple[float, ...]
) -> dict[str, float]:
    """Return how the noise power spectrum of uniform regions compares with the real image's in the same regions.

    A mean frequency below 1 is noise smoothed into blotches; above 1, noise sharpened. A standard deviation below 1 is
    noise removed. Both must be read together: a denoised image that looks natural has less noise of the same grain.

    Args:
        synthetic: ``channels *space``.
        reference: ``channels *space``.
        mask: ``*space``: where the subject is.
        spacing_mm: Voxel size.

    Returns:
        Ratios of mean frequency, of standard deviation and of peak frequency, 1 at best, above 0. Where the synthetic
        image has no noise at all only the standard deviation's ratio, 0.

    Raises:
        NotMeasured: No voxel size, too few uniform regions, a real image without noise, or values that are not finite.

    Source:
        AAPM TG-233, Samei et al., Med Phys 46:e735 (2019), doi:10.1002/mp.13763 (noise magnitude, mean and peak
        frequency of the radially averaged noise power spectrum).

    Example:
        >>> real = np.random.default_rng(0).normal(size=(1, 64, 64))
        >>> blotches = (real + np.roll(real, 1, 1) + np.roll(real, 1, 2)) / 3
        >>> found = noise_texture(blotches, real, np.ones((64, 64), bool), (1.0, 1.0))
        >>> {name: round(value, 2) for name, value in found.items()}
        {'quantity=standard deviation': 0.54, 'quantity=mean frequency': 0.83, 'quantity=peak frequency': 0.54}
    """
    regions = uniform_regions(synthetic, reference, mask, spacing_mm)
    plane = spacing_mm[:2]
    made, real = noise_power(regions.synthetic, plane), noise_power(regions.reference, plane)
    if not real.variance > 0:
        raise NotMeasured("the real image has no noise in its uniform regions to compare with")
    found = {STRENGTH: math.sqrt(made.variance / real.variance)}
    if made.variance > np.finfo(np.float64).eps * real.variance:
        found[GRAIN] = made.mean_frequency / real.mean_frequency
        found[PEAK] = made.peak_frequency / real.peak_frequency
    return found
