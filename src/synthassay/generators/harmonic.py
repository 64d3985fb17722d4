"""The inpainting baseline: a hole filled with the smoothest surface that meets its border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import spsolve
from torch import Tensor, nn

from synthassay.generators.base import Generator, generator
from synthassay.generators.central import central_source
from synthassay.networks.batch import Batch


@generator("harmonic", serves={"inpaint"}, source="doi:10.1145/882262.882269")
class Harmonic(Generator):
    """Solve Laplace's equation in the hole, with the known pixels around it as the border; no training.

    At the border of the picture nothing flows out. Each channel is filled for itself, slice by slice. A hole that fills
    the whole picture gets the middle of the scale.

    Source: doi:10.1145/882262.882269 (Perez et al. 2003, equation 2 with no guiding gradient).
    """

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the pictures with their holes filled."""
        images, holes = with_holes(condition, self.facts.channels, central_source(condition, self.facts))
        filled = [
            np.stack([fill(channel, hole) for channel in picture]) if hole.any() else picture
            for picture, hole in zip(images, holes, strict=True)
        ]
        return torch.from_numpy(np.stack(filled)).float().clamp(-1, 1)


def with_holes(condition: Batch, channels: int, source: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures in float64 and where their holes are, from a source whose last channel tells the hole.

    Raises:
        ValueError: The source has no such channel.
    """
    if source.shape[1] != channels + 1:
        raise ValueError("inpainting needs a source whose last channel is the hole")
    return source[:, :channels].double().numpy(), (source[:, channels] > 0).numpy()


def fill(values: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return ``rows columns`` with the discrete Laplacian 0 inside the hole.

    >>> picture = np.array([[0.0, 9.0, 9.0, 3.0]])
    >>> fill(picture, picture > 5)
    array([[0., 1., 2., 3.]])
    """
    if hole.all():
        return np.zeros_like(values)
    number = np.full(hole.shape, -1)
    number[hole] = np.arange(hole.sum())
    rows, columns, entries = [], [], []
    right, neighbours = np.zeros(int(hole.sum())), np.zeros(int(hole.sum()))
    for axis in range(values.ndim):
        for step in (1, -1):
            beside, known = np.roll(number, -step, axis), np.roll(values, -step, axis)
            inner = np.ones(hole.shape, bool)
            inner[(slice(None),) * axis + (-1 if step == 1 else 0,)] = False
            here = hole & inner
            neighbours[number[here]] += 1
            both, edge = here & (beside >= 0), here & (beside < 0)
            rows.append(number[both])
            columns.append(beside[both])
            entries.append(-np.ones(int(both.sum())))
            np.add.at(right, number[edge], known[edge])
    count = len(right)
    at = (np.concatenate([*rows, np.arange(count)]), np.concatenate([*columns, np.arange(count)]))
    laplacian = sparse.csr_matrix((np.concatenate([*entries, neighbours]), at), shape=(count, count))
    filled = values.copy()
    filled[hole] = spsolve(laplacian, right)
    return filled
