"""Whether an observer can still find lesions after denoising, and whether it could before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np  # noqa: F401  (the example uses it)

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.observers.channelised import FOLDS
from synthassay.evaluate.observers.curve import Reading, curve
from synthassay.evaluate.observers.detection import Detection
from synthassay.evaluate.observers.inserted import KINDS, LesionView
from synthassay.evaluate.observers.reading import CHANNELS, by_lesion, read
from synthassay.records.vocabulary import Axis, Better


@metric(
    title="Detectability of inserted lesions d'",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="SD of ratings",
    per="set",
    source="doi:10.1364/JOSAA.20.001725",
    settings={
        "observer": "channelised Hotelling, trained and tested on different patients",
        "channels": f"{CHANNELS} Laguerre-Gauss, as wide as the lesion",
        "folds": FOLDS,
        "task": "lesion, place and size known; a ball seen in the slice through its centre",
    },
)
def lesion_detectability(inserted_lesions: Sequence[LesionView], seed: int, bootstrap: int) -> list[Finding]:
    """Return d' of a model observer for lesions that were added before the generator saw the image.

    For each diameter and contrast the observer is trained on some patients' images with and without the lesion, and
    rates those of others: after denoising, before it, and at routine dose. A generator that lowers every error and
    erases lesions has a lower d' after than before.

    Args:
        inserted_lesions: Views of each lesion with and without it, in synthetic, source and reference images.
        seed: Root seed of folds and draws.
        bootstrap: Draws of patients per interval.

    Returns:
        First the mean d' over all lesions in synthetic images (beside it, as floor, before denoising), and how much it
        gains over the source; then one finding per lesion and kind of image, with its AUC in the settings: the
        contrast-detail curve. d' is at least about 0, without upper bound.

    Raises:
        NotMeasured: Too few sites to train the observer on other patients.

    Source:
        Gallas and Barrett, J Opt Soc Am A 20:1725 (2003), doi:10.1364/JOSAA.20.001725; for CT: Samei et al., Med Phys
        46:e735 (2019), doi:10.1002/mp.13763.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> lesion = np.pad(np.full((3, 3), 40.0), 8)
        >>> noise = rng.normal(scale=40.0, size=(60, 19, 19))
        >>> kinds = {"synthetic": 1.0, "source": 1.0, "reference": 0.5}
        >>> views = [LesionView(f"c{i}", f"p{i}", f"c{i}", 12.0, 40.0, (4.0, 4.0),
        ...          {kind: scale * n for kind, scale in kinds.items()},
        ...          {kind: scale * n + lesion for kind, scale in kinds.items()}) for i, n in enumerate(noise)]
        >>> [round(f.value, 2) for f in lesion_detectability(views, 1, 200)]
        [2.93, 0.0, 2.93, 2.93, 5.86]
    """
    return curve(
        {
            lesion: {kind: _reading(read(views, kind, seed=seed, draws=bootstrap)) for kind in KINDS}
            for lesion, views in by_lesion(inserted_lesions).items()
        }
    )


def _reading(seen: Detection) -> Reading:
    areas = {"auc": round(seen.auc, 4), "auc_of_dprime": round(seen.auc_of_dprime, 4)}
    if seen.auc_interval is not None:
        areas |= {"auc_low": round(seen.auc_interval.low, 4), "auc_high": round(seen.auc_interval.high, 4)}
    return Reading(
        seen.dprime, seen.dprime_interval, seen.dprime_draws, seen.dprime_left_out, seen.images, seen.subjects, areas
    )
