"""Whether a synthetic image can be linked to the training patient whom it was made from by another image of theirs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import ROWS_AT_ONCE, Floats
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better
from synthassay.shapes import Features
from synthassay.stats.resampling import mean_interval, share_interval

FEWEST = 5
NOBODY = -1

Numbers = NDArray[np.intp]
Rows = NDArray[np.floating]


@metric(
    title="Re-identified patients",
    axis=Axis.LEAKAGE,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="doi:10.1038/s41598-022-19045-3",
    settings={
        "attack": "the patient of the most similar real image of a gallery of all patients",
        "left_out": "of the own patient's real images the most similar one, which may be the source",
        "control": "patients' names exchanged between the synthetic images",
        "shown": "share linked less the control's",
    },
)
def patient_reidentification(
    synthetic_prints: Prints,
    training_prints: Prints,
    test_prints: Prints,
    bootstrap: int,
    rng: np.random.Generator,
    *,
    holdout_prints: Prints | None = None,
    synthetic_features: Features | None = None,
    training_features: Features | None = None,
    test_features: Features | None = None,
    holdout_features: Features | None = None,
) -> list[Finding]:
    """Return how many more synthetic images than by chance are linked to the training patient they were made from.

    The attacker holds a gallery of real images with names, such as a hospital's archive, and gives each synthetic image
    the name of the most similar one (row without a stratum: correlation of small patterns; ``attack=embedding``:
    distance of features). The image that it was made from need not be in
    the archive: of the own patient's images the most similar one is taken out before, so that only *another* image of
    the patient counts; images of a patient with the same pixels are one image. Held-out patients stand in the gallery
    as strangers. Images whose training patient is not known, or has one real image only, cannot be linked.

    Args:
        synthetic_prints: Of the images judged; their subjects as the manifest tells them.
        training_prints: Of the generator's training images.
        test_prints: Of real test images.
        bootstrap: Draws of patients.
        rng: Source of the draws.
        holdout_prints: Of further real images.
        synthetic_features: ``cases features``, where there is an embedding.
        training_features: Likewise.
        test_features: Likewise.
        holdout_features: Likewise.

    Returns:
        Share linked less the control's share, from -1 to 1, about 0 where images tell no more of their own patient than
        of another. The control is the mean over all ways to exchange the patients' names between the images, counted
        and not drawn: patients with many images in the gallery are hit more often than 1 / patients. The floor is the
        same for the patients' own real images: how well such images can be linked at all. Patients are resampled.

    Raises:
        NotMeasured: Sizes differ, no source is known, or fewer than five linkable patients.

    Source:
        Packhäuser et al. 2022, doi:10.1038/s41598-022-19045-3, with plain patterns in the place of their network: a
        trained attacker does better, so the share is a lower bound.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> faces = np.repeat(rng.normal(size=(20, 64)), 2, axis=0)
        >>> def prints(of):
        ...     rows = of + rng.normal(scale=0.3, size=of.shape)
        ...     rows = (rows - rows.mean(1, keepdims=True)) / rows.std(1, keepdims=True) / 8
        ...     names = tuple(str(i) for i in range(len(of)))
        ...     return Prints(rows.reshape(-1, 1, 8, 8), names, names, tuple(f"p{i // 2}" for i in range(len(of))))
        >>> strangers = Prints(rng.normal(size=(9, 1, 8, 8)) / 8, tuple("abcdefghi"), (), tuple("abcdefghi"))
        >>> found = patient_reidentification(prints(faces), prints(faces), strangers, 100, rng)[0]
        >>> round(found.value, 3), round(found.settings["linked"], 3), round(found.settings["by_chance"], 3)
        (0.95, 1.0, 0.05)
    """
    real = [side for side in (training_prints, test_prints, holdout_prints) if side is not None]
    if len({side.patterns.shape[1:] for side in (synthetic_prints, *real)}) > 1:
        raise NotMeasured("synthetic and real images differ in size")
    gallery = _gallery(real)
    subjects = np.array(synthetic_prints.subjects, str)
    made = np.isin(subjects, training_prints.subjects)
    linkable = made & np.isin(subjects, gallery.names[gallery.counts > 1])
    _enough(len(set(subjects[made])), len(set(subjects[linkable])))
    owners = np.searchsorted(gallery.names, subjects[linkable])
    left_out = {"left_out_source_unknown": int((~made).sum()), "left_out_single_image": int((made & ~linkable).sum())}
    rows = [_row("", synthetic_prints.rows[linkable], owners, gallery, left_out, bootstrap, rng)]
    held = [] if holdout_prints is None else [holdout_features]
    known = [side for side in (training_features, test_features, *held) if side is not None]
    if synthetic_features is not None and len(known) == len(real):
        features = np.concatenate(known)[gallery.positions]
        if not (np.isfinite(features).all() and np.isfinite(synthetic_features).all()):
            return [*rows, Finding(stratum="attack=embedding", not_measured="a feature is not finite")]
        described = replace(gallery, rows=_answering(features), asked=_asked(features))
        judged = _asked(synthetic_features[linkable])
        rows.append(_row("attack=embedding", judged, owners, described, left_out, bootstrap, rng))
    return rows


@dataclass(frozen=True)
class _Gallery:
    """Real images with the number of each one's patient.

    Attributes:
        rows: ``images values``, whose products with a judged image's rank the images by likeness to it.
        asked: The same images as rows of judged ones.
        positions: Where each image stands among all real images.
        names: Of the patients, sorted; ``counts`` are images per patient.
    """

    rows: Rows
    asked: Rows
    positions: Numbers
    owner: Numbers
    names: NDArray[np.str_]
    counts: Numbers


@dataclass(frozen=True)
class _Links:
    linked: float
    by_chance: float
    interval: Interval | None

    @property
    def excess(self) -> float:
        return self.linked - self.by_chance


def _gallery(real: list[Prints]) -> _Gallery:
    """Return all real images, those of one patient with the same pixels once."""
    keys = [key for side in real for key in zip(side.subjects, side.hashes, strict=True)]
    first = np.array(sorted({key: at for at, key in reversed(list(enumerate(keys)))}.values()), np.intp)
    owners = np.array([subject for subject, _ in keys], str)[first]
    names, owner, counts = np.unique(owners, return_inverse=True, return_counts=True)
    rows = np.concatenate([side.rows for side in real])[first]
    return _Gallery(rows, rows, first, owner, names, counts)


def _asked(features: Features) -> Rows:
    return np.column_stack([features, np.ones(len(features))])


def _answering(features: Features) -> Rows:
    """Return rows whose products with those asked rank images by distance: x.g - |g|^2 / 2.

    >>> real = np.array([[0.5], [1.25], [9.0]])
    >>> int((_asked(np.array([[1.0]])) @ _answering(real).T).argmax())
    1
    """
    return np.column_stack([features, -(features**2).sum(axis=1) / 2])


def _enough(patients: int, linkable: int) -> None:
    if not patients:
        raise NotMeasured("no synthetic image tells a training patient whom it was made from")
    if linkable < FEWEST:
        raise NotMeasured(
            f"of {patients} training patients whom synthetic images were made from, {linkable} have a second real "
            f"image to be linked by; {FEWEST} are needed"
        )


def _row(
    stratum: str,
    images: Rows,
    owners: Numbers,
    gallery: _Gallery,
    left_out: dict[str, int],
    bootstrap: int,
    rng: np.random.Generator,
) -> Finding:
    own = np.isin(gallery.owner, owners)
    judged = _links(images, owners, gallery, bootstrap, rng)
    themselves = _links(gallery.asked[own], gallery.owner[own], gallery, bootstrap, rng)
    return Finding(
        value=judged.excess,
        interval=judged.interval,
        floor=themselves.excess,
        floor_interval=themselves.interval,
        stratum=stratum,
        n=len(images),
        subjects=len(set(owners.tolist())),
        settings={
            "linked": judged.linked,
            "by_chance": judged.by_chance,
            "gallery_images": len(gallery.rows),
            "gallery_patients": len(gallery.names),
            **left_out,
        },
    )


def _links(images: Rows, owners: Numbers, gallery: _Gallery, bootstrap: int, rng: np.random.Generator) -> _Links:
    claimed = _claimed(images, gallery)
    hits = (claimed == owners).astype(np.float64)
    share = np.bincount(owners, minlength=len(gallery.names)) / len(owners)
    chance = np.where(claimed == NOBODY, 0.0, share[claimed])
    return _Links(float(hits.mean()), float(chance.mean()), _interval(hits, chance, owners, bootstrap, rng))


def _interval(
    hits: Floats, chance: Floats, owners: Numbers, bootstrap: int, rng: np.random.Generator
) -> Interval | None:
    if hits.min() < hits.max():
        return mean_interval(hits - chance, [str(owner) for owner in owners], rng=rng, draws=bootstrap)
    # none or all of the patients linked has no spread to resample; the exact bound over patients holds
    patients = len(set(owners.tolist()))
    exact = share_interval(int(hits[0]) * patients, patients)
    by_chance = float(chance.mean())
    return exact.model_copy(update={"low": exact.low - by_chance, "high": exact.high - by_chance})


def _claimed(images: Rows, gallery: _Gallery) -> Numbers:
    """Return, per image, the one patient to whom it would be linked if it were theirs, or ``NOBODY``.

    A patient's best match is taken out before the search, so only the patient of the best match of all can be linked:
    any other would lose to it. Whether they are is whether their second image still beats every stranger's.
    """
    found = np.full(len(images), NOBODY)
    for start in range(0, len(images), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        likeness = images[rows] @ gallery.rows.T
        best = gallery.owner[likeness.argmax(axis=1)]
        own = best[:, None] == gallery.owner[None]
        strangers = np.where(own, -np.inf, likeness).max(axis=1)
        second = np.partition(np.where(own, likeness, -np.inf), -2, axis=1)[:, -2]
        found[rows] = np.where(second > strangers, best, NOBODY)
    return found
