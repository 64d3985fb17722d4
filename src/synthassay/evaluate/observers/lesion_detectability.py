"""Whether an observer can still find lesions after denoising, and whether it could before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.observers.channelised import FOLDS
from synthassay.evaluate.observers.detection import LEVEL, Detection
from synthassay.evaluate.observers.inserted import KINDS, LesionView
from synthassay.evaluate.observers.reading import CHANNELS, Lesion, by_lesion, read
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better

WORDS = {"source": "before", "reference": "routine dose"}


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
    found = {
        lesion: {kind: read(views, kind, seed=seed, draws=bootstrap) for kind in KINDS}
        for lesion, views in by_lesion(inserted_lesions).items()
    }
    if not found:
        raise NotMeasured("no place in these images has room for a lesion in soft tissue")
    after, before = ([kinds[kind] for kinds in found.values()] for kind in ("synthetic", "source"))
    return [_mean(after, before), _gain(after, before), *_curve(found)]


def _mean(after: Sequence[Detection], before: Sequence[Detection]) -> Finding:
    return Finding(
        value=float(np.mean([d.dprime for d in after])),
        interval=_percentiles([d.dprime_draws for d in after]),
        floor=float(np.mean([d.dprime for d in before])),
        floor_interval=_percentiles([d.dprime_draws for d in before]),
        n=after[0].images,
        subjects=after[0].subjects,
        settings={"lesions": len(after), "floor_is": "the same lesions before denoising", **_counts(after[0])},
    )


def _gain(after: Sequence[Detection], before: Sequence[Detection]) -> Finding:
    """The same patients are drawn after and before, so that their draws are paired."""
    pairs = list(zip(after, before, strict=True))
    return Finding(
        value=float(np.mean([one.dprime - two.dprime for one, two in pairs])),
        interval=_percentiles([one.dprime_draws - two.dprime_draws for one, two in pairs]),
        stratum="gain over the source",
        n=after[0].images,
        subjects=after[0].subjects,
        settings={"lesions": len(after), **_counts(after[0])},
    )


def _curve(found: Mapping[Lesion, Mapping[str, Detection]]) -> list[Finding]:
    findings = []
    for (diameter, contrast), kinds in found.items():
        for kind, seen in kinds.items():
            stratum = f"lesion={diameter:g} mm {contrast:g} HU"
            findings.append(
                Finding(
                    value=seen.dprime,
                    interval=seen.dprime_interval,
                    stratum=stratum if kind == "synthetic" else f"{stratum}, {WORDS[kind]}",
                    n=seen.images,
                    subjects=seen.subjects,
                    settings={**_areas(seen), **_counts(seen)},
                )
            )
    return findings


def _areas(seen: Detection) -> dict[str, float]:
    areas = {"auc": round(seen.auc, 4), "auc_of_dprime": round(seen.auc_of_dprime, 4)}
    if seen.auc_interval is not None:
        areas |= {"auc_low": round(seen.auc_interval.low, 4), "auc_high": round(seen.auc_interval.high, 4)}
    return areas


def _counts(seen: Detection) -> dict[str, float]:
    return {"images_per_channel": round(seen.images / CHANNELS, 1)}


def _percentiles(draws: Sequence[np.ndarray]) -> Interval | None:
    means = np.mean(draws, axis=0)
    means = means[np.isfinite(means)]
    if not means.size:
        return None
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    method = f"bootstrap of subjects, percentile, {means.size} draws"
    return Interval(low=float(low), high=float(high), level=LEVEL, method=method)
