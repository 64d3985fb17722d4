"""Distance of local structure between an image and the image that it was made from."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.mind import SETTINGS, mean_difference
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Pixels, SpatialMask


@metric(
    title="MIND distance to the source",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="1",
    per="case",
    source="doi:10.1016/j.media.2012.05.008",
    settings={**SETTINGS, "channels": "each with each where their numbers differ"},
)
def mind_distance_to_source(synthetic: Pixels, source: Pixels, mask: SpatialMask | None = None) -> float:
    """Return the mean absolute difference of the descriptors of the image and of its source.

    It needs no reference: anatomy that the source does not show, and anatomy of the source that is lost, raise it.
    Contrasts differ truly in what they show, so the number of the real reference against the same source, not 0, is
    what a faithful image would have. A source that was resampled or noisy raises it.

    Args:
        synthetic: ``channels *space``.
        source: ``channels *space``, of any contrast; the channels may be others.
        mask: ``*space``; the whole picture where None.

    Returns:
        From 0 to 1.

    Raises:
        NotMeasured: As in ``mind_distance``.

    Source:
        Heinrich et al., Med Image Anal 16:1423 (2012), doi:10.1016/j.media.2012.05.008, eqs. 4 to 7.

    Example:
        >>> source = np.random.default_rng(0).normal(size=(1, 12, 12))
        >>> round(mind_distance_to_source(5 - 2 * source, source), 9)
        0.0
    """
    if synthetic.shape[1:] != source.shape[1:]:
        raise NotMeasured(f"its size is {synthetic.shape[1:]} but its source has {source.shape[1:]}")
    if mask is not None and mask.shape != synthetic.shape[1:]:
        raise NotMeasured(f"its size is {synthetic.shape[1:]} but its mask has {mask.shape}")
    if mask is not None and not mask.any():
        raise NotMeasured("its mask is empty")
    quiet = [_quiet(picture, mask, name) for picture, name in ((synthetic, "it"), (source, "its source"))]
    return mean_difference(quiet[0], quiet[1], mask, ("it", "its source"))


def _quiet(picture: Pixels, mask: SpatialMask | None, name: str) -> Pixels:
    seen = np.isfinite(picture)
    if seen.all():
        return picture
    bad = int((~seen).sum() if mask is None else (~seen[:, mask]).sum())
    if bad:
        raise NotMeasured(f"{name} has {bad} values{'' if mask is None else ' inside the mask'} that are not finite")
    return np.where(seen, picture, 0.0)
