"""Images with a failure in them, beside the references that they fail; made once and used by every measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthassay.bench.material import Material
from synthassay.errors import NotMeasured
from synthassay.failures.failure import Failure
from synthassay.failures.repeat import repeat_pair
from synthassay.images.specimen import Specimen
from synthassay.randomness import stream


@dataclass(frozen=True, eq=False)
class Pairs:
    """Synthetic images beside their references, for the patients who can carry the failure.

    Attributes:
        positions: Which specimens of the material they come from.
    """

    positions: tuple[int, ...]
    synthetic: tuple[Specimen, ...]
    reference: tuple[Specimen, ...]


def undamaged(material: Material, seed: int) -> Pairs:
    """Return two simulated scans of each patient: what a faultless synthetic image and its reference would be."""
    scans = [repeat_pair(specimen, stream(seed, "repeat pair", specimen.case)) for specimen in material.specimens]
    synthetic, reference = tuple(s.synthetic for s in scans), tuple(s.reference for s in scans)
    return Pairs(tuple(range(len(scans))), synthetic, reference)


def damaged(failure: Failure, severity: float, faultless: Pairs, seed: int) -> Pairs:
    """Return the faultless pairs with one failure of one severity in the synthetic image.

    The failure's place and shape are drawn by patient alone, so a larger severity is more of the same damage. A failure
    that is something the synthetic image lacks (an erased lesion) changes the reference.

    Raises:
        NotMeasured: No image can carry the failure; the first one's reason is given.
    """
    found: list[tuple[int, Specimen, Specimen]] = []
    reason = ""
    for position, repeat, real in zip(faultless.positions, faultless.synthetic, faultless.reference, strict=True):
        names = (failure.name, real.case)
        try:
            hurt = failure.inject(repeat, severity, stream(seed, "failure", *names))
            reference = real
            if hurt.reference is not repeat:
                reference = failure.inject(real, severity, stream(seed, "failure", *names)).reference
        except NotMeasured as problem:
            reason = reason or problem.reason
            continue
        found.append((position, hurt.synthetic, reference))
    if not found:
        raise NotMeasured(f"no image can carry it: {reason}")
    positions, synthetic, references = zip(*found, strict=True)
    return Pairs(positions, synthetic, references)


def with_what_is_lacking(pairs: Pairs, faultless: Pairs) -> Pairs | None:
    """Return the undamaged pairs of a failure that changed the references: both images then hold what one lacked.

    What was put into a reference (a lesion that the synthetic image lacks) is put into the undamaged image as well, at
    the same place. None where the failure left all references as they were.
    """
    at = {position: i for i, position in enumerate(faultless.positions)}
    before = [faultless.reference[at[position]] for position in pairs.positions]
    if all(one is other for one, other in zip(pairs.reference, before, strict=True)):
        return None
    both = []
    for position, reference, real in zip(pairs.positions, pairs.reference, before, strict=True):
        repeat = faultless.synthetic[at[position]]
        pixels = repeat.pixels + (reference.pixels - real.pixels)
        both.append(repeat.replace(pixels=pixels.astype(repeat.pixels.dtype), lesion=reference.lesion))
    return Pairs(pairs.positions, tuple(both), pairs.reference)


def damaged_set(
    failure: Failure, severity: float, judged: Sequence[Specimen], training: Sequence[Specimen], seed: int
) -> list[Specimen]:
    """Return a set of images with one failure of one severity among them; the same images fail whatever the severity.

    Raises:
        NotMeasured: The set cannot carry the failure.
    """
    return failure.inject_set(judged, training, severity, stream(seed, "failure", failure.name))
