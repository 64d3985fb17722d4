"""The downstream network of segmentation: a lean MONAI U-Net, its fixed training, and classical augmentation of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.determinism import deterministic
from synthassay.randomness import derive, stream

WIDTHS = (16, 32, 64)
STRIDES = (2, 2)
BATCH = 4
CROP = {2: 64, 3: 32}
LEARNING_RATE = 5e-3
WEIGHT_DECAY = 1e-4
TURN, GROW, GAIN, SHIFT = 10.0, 0.1, 0.15, 0.15  # degrees, relative size, log contrast, brightness in SD of the image


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image on a common scale and its class indices, 0 for no structure.

    Attributes:
        pixels: ``channels *space``, float32, standard deviation near 1.
        classes: ``*space``.
    """

    pixels: np.ndarray
    classes: np.ndarray


def new_outliner(channels: int, classes: int, dimensions: int, seed: int) -> nn.Module:
    """Return an untrained MONAI U-Net of three levels; equal seeds give equal weights.

    Source: Cardoso et al. 2022, arXiv:2211.02701 (MONAI); Kerfoot et al. 2019, doi:10.1007/978-3-030-12029-0_40.
    """
    from monai.networks.nets.unet import UNet

    with torch.random.fork_rng():
        torch.manual_seed(derive(seed, "weights"))
        return UNet(dimensions, channels, classes, WIDTHS, STRIDES, num_res_units=0, norm="batch")


def fit_outliner(
    model: nn.Module, cases: Sequence[Drawn], *, steps: int, seed: int, augment: bool = False
) -> nn.Module:
    """Train a network for a fixed number of steps, with nothing chosen on other data; it is changed in place.

    AdamW with one cycle of the learning rate on crops of at most 32 voxels (64 pixels) a side, every second of which
    is laid around a voxel of a structure; soft Dice loss plus cross-entropy, as MONAI has them. However many cases
    there are, each step sees ``BATCH`` crops: a larger set is not a longer training.

    Args:
        model: As ``new_outliner`` gave it, or trained before.
        cases: Images of equal dimensions with their classes.
        steps: Optimiser steps.
        seed: Of crops and augmentation.
        augment: Turn (10 degrees), scale (10 %), and change contrast and brightness of each crop at random.
    """
    from monai.losses.dice import DiceCELoss

    loss = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True)
    inside = [np.argwhere(case.classes > 0) for case in cases]
    rng = stream(seed, "crops")
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=max(steps, 2))
    with deterministic(torch.device("cpu")):
        model.train()
        for _ in range(steps):
            images, classes = _batch(cases, inside, rng)
            if augment:
                images, classes = augmented(images, classes, rng)
            optimiser.zero_grad()
            loss(model(images), classes).backward()
            optimiser.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def outline(model: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """Return class indices ``*space`` for ``channels *space`` of any size."""
    multiple = math.prod(STRIDES)
    padding = [wide for side in reversed(pixels.shape[1:]) for wide in (0, -side % multiple)]
    image = torch.from_numpy(np.ascontiguousarray(pixels, np.float32))[None]
    logits = model(F.pad(image, padding, mode="replicate") if any(padding) else image)[0]
    found: np.ndarray = logits.argmax(0).numpy()
    return found[tuple(slice(side) for side in pixels.shape[1:])]


def augmented(images: Tensor, classes: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return crops and their classes after classical augmentation, each crop in its own way.

    Rotation about each axis up to 10 degrees, size up to 10 %, contrast by a factor within exp(+-0.15), brightness
    within +-0.15 standard deviations. Nothing is mirrored: left and right have different names.
    """
    dimensions = images.ndim - 2
    sides = torch.tensor(images.shape[2:], dtype=torch.float32)
    moves = torch.stack([_move(dimensions, sides, rng) for _ in range(len(images))])
    grid = F.affine_grid(moves, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    labels = F.grid_sample(classes.float(), grid, mode="nearest", padding_mode="border", align_corners=False)
    shape = (len(images), *[1] * (images.ndim - 1))
    gain = torch.from_numpy(np.exp(rng.uniform(-GAIN, GAIN, shape))).float()
    shift = torch.from_numpy(rng.uniform(-SHIFT, SHIFT, shape)).float()
    return moved * gain + shift, labels.round().long()


def _move(dimensions: int, sides: Tensor, rng: np.random.Generator) -> Tensor:
    """A map from output to input places in grid_sample's units: half a side, axes in reverse order."""
    turned = np.eye(dimensions)
    for first in range(dimensions):
        for second in range(first + 1, dimensions):
            angle = np.deg2rad(rng.uniform(-TURN, TURN))
            turn = np.eye(dimensions)
            turn[[first, second], [first, second]] = np.cos(angle)
            turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
            turned = turned @ turn
    turned *= 1 / (1 + rng.uniform(-GROW, GROW))
    backwards = sides.flip(0).double().numpy()
    scaled = turned * backwards[None, :] / backwards[:, None]
    return torch.from_numpy(np.concatenate([scaled, np.zeros((dimensions, 1))], axis=1)).float()


def _batch(cases: Sequence[Drawn], inside: Sequence[np.ndarray], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    images, classes = [], []
    chosen = rng.integers(len(cases), size=BATCH)
    size = np.min([cases[i].classes.shape for i in chosen], axis=0)
    multiple = math.prod(STRIDES)
    size = np.maximum(np.minimum(CROP[len(size)], size) // multiple * multiple, 1)
    for row, i in enumerate(chosen):
        room = np.array(cases[i].classes.shape) - size
        start = rng.integers(room + 1)
        if row % 2 == 0 and len(inside[i]):
            centre = inside[i][rng.integers(len(inside[i]))]
            start = np.clip(centre - rng.integers(size), 0, room)
        window = tuple(slice(s, s + side) for s, side in zip(start, size, strict=True))
        images.append(cases[i].pixels[(slice(None), *window)])
        classes.append(cases[i].classes[window][None])
    whole = torch.from_numpy(np.stack(classes).astype(np.int64))
    return torch.from_numpy(np.stack(images).astype(np.float32)), whole
