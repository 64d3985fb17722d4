"""What goes into a network: batches on the model's scale, and the facts that a network is built for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Training or sampling input on the model's scale.

    Attributes:
        target: ``batch channels *space`` in [-1, 1]; None when sampling.
        source: ``batch source_channels *space`` in [-1, 1]; None for label-conditioned tasks.
        label: ``batch`` class indices (int64); None for image-conditioned tasks.
        deformed: ``batch channels *space``: the real training image whose drawing is the source, moved along with it;
            for the baseline that shows it again. None elsewhere.
    """

    target: Tensor | None = None
    source: Tensor | None = None
    label: Tensor | None = None
    deformed: Tensor | None = None

    def __len__(self) -> int:
        return next(len(value) for value in self._tensors() if value is not None)

    def split(self, size: int) -> Iterator[Batch]:
        """Yield consecutive pieces of at most ``size`` examples."""
        for start in range(0, len(self), size):
            yield Batch(*(None if v is None else v[start : start + size] for v in self._tensors()))

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(*(None if v is None else v.to(device) for v in self._tensors()))

    def _tensors(self) -> list[Tensor | None]:
        return [getattr(self, f.name) for f in fields(self)]


@dataclass(frozen=True)
class Facts:
    """What a generator is built for; the task knows it before any image is read.

    Attributes:
        channels: Channels of the target.
        source_channels: Channels of the source (k neighbouring slices count as channels); 0 without a source.
        classes: Class names in index order; empty without labels.
        space: Size per spatial axis of one example.
        drawn: What each channel of a source slice shows where the source is a drawing; empty where it is an image,
            which has the target's channels.
    """

    channels: int
    source_channels: int
    classes: tuple[str, ...]
    space: tuple[int, ...]
    drawn: tuple[str, ...] = ()


class Examples(Protocol):
    """Training examples by position; reading is lazy, and the same position always gives the same example."""

    def __len__(self) -> int: ...

    def batch(self, positions: Sequence[int]) -> Batch:
        """Return the examples at ``positions`` as one batch on the model's scale."""
        ...

    def subject(self, position: int) -> str:
        """Return whose example it is."""
        ...
