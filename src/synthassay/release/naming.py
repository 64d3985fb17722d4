"""New names for released images: numbers in an order that nobody can undo without the run folder."""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.images.labelling import SyntheticLabel
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Modality
from synthassay.release.source import Source

LEAST_DIGITS = 4
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Named:
    """One image of the run under its name in the release.

    Attributes:
        name: ``syn0001`` and so on.
        made: The image as the run lists it.
        entry: The same without anybody's identifier; path and hash are set when it is written.
    """

    name: str
    made: SyntheticImage
    entry: SyntheticImage


def named_images(source: Source) -> tuple[Named, ...]:
    """Return the run's images under new names, ordered by a keyed hash of their old ones.

    The name of an image that shows a patient's source is built from that patient's, and its seed is a hash of that
    name: either would let anybody who guesses a patient's identifier prove the guess. Both are replaced by values that
    only the run's holder can compute.
    """
    images = sorted(source.manifest.images, key=lambda image: source.pseudonyms.keyed(image.case))
    digits = max(LEAST_DIGITS, len(str(len(images))))
    return tuple(_named(f"syn{i:0{digits}d}", image, source.pseudonyms) for i, image in enumerate(images, 1))


def label_of(manifest: Manifest, case: str, seed: int, modality: Modality) -> SyntheticLabel:
    """Return the label that an image of a released manifest carries: anybody can compute it again."""
    return SyntheticLabel(
        study=manifest.study,
        generator=manifest.generator,
        software=manifest.software,
        seed=seed,
        case=case,
        weights_sha256=manifest.weights_sha256,
        modality=modality,
    )


def _named(name: str, image: SyntheticImage, pseudonyms: Pseudonyms) -> Named:
    shown = bool(image.source_subjects or image.reference_case)
    seed = int(pseudonyms.keyed(f"seed\0{image.case}"), 16) & LARGEST_SEED if shown else image.seed
    entry = SyntheticImage(
        case=name,
        path=name,
        sha256="0" * 64,
        seed=seed,
        condition={k: v if k == "label" else pseudonyms.said(v) for k, v in image.condition.items()},
        label=image.label,
        source_subjects=tuple(sorted(pseudonyms.subject(subject) for subject in image.source_subjects)),
        reference_case=pseudonyms.case(image.reference_case) if image.reference_case else "",
        structures=image.structures,
        lesion=image.lesion,
    )
    return Named(name, image, entry)
