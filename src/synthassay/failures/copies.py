"""Sets that copy: one image many times, or the images that the generator was trained on, plain or disguised."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.repeat import repeat_scan
from synthassay.failures.tissue import AIR_HU, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality, Unit

ALL = (Modality.MRI, Modality.CT, Modality.XRAY, Modality.PATHOLOGY)
COLLAPSE = (5.0, 10.0, 20.0, 40.0, 60.0, 90.0)
MEMORISED = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
ONE_IS_TOO_MANY = Matter(
    1.0,
    "one image that shows a training patient is a disclosure; latent diffusion models were found to memorise 20 to 42 %"
    " of their training images",
    "arXiv:2402.01054",
)
Disguise = Callable[[Specimen], Specimen]


@failure(
    title="Mode collapse",
    unit="% of the set",
    severities=COLLAPSE,
    modalities=ALL,
    scope="set",
    matters=Matter(10.0, "a tenth of the set shows one and the same patient", OURS),
)
def mode_collapse(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """Replace ``severity`` % of the set by near copies of one of its images: simulated repeat scans of it.

    A copy keeps the case, subject and label of the image that it replaces.
    """
    order = rng.permutation(len(synthetic))
    return _collapsed(synthetic, order, severity, rng)


@failure(
    title="Collapse of one class",
    unit="% of the class",
    severities=COLLAPSE,
    modalities=ALL,
    scope="set",
    needs=("label",),
    matters=Matter(20.0, "a fifth of a class shows one and the same patient", OURS),
)
def class_collapse(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """Replace ``severity`` % of the rarest class that has at least 3 images by near copies of one image of it."""
    labels = [specimen.label for specimen in synthetic]
    sizes = {label: labels.count(label) for label in sorted(set(labels) - {""})}
    large = [label for label in sizes if sizes[label] >= 3]
    if not large:
        raise NotMeasured(f"no class has 3 images; the largest has {max(sizes.values())}")
    rarest = min(large, key=lambda label: sizes[label])
    members = np.array([place for place, label in enumerate(labels) if label == rarest])
    return _collapsed(synthetic, rng.permutation(members), severity, rng)


@failure(
    title="Memorised copies",
    unit="% of the set",
    severities=MEMORISED,
    modalities=ALL,
    scope="set",
    needs=("training",),
    matters=ONE_IS_TOO_MANY,
)
def memorised_copies(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """Replace ``severity`` % of the set, at least one image, by training images of the same class, value for value."""
    return memorised(synthetic, training, severity, rng, lambda copy: copy)


@failure(
    title="Memorised copies, flipped",
    unit="% of the set",
    severities=MEMORISED,
    modalities=ALL,
    scope="set",
    needs=("training",),
    matters=ONE_IS_TOO_MANY,
)
def memorised_flipped(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """As ``memorised_copies``, each copy mirrored left to right: x of a volume, columns of a picture."""
    return memorised(synthetic, training, severity, rng, flipped)


@failure(
    title="Memorised copies, shifted",
    unit="% of the set",
    severities=MEMORISED,
    modalities=ALL,
    scope="set",
    needs=("training",),
    matters=ONE_IS_TOO_MANY,
)
def memorised_shifted(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """As ``memorised_copies``, each copy shifted by 5 % of every axis, in whole voxels; borders are continued."""
    return memorised(synthetic, training, severity, rng, shifted)


@failure(
    title="Memorised copies, other contrast",
    unit="% of the set",
    severities=MEMORISED,
    modalities=ALL,
    scope="set",
    needs=("training",),
    matters=ONE_IS_TOO_MANY,
)
def memorised_contrast(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """As ``memorised_copies``, each copy of another contrast: a gamma of 0.7; in HU, attenuation times 1.1."""
    return memorised(synthetic, training, severity, rng, recontrasted)


def memorised(
    synthetic: Sequence[Specimen],
    training: Sequence[Specimen],
    severity: float,
    rng: np.random.Generator,
    disguise: Disguise,
) -> list[Specimen]:
    """The set with ``severity`` % of its images, at least one, replaced by disguised training images.

    No training image is copied twice while others of its class are left. A copy keeps the case, subject and label of
    the image that it replaces; where no training image has that label, any is taken.
    """
    found = list(synthetic)
    order, pool = rng.permutation(len(found)), rng.permutation(len(training)).tolist()
    labels = [training[place].label for place in pool] if any(one.label for one in found) else [""] * len(pool)
    used: dict[str, int] = {}
    for place in order[: _count(severity, len(found))]:
        replaced = found[place]
        fitting = [pick for pick, label in zip(pool, labels, strict=True) if label == replaced.label] or pool
        turn = used.get(replaced.label, 0)
        used[replaced.label] = turn + 1
        found[place] = _in_place_of(replaced, disguise(training[fitting[turn % len(fitting)]]))
    return found


def flipped(specimen: Specimen) -> Specimen:
    """Mirrored left to right, with all that is drawn on it: x of a volume (RAS+), columns of a picture."""
    axis = 0 if len(specimen.space) == 3 else len(specimen.space) - 1
    return _each(specimen, lambda array: np.ascontiguousarray(np.flip(array, axis)))


def shifted(specimen: Specimen) -> Specimen:
    """Shifted by 5 % of every axis, in whole voxels and at least one, with all that is drawn on it."""
    steps = [max(1, round(0.05 * length)) for length in specimen.space]

    def move(array: np.ndarray) -> np.ndarray:
        for axis, step in enumerate(steps):
            places = np.clip(np.arange(array.shape[axis]) - step, 0, None)
            array = np.take(array, places, axis=axis)
        return array

    return _each(specimen, move)


def recontrasted(specimen: Specimen) -> Specimen:
    """Of another contrast: a gamma of 0.7 between the least and the largest value; in HU, attenuation times 1.1."""
    pixels = specimen.pixels.astype(np.float64)
    if specimen.unit is Unit.HU:
        return with_values(specimen, (pixels - AIR_HU) * 1.1 + AIR_HU)
    low, high = float(np.nanmin(pixels)), float(np.nanmax(pixels))
    if high <= low:
        return specimen
    return with_values(specimen, low + (high - low) * ((pixels - low) / (high - low)) ** 0.7)


def _collapsed(
    synthetic: Sequence[Specimen], order: np.ndarray, severity: float, rng: np.random.Generator
) -> list[Specimen]:
    found = list(synthetic)
    shown = found[order[0]]
    for place in order[1 : 1 + _count(severity, len(order))]:
        found[place] = _in_place_of(found[place], repeat_scan(shown, rng))
    return found


def _count(percent: float, size: int) -> int:
    return int(np.clip(round(percent / 100 * size), 1, size))


def _in_place_of(replaced: Specimen, copy: Specimen) -> Specimen:
    shows = copy.shows or copy.case
    return copy.replace(case=replaced.case, subject=replaced.subject, label=replaced.label, shows=shows)


def _each(specimen: Specimen, move: Callable[[np.ndarray], np.ndarray]) -> Specimen:
    changes = {"pixels": np.stack([move(plane) for plane in specimen.pixels])}
    for name in ("mask", "structures", "lesion"):
        drawn: np.ndarray | None = getattr(specimen, name)
        if drawn is not None:
            changes[name] = move(drawn)
    return specimen.replace(**changes)
