"""Examples cut from volumes slice by slice, each with its neighbours as channels; or volumes left whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.networks.batch import Batch

MEMORY_BYTES = 2**30
WHOLE_AXES = 5  # batch, channels and three of space: a volume made whole
WHOLE = 0  # neighbours of a generator that sees each volume whole, in three dimensions


@dataclass(frozen=True)
class Pair:
    """A source and its reference on one grid, in the unit in which the task gives images."""

    source: Image
    reference: Image


class PairMemory:
    """The pairs read last, as many as fit into a gigabyte."""

    def __init__(self, read: Callable[[str], Pair], most_bytes: int = MEMORY_BYTES) -> None:
        self._read, self._most = read, most_bytes
        self._kept: OrderedDict[str, Pair] = OrderedDict()
        self._bytes = 0

    def __call__(self, case: str) -> Pair:
        """Return the pair of a case, from memory where it is there."""
        if case in self._kept:
            self._kept.move_to_end(case)
            return self._kept[case]
        pair = self._read(case)
        self._kept[case] = pair
        self._bytes += _size(pair)
        while self._bytes > self._most and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])
        return pair


class SliceExamples:
    """Slices along the last axis of volumes (or whole pictures) with their sources, on the model's scale.

    Args:
        pairs: Reads the pair of a case.
        places: Case and slice of each example; slice 0 for pictures.
        subjects: Case to subject.
        scale: Physical values to [-1, 1].
        neighbours: Source slices per example; ``WHOLE`` takes each volume whole.
        source_scale: The source's values to [-1, 1]; ``scale`` where None.
    """

    def __init__(
        self,
        pairs: Callable[[str], Pair],
        places: Sequence[tuple[str, int]],
        subjects: dict[str, str],
        scale: IntensityScale,
        neighbours: int,
        source_scale: IntensityScale | None = None,
    ) -> None:
        self._pairs, self._places, self._subjects = pairs, tuple(places), subjects
        self._scale, self._neighbours = scale, neighbours
        self._source_scale = source_scale or scale

    def __len__(self) -> int:
        return len(self._places)

    def batch(self, positions: Sequence[int]) -> Batch:
        """Return the examples at ``positions`` as one batch on the model's scale."""
        sources, targets = [], []
        for position in positions:
            case, at = self._places[position]
            pair = self._pairs(case)
            if self._neighbours == WHOLE:
                require_size(pair.source, self._pairs(self._places[0][0]).source.space, case)
            sources.append(stacked(pair.source, [at], self._neighbours))
            targets.append(stacked(pair.reference, [at], min(self._neighbours, 1)))
        return Batch(target=to_model(targets, self._scale), source=to_model(sources, self._source_scale))

    def subject(self, position: int) -> str:
        """Return whose slice it is."""
        return self._subjects[self._places[position][0]]


def stacked(image: Image, at: Sequence[int], neighbours: int) -> np.ndarray:
    """Return ``slices (neighbours channels) rows columns``: each slice at ``at`` with those before and behind it.

    Beyond the volume's ends the last slice stands in for the missing ones. A picture has one slice. ``WHOLE`` leaves
    the image as it is, ``1 channels *space``.

    >>> volume = Image(np.arange(4.0).reshape(1, 1, 1, 4))
    >>> stacked(volume, [0, 2], 3)[:, :, 0, 0]
    array([[0., 0., 1.],
           [1., 2., 3.]])
    """
    if neighbours == WHOLE:
        return image.pixels[None]
    pixels = image.pixels if image.pixels.ndim == 4 else image.pixels[..., None]
    reach = np.arange(neighbours) - neighbours // 2
    wanted = np.clip(np.asarray(at)[:, None] + reach, 0, pixels.shape[-1] - 1)
    picked = pixels[..., wanted]  # channels x y slices neighbours
    ordered = np.moveaxis(picked, (3, 4), (0, 1))  # slices neighbours channels x y
    return ordered.reshape(len(at), -1, *pixels.shape[1:3])


def shown_slices(mask: np.ndarray, neighbours: int = 1) -> list[int]:
    """Return the slices of a mask that hold anything; a picture, and a volume left whole, has slice 0."""
    if neighbours == WHOLE:
        return [0] if mask.any() else []
    return np.flatnonzero(mask.any(axis=(0, 1))).tolist() if mask.ndim == 3 else [0]


def every_slice(image: Image, neighbours: int, scale: IntensityScale) -> Tensor:
    """Return all slices of a volume, or the one of a picture, with their neighbours, in [-1, 1]; or it whole."""
    depth = image.space[2] if len(image.space) == 3 and neighbours != WHOLE else 1
    return to_model([stacked(image, range(depth), neighbours)], scale)


def require_size(image: Image, space: Sequence[int], case: str) -> None:
    """Refuse a volume to be seen whole that has another size than the first.

    Raises:
        ImageError: It has another size.
    """
    if tuple(image.space) != tuple(space):
        what = f"has size {image.space} where the first has {tuple(space)}, and whole volumes are of one size"
        remedy = "Resample all images to one size ([data] size), or see them slice by slice (neighbours = 1)."
        raise ImageError(case, what, remedy=remedy)


def joined(generated: np.ndarray, axes: int) -> np.ndarray:
    """Return generated slices, or one whole image, as the pixels of an image of so many axes: ``channels *space``.

    >>> joined(np.zeros((5, 1, 3, 4)), 3).shape, joined(np.zeros((1, 1, 3, 4, 5)), 3).shape
    ((1, 3, 4, 5), (1, 3, 4, 5))
    """
    if generated.ndim == 2 + axes:
        return generated[0]
    return np.moveaxis(generated, 0, -1)


def to_model(pieces: Sequence[np.ndarray], scale: IntensityScale) -> Tensor:
    """Return physical slices as one float32 tensor in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(scale.to_model(np.concatenate(pieces)), dtype=np.float32))


def _size(pair: Pair) -> int:
    return pair.source.pixels.nbytes + pair.reference.pixels.nbytes
