"""Images too large for a network at once, taken in overlapping patches whose answers are blended without seams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product

import torch
from torch import Tensor

from synthassay.networks.dimensions import cut_out


def blended(
    answer: Callable[..., Tensor], images: Sequence[Tensor], sides: Sequence[int], overlap: float = 0.5
) -> Tensor:
    """Return what a network answers to images larger than its patches: a weighted mean of the patches' answers.

    Along each axis the weight of a patch rises linearly over its overlap with the patch before, falls over that with
    the one behind, and is divided by the sum over all patches there. Weights of a place sum to 1, so that a network
    which sees one pixel at a time answers as it does to the whole image. Sums are kept in 64 bits and rounded once.
    Only one patch of each image is in the network at a time: what grows with the image is the answer in 64 bits alone.

    Args:
        answer: Maps a patch of each of ``images``, ``batch channels *sides``, to ``batch channels_out *sides``.
        images: Tensors of one size, ``batch channels *space``.
        sides: Size of a patch per spatial axis.
        overlap: Least share of a patch's side that it has in common with the next, in [0, 1).

    Raises:
        ValueError: A patch is larger than the images, or the overlap is out of range.

    Source:
        Ronneberger et al. 2015, arXiv:1505.04597, section 2 (overlapping tiles); Isensee et al. 2021,
        doi:10.1038/s41592-020-01008-z (weights that fall towards a patch's border; Gaussian there).

    >>> ramp = torch.arange(7.0).reshape(1, 1, 1, 7)
    >>> blended(lambda patch: 2 * patch, [ramp], (1, 4))[0, 0, 0]
    tensor([ 0.,  2.,  4.,  6.,  8., 10., 12.])
    """
    space = tuple(images[0].shape[2:])
    axes = [axis_weights(space[i], sides[i], overlap) for i in range(len(space))]
    total: Tensor | None = None
    for starts, weight in _patches(axes):
        made = answer(*(cut_out(image, starts, sides) for image in images))
        if total is None:
            total = torch.zeros((*made.shape[:2], *space), dtype=torch.float64, device=made.device)
        cut_out(total, starts, sides).add_(made.double() * weight.to(made.device))
    if total is None:
        raise ValueError("there is no image to take patches of")
    return total.to(images[0].dtype)


def axis_starts(length: int, side: int, overlap: float) -> list[int]:
    """Return where patches begin along an axis: the fewest that overlap enough, evenly spread from end to end.

    Patches move on by one pixel at least.

    Raises:
        ValueError: The patch is longer than the axis, or the overlap is out of range.

    >>> axis_starts(10, 4, 0.5), axis_starts(10, 4, 0.0), axis_starts(4, 4, 0.5)
    ([0, 2, 4, 6], [0, 3, 6], [0])
    """
    if not 1 <= side <= length or not 0 <= overlap < 1:
        raise ValueError(f"patches of {side} with overlap {overlap:g} do not fit an axis of {length}")
    step = max(1, math.floor(side * (1 - overlap)))
    count = -(-(length - side) // step) + 1
    return [i * (length - side) // max(count - 1, 1) for i in range(count)]


def axis_weights(length: int, side: int, overlap: float) -> list[tuple[int, Tensor]]:
    """Return the start and the weights, ``side`` in 64 bits, of each patch along an axis; weights of a place sum to 1.

    >>> [(start, weight.tolist()) for start, weight in axis_weights(6, 4, 0.5)]
    [(0, [1.0, 1.0, 0.6666666666666666, 0.3333333333333333]), (2, [0.3333333333333333, 0.6666666666666666, 1.0, 1.0])]
    """
    starts = axis_starts(length, side, overlap)
    from_border = torch.arange(1, side + 1, dtype=torch.float64)
    hats, sums = [], torch.zeros(length, dtype=torch.float64)
    for i, start in enumerate(starts):
        hat = torch.ones(side, dtype=torch.float64)
        if i > 0:
            hat = hat.minimum(from_border / (starts[i - 1] + side - start + 1))
        if i + 1 < len(starts):
            hat = hat.minimum(from_border.flip(0) / (start + side - starts[i + 1] + 1))
        hats.append(hat)
        sums[start : start + side] += hat
    return [(start, hat / sums[start : start + side]) for start, hat in zip(starts, hats, strict=True)]


def _patches(axes: Sequence[list[tuple[int, Tensor]]]) -> Iterator[tuple[tuple[int, ...], Tensor]]:
    for chosen in product(*axes):
        weight = torch.ones((), dtype=torch.float64)
        for _, along in chosen:
            weight = weight[..., None] * along
        yield tuple(start for start, _ in chosen), weight
