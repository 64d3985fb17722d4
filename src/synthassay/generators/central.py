"""The central slice of stacked neighbouring slices, and examples read piece by piece, for the classical baselines."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from synthassay.networks.batch import Batch, Examples, Facts

FLOOR = -1.0  # lowest value of the model's scale: background of skull-stripped or masked images


def central_source(batch: Batch, facts: Facts) -> Tensor:
    """Return ``batch channels *space``: the source's central slice, with all channels that a slice has.

    Raises:
        ValueError: The batch has no source.
    """
    if batch.source is None:
        raise ValueError("this baseline changes a source image: the condition has none")
    width = channels_per_slice(facts)
    first = (facts.source_channels // width) // 2 * width
    return batch.source[:, first : first + width]


def channels_per_slice(facts: Facts) -> int:
    """Return the channels of one source slice: those of a drawing, or as many as the target has."""
    return len(facts.drawn) or facts.channels


def pairs(examples: Examples, facts: Facts, positions: list[int] | None = None) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (central source, target) of the examples in pieces of at most 64; all of them without ``positions``."""
    chosen = list(range(len(examples))) if positions is None else positions
    for start in range(0, len(chosen), 64):
        batch = examples.batch(chosen[start : start + 64])
        assert batch.target is not None, "training examples have targets"
        yield central_source(batch, facts), batch.target
