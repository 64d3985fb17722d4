"""Tiles of stained sections between the model's scale and grey levels, for the baselines that know of dyes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from synthassay.networks.batch import Examples

TILES = 64


def levels(tile: Tensor) -> np.ndarray:
    """Return grey levels of 0 to 255 in float64 for a tile in [-1, 1]; nothing is rounded.

    >>> levels(torch.tensor([-1.0, 0.0, 1.0]))
    array([  0. , 127.5, 255. ])
    """
    found: np.ndarray = (tile.double().cpu().numpy() + 1) * 127.5
    return found


def each_tile(source: Tensor, change: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """Return each tile of ``batch 3 rows columns`` after ``change``, which takes and gives levels of 0 to 255."""
    made = [np.clip(change(levels(tile)), 0, 255) / 127.5 - 1 for tile in source]
    return torch.from_numpy(np.stack(made)).float().to(source.device)


def target_tiles(examples: Examples, rng: torch.Generator, count: int = TILES) -> np.ndarray:
    """Return training targets side by side, as one wide picture ``3 rows columns`` of 0 to 255."""
    chosen = torch.randperm(len(examples), generator=rng)[:count].tolist()
    target = examples.batch(chosen).target
    assert target is not None, "training examples have targets"
    return np.concatenate([levels(tile) for tile in target], axis=-1)
