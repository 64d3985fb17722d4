"""From the name that a study gives to its embedding, and from images with their masks to their features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.features.card import EncoderCard
from synthassay.evaluate.features.embedding import EMBEDDINGS, Embedding
from synthassay.evaluate.features.weights import WeightsEmbedding
from synthassay.evaluate.specimens import Specimens
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Features

WEIGHTS = "weights:"
AT_ONCE = 64


def embedding_called(name: str) -> Embedding:
    """Return the embedding: a registered name, or ``weights:`` and the path of an encoder's card.

    Raises:
        UnknownName: No embedding has that name.
        DataError: The card or its weights cannot be used.
    """
    if name.startswith(WEIGHTS):
        return WeightsEmbedding.of_file(Path(name.removeprefix(WEIGHTS)))
    return EMBEDDINGS.get(name)


def card_of(name: str) -> EncoderCard | None:
    """Return the card that an embedding's name points to, its weights present and of the right hash; None for others.

    Raises:
        DataError: The card or the weights cannot be used.
    """
    if not name.startswith(WEIGHTS):
        return None
    path = Path(name.removeprefix(WEIGHTS))
    card = EncoderCard.of_file(path)
    card.checked_weights(path.parent)
    return card


def identity_of(name: str) -> str:
    """Return what changes when the embedding does: its name and, for weights, the card with their hash.

    Raises:
        DataError: The card cannot be used.
    """
    if not name.startswith(WEIGHTS):
        return name
    return EncoderCard.of_file(Path(name.removeprefix(WEIGHTS))).digest()


def embed(rule: Embedding, specimens: Sequence[Specimen], unit: Unit, *, masked: bool) -> Features:
    """Return ``cases features``, raw, read image by image.

    Args:
        rule: The embedding, fitted where it learns.
        specimens: Images of one size.
        unit: What a pixel value means.
        masked: Whether to look inside each image's mask alone.

    Raises:
        NotMeasured: Images differ in size, or a value that is looked at is not finite.
    """
    return np.concatenate(
        [
            rule.features(images, spacing=spacing, unit=unit, mask=mask)
            for images, mask, spacing in batches(specimens, masked=masked)
        ]
    )


def batches(
    specimens: Sequence[Specimen], *, masked: bool
) -> Iterator[tuple[np.ndarray, np.ndarray | None, tuple[float, ...]]]:
    """Yield images ``cases channels *space`` of one spacing, with their masks and that spacing.

    Raises:
        NotMeasured: Images differ in size, or a value that is looked at is not finite.
    """
    shape: tuple[int, ...] | None = None
    held: list[Specimen] = []
    for specimen in _with_masks_alone(specimens):
        if shape is not None and specimen.pixels.shape != shape:
            raise NotMeasured(
                f"it compares sets of images of one size, and {specimen.case} has {specimen.pixels.shape} where others "
                f"have {shape}"
            )
        shape = specimen.pixels.shape
        _check_finite(specimen, masked)
        if held and (len(held) == AT_ONCE or specimen.spacing_mm != held[0].spacing_mm):
            yield _together(held, masked)
            held = []
        held.append(specimen)
    if held:
        yield _together(held, masked)


def stacked(specimens: Sequence[Specimen], *, masked: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """Return all images ``cases channels *space`` and, where asked for, their masks ``cases *space``.

    Raises:
        NotMeasured: Images differ in size, or a value that is looked at is not finite.
    """
    parts = list(batches(specimens, masked=masked))
    masks = [mask for _, mask, _ in parts if mask is not None]
    return np.concatenate([images for images, _, _ in parts]), np.concatenate(masks) if masks else None


def have_masks(specimens: Sequence[Specimen]) -> bool:
    """Whether every image has a mask that holds something."""
    return all(specimen.mask is not None and specimen.mask.any() for specimen in _with_masks_alone(specimens))


def _with_masks_alone(specimens: Sequence[Specimen]) -> Sequence[Specimen]:
    """The same images without what else is drawn on them, which would be read, or drawn by a network, for nothing."""
    if not isinstance(specimens, Specimens):
        return specimens
    return replace(specimens, drawn={role: drawn for role, drawn in specimens.drawn.items() if role == "mask"})


def _together(held: Sequence[Specimen], masked: bool) -> tuple[np.ndarray, np.ndarray | None, tuple[float, ...]]:
    images = np.stack([specimen.pixels for specimen in held]).astype(np.float32)
    mask = np.stack([specimen.mask for specimen in held if specimen.mask is not None]) if masked else None
    return images, mask, held[0].spacing_mm


def _check_finite(specimen: Specimen, masked: bool) -> None:
    seen = specimen.pixels
    if masked:
        if specimen.mask is None:
            raise ImageError(specimen.case, "has no mask where the others have one")
        seen = seen[:, specimen.mask]
    bad = int((~np.isfinite(seen)).sum())
    if bad:
        raise NotMeasured(f"{bad} values of {specimen.case} are not finite")
