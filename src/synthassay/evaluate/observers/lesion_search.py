"""Whether an observer that does not know where a lesion is finds it after denoising, and whether it did before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.observers.channelised import FOLDS, Fold, folds_of
from synthassay.evaluate.observers.curve import Reading, curve
from synthassay.evaluate.observers.inserted import KINDS, LesionView
from synthassay.evaluate.observers.reading import CHANNELS, by_lesion, pictures_of
from synthassay.evaluate.observers.retraining import subject_interval
from synthassay.evaluate.observers.scanning import disc, most_suspicious, scan, search, within
from synthassay.randomness import stream
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import LEAST_SUBJECTS, subject_counts

REACH = 1.5  # of the template, in diameters
Floats = NDArray[np.float64]


@metric(
    title="Inserted lesions found, place unknown",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1118/1.597758",
    settings={
        "observer": "scanning channelised Hotelling, trained and tested on different patients",
        "channels": f"{CHANNELS} Laguerre-Gauss, as wide as the lesion",
        "folds": FOLDS,
        "intervals": "draw patients anew and keep the observers as trained",
        "searched": "a disc of radius a quarter of the patch around the lesion",
        "found": "within half a diameter, or one pixel, of the lesion's centre",
    },
)
def lesion_search(inserted_lesions: Sequence[LesionView], seed: int, bootstrap: int) -> list[Finding]:
    """Return the area under the localisation ROC curve of an observer that scans for inserted lesions.

    The observer's template is moved over a disc around each place; its highest response is the rating and its place the
    answer. The area is the chance that an image with a lesion is rated above one without *and* the lesion is where the
    observer points.

    Args:
        inserted_lesions: Views of each lesion with and without it, in synthetic, source and reference images.
        seed: Root seed of folds and draws.
        bootstrap: Draws of patients per interval.

    Returns:
        First the mean over all lesions in synthetic images (as floor, before denoising), and its gain over the source;
        then one finding per lesion and kind of image, with the share of lesions pointed at and the AUC that ignores
        place in the settings. From 0 to 1; chance is one over about twice the number of places that differ.

    Raises:
        NotMeasured: Too few sites to train the observer on other patients.

    Source:
        Swensson, Med Phys 23:1709 (1996), doi:10.1118/1.597758.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> lesion = np.pad(np.full((3, 3), 60.0), 15)
        >>> noise = rng.normal(scale=40.0, size=(60, 33, 33))
        >>> views = [LesionView(f"c{i}", f"p{i}", f"c{i}", 12.0, 60.0, (4.0, 4.0), dict.fromkeys(KINDS, n),
        ...          dict.fromkeys(KINDS, n + lesion)) for i, n in enumerate(noise)]
        >>> [round(f.value, 2) for f in lesion_search(views, 1, 200)][:2]
        [0.88, 0.0]
    """
    return curve(
        {
            lesion: {kind: _searched(views, kind, seed, bootstrap) for kind in KINDS}
            for lesion, views in by_lesion(inserted_lesions).items()
        }
    )


def _searched(views: Sequence[LesionView], kind: str, seed: int, draws: int) -> Reading:
    shown = pictures_of(views, kind)
    ratings, found = np.empty((2, len(views))), np.empty((2, len(views)), bool)
    for fold in folds_of(shown.absent, shown.present, shown.subjects, seed=seed):
        template = _template(fold, shown.channels, views[0])
        for at in np.flatnonzero(fold.test).tolist():
            for side, pictures in enumerate((views[at].absent, views[at].present)):
                ratings[side, at], found[side, at] = _point(pictures[kind], template, views[at])
    result = search(ratings[0], ratings[1], found[1])
    won = ((ratings[1][:, None] > ratings[0]) + 0.5 * (ratings[1][:, None] == ratings[0])) * found[1][:, None]
    drawn, left_out = _drawn(won, shown.subjects, stream(seed, "observer draws"), draws)
    settings = {"auc": round(result.auc, 4), "located": round(result.located, 4)}
    interval = subject_interval(drawn, result.lroc, left_out)
    return Reading(result.lroc, interval, drawn, left_out, len(views), len(set(shown.subjects)), settings)


def _template(fold: Fold, channels: Floats, view: LesionView) -> Floats:
    whole = np.tensordot(fold.weights, channels, axes=1)
    sides = []
    for size, step in zip(whole.shape, view.spacing_mm, strict=True):
        reach = min(int(np.ceil(REACH * view.diameter_mm / step)), size // 2)
        sides.append(slice(size // 2 - reach, size // 2 + reach + 1))
    cut = whole[tuple(sides)]
    centred: Floats = cut - cut.mean()
    return centred


def _point(picture: Floats, template: Floats, view: LesionView) -> tuple[float, bool]:
    rows, columns = picture.shape
    radius = min(n // 2 * step for n, step in zip(picture.shape, view.spacing_mm, strict=True)) / 2
    rating, place = most_suspicious(scan(picture, template), disc((rows, columns), view.spacing_mm, radius))
    tolerance = max(view.diameter_mm / 2, *view.spacing_mm)
    return rating, within(place, (rows // 2, columns // 2), view.spacing_mm, tolerance)


def _drawn(won: Floats, subjects: Sequence[str], rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
    """The area per draw of patients, and with each left out; both sides of a pair are drawn."""
    names, owner = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    if len(names) < LEAST_SUBJECTS:
        return np.empty(0), np.empty(0)
    counts = np.concatenate([subject_counts(len(names), draws, rng), 1 - np.eye(len(names))])
    weights = counts[:, owner]
    areas: Floats = ((weights @ won) * weights).sum(axis=1) / weights.sum(axis=1) ** 2
    return areas[:draws], areas[draws:]
