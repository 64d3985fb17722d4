"""Power by spatial frequency against the reference: oversmoothing and invented texture, band by band."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.spectrum import RIM, Floats, box_of, hann, radial_power, shells
from synthassay.evaluate.fidelity.stencil import spacing_or_square
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, Spatial, SpatialMask

BANDS = {"band=low": (0.0, 1 / 3), "band=mid": (1 / 3, 2 / 3), "band=high": (2 / 3, 1.0)}


@metric(
    title="Spectral fidelity",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=0.0,
    unit="log2 ratio of power",
    per="case",
    source="arXiv:2003.01826",
    strata=tuple(BANDS),
    settings={
        "bands": "thirds of the coarsest axis' Nyquist frequency",
        "window": f"Hann over the mask's bounding box; falls to 0 over {RIM} pixels at the mask's outline",
        "mean": "subtracted",
        "average": "mean over shells of the log2 ratio of each shell's mean power",
        "spacing_unknown": "pixels are taken as square",
    },
)
def spectral_fidelity(
    synthetic: Pixels, reference: Pixels, spacing_mm: tuple[float, ...], mask: SpatialMask | None = None
) -> dict[str, float]:
    """Return, per band of frequencies, log2 of the power of the synthetic image over that of the reference.

    Frequencies are physical (cycles per mm), so voxels may be longer than wide; what lies beyond the Nyquist frequency
    of the coarsest axis is left out, as not all axes have it. Each shell of equal frequency has the same say in its
    band, since otherwise the lowest frequencies would be all that counts. Channels are averaged.

    Args:
        synthetic: ``channels *space`` in physical units.
        reference: ``channels *space`` in the same units.
        spacing_mm: Size of a pixel along each axis; empty where unknown.
        mask: ``*space``; the whole picture where None.

    Returns:
        Band to log2 ratio: -1 where the synthetic image has half the power, 0 at best. Gaussian blur of SD s mm gives
        -4 pi^2 s^2 f^2 / ln 2 at f cycles per mm.

    Raises:
        NotMeasured: One of the images is constant; the image is too small for three bands; the mask is too thin for a
            window; or as in ``mae``.

    Source:
        Durall, Keuper and Keuper, CVPR 2020, arXiv:2003.01826, section 3.1 (radial power spectrum of generated
        images), with window and physical frequencies.

    Example:
        >>> real = np.random.default_rng(0).normal(size=(1, 32, 32))
        >>> {band: round(value, 9) for band, value in spectral_fidelity(2 * real, real, (1.0, 1.0)).items()}
        {'band=low': 2.0, 'band=mid': 2.0, 'band=high': 2.0}
    """
    first, second = quiet_outside(synthetic, reference, mask, 0.0)
    spacing = spacing_or_square(spacing_mm, first.shape[1:])
    drawn = np.ones(first.shape[1:], bool) if mask is None else mask
    box = box_of(drawn)
    width, count = shells(drawn[box].shape, spacing)
    share = width * np.arange(1, count + 1) * 2 * max(spacing)
    members = {band: (share > low + 1e-9) & (share <= high + 1e-6) for band, (low, high) in BANDS.items()}
    if not all(member.any() for member in members.values()):
        raise NotMeasured(f"it is too small: only {count} frequencies lie between 0 and the coarsest axis' Nyquist")
    window = hann(drawn[box])
    ratios = []
    for one, two in zip(first, second, strict=True):
        powers = [_power(one[box], window, spacing, "it"), _power(two[box], window, spacing, "its reference")]
        ratios.append(np.log2(powers[0] / powers[1]))
    mean = np.mean(ratios, axis=0)
    return {band: float(mean[member].mean()) for band, member in members.items()}


def _power(values: Spatial, window: Floats, spacing: tuple[float, ...], name: str) -> Floats:
    seen = values[window > 0]
    if (seen == seen[0]).all():
        raise NotMeasured(f"{name} is constant inside the mask, so that it has no power")
    return radial_power(values, window, spacing)
