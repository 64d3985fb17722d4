"""Whether a synthetic image can be linked to the patient whom it was made from by another image of that patient."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.proximity import ROWS_AT_ONCE
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import mean_interval

FEWEST = 5


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
) -> Finding:
    """Return the share of synthetic images that are linked to the patient whom they were made from.

    The attacker holds a gallery of real images with names, such as a hospital's archive, and gives each synthetic image
    the name of the most similar one (correlation of small patterns). The image that it was made from need not be in
    the archive: of the own patient's images the most similar one is taken out before, so that only *another* image of
    the patient counts. Images whose patient is not known, or has one real image only, cannot be linked.

    Args:
        synthetic_prints: Of the images judged; their subjects as the manifest tells them.
        training_prints: Of the generator's training images.
        test_prints: Of real test images.
        bootstrap: Draws of patients.
        rng: Source of the draws.
        holdout_prints: Of further real images.

    Returns:
        Share from 0 to 1; ``chance`` in the settings is 1 / patients of the gallery. The floor is the same attack on
        real images of the same patients: how well such images can be linked at all. An anonymous set has a share near
        chance; one near the floor identifies as well as the patients' own images do. Patients are resampled.

    Raises:
        NotMeasured: Sizes differ, or fewer than five linkable patients.

    Source:
        Packhäuser et al. 2022, doi:10.1038/s41598-022-19045-3, with plain patterns in the place of their network: a
        trained attacker does better, so the share is a lower bound.
    """
    real = [side for side in (training_prints, test_prints, holdout_prints) if side is not None]
    if len({side.patterns.shape[1:] for side in (synthetic_prints, *real)}) > 1:
        raise NotMeasured("synthetic and real images differ in size")
    gallery = np.concatenate([side.rows for side in real])
    names = np.array([subject for side in real for subject in side.subjects], str)
    several = {name for name, count in zip(*np.unique(names, return_counts=True), strict=True) if count > 1}
    owners = np.array(synthetic_prints.subjects, str)
    linkable = np.isin(owners, list(several))
    known = sorted(set(owners[linkable]))
    if len(known) < FEWEST:
        made = len(set(owners) & set(names))
        raise NotMeasured(
            f"of {made} patients whom synthetic images were made from, {len(known)} have a second real image to be "
            f"linked by; {FEWEST} are needed"
        )
    linked = _linked(synthetic_prints.rows[linkable], owners[linkable], gallery, names)
    own = np.isin(names, known)
    by_themselves = _linked(gallery[own], names[own], gallery, names)
    return Finding(
        value=float(linked.mean()),
        interval=mean_interval(linked, list(owners[linkable]), rng=rng, draws=bootstrap),
        floor=float(by_themselves.mean()),
        floor_interval=mean_interval(by_themselves, list(names[own]), rng=rng, draws=bootstrap),
        n=int(linkable.sum()),
        subjects=len(known),
        settings={
            "chance": 1 / len(set(names)),
            "gallery_images": len(names),
            "gallery_patients": len(set(names)),
            "not_linkable": int((~linkable).sum()),
        },
    )


def _linked(images: np.ndarray, owners: np.ndarray, gallery: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return 1 for each image whose best match, but for the own patient's best, is the own patient's; else 0."""
    found = np.zeros(len(images))
    for start in range(0, len(images), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        likeness = images[rows] @ gallery.T
        own = owners[rows, None] == names[None]
        strangers = np.where(own, -np.inf, likeness).max(axis=1)
        second = np.partition(np.where(own, likeness, -np.inf), -2, axis=1)[:, -2]
        found[rows] = second > strangers
    return found
