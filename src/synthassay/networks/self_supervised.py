"""A small encoder that learns to tell images apart, from real training images alone and without labels.

Two different views of one image (moved, enlarged, a little brighter or darker) shall lie together and views of other
images apart. Blur, noise and texture are left alone, so that the encoder goes on seeing them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from synthassay.networks.determinism import deterministic
from synthassay.randomness import derive, stream

WIDTHS = (16, 32, 64)
PROJECTION = 32
BATCH = 48
LEARNING_RATE = 2e-3
TEMPERATURE = 0.2
GRID = {2: 64, 3: 32}
LEAST_CROP = 0.6
GAIN, OFFSET = 0.1, 0.1
ENCODE_AT_ONCE = 256


class Encoder(nn.Module):
    """Three strided convolutions with group norm, and one at the last size; features are means over space.

    The features are the means of the last two stages: the coarser tell what is shown, the finer how it is textured.

    Args:
        channels: Image channels.
        dimensions: 2 for pictures, 3 for volumes, which are convolved in all three directions.
    """

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__()
        self.channels, self.dimensions = channels, dimensions
        convolution: type[nn.Module] = nn.Conv2d if dimensions == 2 else nn.Conv3d
        stages: list[nn.Module] = []
        before = channels
        for width, stride in zip((*WIDTHS, WIDTHS[-1]), (2, 2, 2, 1), strict=True):
            layers = (convolution(before, width, 3, stride=stride, padding=1), nn.GroupNorm(8, width), nn.SiLU())
            stages.append(nn.Sequential(*layers))
            before = width
        self.stages = nn.ModuleList(stages)
        self.head = nn.Sequential(nn.Linear(WIDTHS[-1], WIDTHS[-1]), nn.ReLU(), nn.Linear(WIDTHS[-1], PROJECTION))

    @property
    def features(self) -> int:
        """Number of features."""
        return WIDTHS[1] + WIDTHS[-1]

    def forward(self, images: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return ``batch features`` and, for training, ``batch projection`` of length 1.

        Args:
            images: ``batch channels *space``.
            weights: ``batch 1 *space``, 1 inside a mask and 0 outside; means are taken inside it.
        """
        kept = []
        for number, stage in enumerate(self.stages):
            images = stage(images)
            if number in (1, 3):
                kept.append(_mean(images, weights))
        return torch.cat(kept, dim=1), functional.normalize(self.head(kept[-1]), dim=1)


def _mean(maps: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return maps.flatten(2).mean(dim=2)
    pool: Any = functional.adaptive_avg_pool2d if maps.ndim == 4 else functional.adaptive_avg_pool3d
    share = pool(weights, maps.shape[2:]).flatten(2)
    return (maps.flatten(2) * share).sum(dim=2) / share.sum(dim=2).clamp_min(1e-6)


@dataclass(frozen=True, eq=False)
class LearntEncoder:
    """A trained encoder and the scale of what it was trained on.

    Attributes:
        loss: Mean contrastive loss of the last tenth of the steps, in nats; chance has ln(2 x batch - 1).
    """

    network: Encoder
    centre: float
    spread: float
    loss: float

    @torch.no_grad()
    def encode(self, images: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Return ``cases features`` of images ``cases channels *space``, inside ``cases *space`` where given."""
        out = []
        for start in range(0, len(images), ENCODE_AT_ONCE):
            rows = slice(start, start + ENCODE_AT_ONCE)
            part, weights = on_scale(images[rows], self.centre, self.spread, None if mask is None else mask[rows])
            out.append(self.network(part, weights)[0])
        return torch.cat(out).numpy().astype(np.float64)


def on_scale(images: np.ndarray, centre: float, spread: float, mask: np.ndarray | None) -> tuple[Tensor, Tensor | None]:
    """Scale images by one centre and spread, average them down to at most ``GRID`` per axis, and blank outside a mask.

    Args:
        images: ``cases channels *space``; values outside the mask are never read.
        centre: Becomes 0.
        spread: Becomes 1.
        mask: ``cases *space``; None for everywhere.

    Returns:
        Images, and the mask's share of each element, ``cases 1 *grid``.
    """
    size = tuple(min(side, GRID[images.ndim - 2]) for side in images.shape[2:])
    pool: Any = functional.adaptive_avg_pool2d if images.ndim == 4 else functional.adaptive_avg_pool3d
    scaled = (np.asarray(images, np.float32) - np.float32(centre)) / np.float32(spread)
    if mask is None:
        return pool(torch.from_numpy(scaled), size), None
    scaled = np.where(mask[:, None], scaled, np.float32(0))
    return pool(torch.from_numpy(scaled), size), pool(torch.from_numpy(mask[:, None].astype(np.float32)), size)


def learn_encoder(images: np.ndarray, *, steps: int, seed: int, mask: np.ndarray | None = None) -> LearntEncoder:
    """Train an encoder for a fixed number of steps; nothing is chosen on other images.

    Args:
        images: ``cases channels *space``: real training images, in physical units; one mean and one SD over all of
            them scale every image, never its own.
        steps: Optimiser steps.
        seed: Of weights, batches and views; the same seed gives the same encoder on the same machine.
        mask: ``cases *space``: where to look; None for everywhere.

    Source: Chen et al. 2020, arXiv 2002.05709, eq. 1 (NT-Xent), with geometric views and mild changes of brightness
    only; for copies among medical images, Dar et al. 2024, arXiv 2402.01054.
    """
    inside = images if mask is None else np.moveaxis(images, 1, -1)[mask]
    centre, spread = float(inside.mean(dtype=np.float64)), float(inside.std(dtype=np.float64)) or 1.0
    pieces = [
        on_scale(images[i : i + 256], centre, spread, None if mask is None else mask[i : i + 256])
        for i in range(0, len(images), 256)
    ]
    scaled = torch.cat([piece for piece, _ in pieces])
    batch = min(BATCH, len(images))
    losses: list[float] = []
    with deterministic(torch.device("cpu")):
        torch.manual_seed(derive(seed, "weights"))
        network = Encoder(images.shape[1], images.ndim - 2)
        optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        rng = stream(seed, "views")
        for _ in range(steps):
            chosen = scaled[torch.from_numpy(rng.choice(len(scaled), batch, replace=False))]
            views = torch.cat([view(chosen, rng), view(chosen, rng)])
            loss = contrastive_loss(network(views)[1])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
    return LearntEncoder(network.eval(), centre, spread, float(np.mean(losses[-max(1, steps // 10) :])))


def contrastive_loss(projected: Tensor) -> Tensor:
    """Return NT-Xent of ``2 x batch projection``, whose halves are two views of the same images.

    Source: Chen et al. 2020, arXiv 2002.05709, eq. 1.
    """
    count = len(projected) // 2
    likeness = projected @ projected.T / TEMPERATURE
    likeness = likeness.masked_fill(torch.eye(2 * count, dtype=torch.bool), float("-inf"))
    partner = torch.cat([torch.arange(count, 2 * count), torch.arange(count)])
    return functional.cross_entropy(likeness, partner)


def view(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Return each image cut to a random window, enlarged back to its size, a little brighter or darker.

    Views are not mirrored: mirroring moves the heart.
    """
    count, space = len(images), images.ndim - 2
    scale = rng.uniform(LEAST_CROP, 1.0, (count, 1)) * np.ones((1, space))
    shift = rng.uniform(-1, 1, (count, space)) * (1 - scale)
    matrix = np.zeros((count, space, space + 1), np.float32)
    for axis in range(space):
        matrix[:, axis, axis], matrix[:, axis, space] = scale[:, axis], shift[:, axis]
    grid = functional.affine_grid(torch.from_numpy(matrix), list(images.shape), align_corners=False)
    moved = sample(images, grid)
    each = (count,) + (1,) * (space + 1)
    gain = torch.from_numpy(rng.normal(1.0, GAIN, each).astype(np.float32))
    offset = torch.from_numpy(rng.normal(0.0, OFFSET, each).astype(np.float32))
    return moved * gain + offset


def sample(images: Tensor, grid: Tensor) -> Tensor:
    """Return images at the positions of the grid, (bi- or tri-)linearly; the border goes on outside."""
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
