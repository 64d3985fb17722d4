"""Multi-scale structural similarity as the SynthRAD2025 challenge computes it, for comparison with its tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.multi_scale import K1, K2, SLAB_VALUES, WEIGHTS
from synthassay.evaluate.fidelity.pair import quiet_outside
from synthassay.evaluate.fidelity.windows import Floats, Window, window_means
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask

LOW_HU, HIGH_HU = -1024.0, 3000.0
LEAST_SIDE = 97
WINDOW = Window(size=7)


@metric(
    title="Multi-scale structural similarity as in SynthRAD2025",
    axis=Axis.FIDELITY,
    better=Better.HIGHER,
    unit="1",
    per="case",
    source="arXiv:2605.13555",
    only=Unit.HU,
    settings={
        "clipping": f"{LOW_HU:g} to {HIGH_HU:g} HU",
        "outside_the_mask": f"{LOW_HU:g} HU",
        "window": WINDOW.size,
        "weights": "uniform",
        "covariance": "sample (n - 1)",
        "k1": K1,
        "k2": K2,
        "scales": len(WEIGHTS),
        "scale_weights": ", ".join(f"{weight:g}" for weight in WEIGHTS),
        "exponents": "applied per voxel, before the mean over the mask",
        "luminance": "at every scale",
        "padding": f"edge values, to {LEAST_SIDE} voxels along each axis",
        "halving": "2x2x2 means that begin one voxel early, where there are zeros; the mask by every other voxel",
    },
)
def ms_ssim_synthrad(synthetic: Pixels, reference: Pixels, unit: Unit, mask: SpatialMask | None = None) -> float:
    """Return the challenge's number, whose rules differ from the definition that it names.

    It raises each voxel's similarity to the power of the scale's weight and then averages, where the definition
    averages first; it lets luminance in at every scale, where the definition does so at the last; and its coarser
    scales have a dark rim on three sides. A volume shifted by 100 HU scores 0.993 so, and 0.997 with luminance at the
    last scale. Use ``ms_ssim`` for anything but comparison with the challenge. Its two published programs clip at 3000
    and at 3071 HU; this follows the first.

    Args:
        synthetic: ``1 x y z`` in HU.
        reference: ``1 x y z`` in HU.
        unit: What a pixel means.
        mask: ``x y z``: the body; the whole volume where None, for which the challenge's program stops.

    Returns:
        From 0 to 1.

    Raises:
        NotMeasured: The images are not in HU or not volumes of one channel; at some scale the mask is empty three
            voxels inside the border, where the challenge's program gives NaN; or as in ``mae``.

    Source:
        SynthRAD2025 challenge report, arXiv:2605.13555; Wang et al. 2003, doi:10.1109/ACSSC.2003.1292216, is what it
        names.

    Example:
        >>> real = np.linspace(-1000.0, 1000.0, 20**3).reshape(1, 20, 20, 20)
        >>> round(ms_ssim_synthrad(real + 100, real, Unit.HU), 4)
        0.9119
    """
    if unit is not Unit.HU:
        raise NotMeasured("the SynthRAD2025 similarity needs Hounsfield units")
    if synthetic.ndim != 4 or len(synthetic) != 1:
        raise NotMeasured(
            f"the SynthRAD2025 similarity is of volumes with one channel, and its size is {synthetic.shape}"
        )
    where = np.ones(synthetic.shape[1:], bool) if mask is None else mask
    pair = quiet_outside(synthetic, reference, where, LOW_HU)
    padding = [_padding(side) for side in where.shape]
    one, two = (np.pad(_shifted(picture[0], where), padding, mode="edge") for picture in pair)
    where = np.pad(where, padding, mode="edge")
    found = 1.0
    for scale, weight in enumerate(WEIGHTS):
        found *= min(_mean(one, two, where, weight, scale), 1.0)
        one, two, where = _halved(one), _halved(two), where[::2, ::2, ::2]
    return found


def _shifted(values: np.ndarray, where: SpatialMask) -> Floats:
    """Clip, and count from the low end of the range; outside the mask 0."""
    return np.where(where, np.clip(values.astype(np.float64), LOW_HU, HIGH_HU) - LOW_HU, 0.0)


def _padding(side: int) -> tuple[int, int]:
    missing = max(0, LEAST_SIDE - side)
    return missing // 2, missing - missing // 2


def _halved(values: Floats) -> Floats:
    """Means of each voxel of even index and the one before it, which is 0 before the first."""
    for axis in range(values.ndim):
        moved = np.moveaxis(values, axis, 0)
        even = moved[::2].copy()
        even[1:] += moved[1 : 2 * len(even) - 2 : 2]
        values = np.moveaxis(even, 0, axis)
    return values / 8


def _mean(one: Floats, two: Floats, where: SpatialMask, weight: float, scale: int) -> float:
    half = WINDOW.size // 2
    centres = where[(slice(half, -half),) * 3]
    if not centres.any():
        raise NotMeasured(
            f"its mask is empty at scale {scale + 1} of {len(WEIGHTS)}, {half} voxels inside the border, where the "
            "challenge's program gives NaN"
        )
    total, start = 0.0, 0
    for piece in _maps(one, two):
        total += float((piece[centres[start : start + len(piece)]] ** weight).sum())
        start += len(piece)
    return total / int(centres.sum())


def _maps(one: Floats, two: Floats) -> Iterator[Floats]:
    """Luminance, contrast and structure, each at least 0, multiplied: all are raised to the same weight."""
    halo, span = WINDOW.size - 1, HIGH_HU - LOW_HU
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    factor = WINDOW.size**3 / (WINDOW.size**3 - 1)
    step = max(1, SLAB_VALUES // one[0].size)
    for start in range(0, len(one) - halo, step):
        first, second = (v[start : start + step + halo] for v in (one, two))
        mean_one, mean_two = window_means(first, WINDOW), window_means(second, WINDOW)
        product, squares = mean_one * mean_two, mean_one**2 + mean_two**2
        variance_one = factor * (window_means(first**2, WINDOW) - mean_one**2)
        variance_two = factor * (window_means(second**2, WINDOW) - mean_two**2)
        covariance = factor * (window_means(first * second, WINDOW) - product)
        spreads = np.sqrt(np.maximum(variance_one, 0.0) * np.maximum(variance_two, 0.0))
        luminance = (2 * product + c1) / (squares + c1)
        contrast = (2 * spreads + c2) / (variance_one + variance_two + c2)
        structure = (covariance + c2 / 2) / (spreads + c2 / 2)
        yield luminance * contrast * np.maximum(structure, 0.0)
