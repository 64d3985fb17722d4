"""A small convolutional classifier and its fixed training: the instrument that utility measures read."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from synthassay.networks.determinism import deterministic
from synthassay.randomness import derive, stream

WIDTHS = (16, 32, 64)
BATCH = 64
LEARNING_RATE = 2e-3
SHIFT_SHARE = 16  # training images are moved by up to one sixteenth of their size
GRID = {2: 64, 3: 32}


class SmallClassifier(nn.Module):
    """Three strided convolutions and one at the last size, group norm, average pooling, one linear layer.

    Args:
        channels: Image channels.
        classes: Number of classes.
        dimensions: 2 for pictures, 3 for volumes.
    """

    def __init__(self, channels: int, classes: int, dimensions: int) -> None:
        super().__init__()
        convolution: type[nn.Module] = nn.Conv2d if dimensions == 2 else nn.Conv3d
        layers: list[nn.Module] = []
        before = channels
        for width, stride in zip((*WIDTHS, WIDTHS[-1]), (2, 2, 2, 1), strict=True):
            layers += [convolution(before, width, 3, stride=stride, padding=1), nn.GroupNorm(8, width), nn.ReLU()]
            before = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(before, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``batch classes`` for ``batch channels *space``."""
        return self.head(self.body(images).flatten(2).mean(dim=2))


def fit_classifier(images: np.ndarray, labels: np.ndarray, classes: int, *, steps: int, seed: int) -> SmallClassifier:
    """Train a classifier for a fixed number of steps, each class equally often, with nothing chosen on other data.

    Adam with a cosine to zero; images are shifted a little, never mirrored (mirroring moves the heart). Every set is
    trained for the same number of steps, so that a larger set is not a longer training.

    Args:
        images: ``cases channels *space`` on a common scale near [-1, 1].
        labels: Class index per case; every class must occur.
        classes: Number of classes.
        steps: Optimiser steps of ``BATCH`` images.
        seed: Of weights, batches and shifts; the same seed gives the same classifier on the same machine.

    Returns:
        The trained classifier, in evaluation mode.
    """
    with deterministic(torch.device("cpu")):
        torch.manual_seed(derive(seed, "weights"))
        model = SmallClassifier(images.shape[1], classes, images.ndim - 2)
        optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        rng = stream(seed, "batches")
        members = [np.flatnonzero(labels == c) for c in range(classes)]
        for _ in range(steps):
            drawn = rng.integers(classes, size=BATCH)
            chosen = np.array([members[c][rng.integers(len(members[c]))] for c in drawn])
            batch = torch.from_numpy(shifted_at_random(images[chosen], rng))
            optimiser.zero_grad()
            functional.cross_entropy(model(batch), torch.from_numpy(drawn)).backward()
            optimiser.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def class_probabilities(model: SmallClassifier, images: np.ndarray) -> np.ndarray:
    """Return ``cases classes``: the classifier's probability of each class."""
    pieces = [model(torch.from_numpy(images[i : i + 256])).softmax(dim=1) for i in range(0, len(images), 256)]
    return torch.cat(pieces).numpy().astype(np.float64)


def on_grid(images: np.ndarray, data_range: tuple[float, float]) -> np.ndarray:
    """Return images for the classifier: averaged down to at most ``GRID`` per axis, the data range mapped to [-1, 1].

    Args:
        images: ``cases channels *space`` in physical units.
        data_range: Lowest and highest possible value.
    """
    tensor = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
    size = tuple(min(side, GRID[images.ndim - 2]) for side in images.shape[2:])
    if size != images.shape[2:]:
        pool: Any = functional.adaptive_avg_pool2d if images.ndim == 4 else functional.adaptive_avg_pool3d
        tensor = pool(tensor, size)
    low, high = data_range
    return ((tensor - low) * (2 / (high - low)) - 1).numpy()


def shifted_at_random(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each image by up to one sixteenth of its size, its border continued."""
    reach = [max(1, side // SHIFT_SHARE) for side in images.shape[2:]]
    padded = np.pad(images, [(0, 0), (0, 0), *((r, r) for r in reach)], mode="edge")
    out = np.empty_like(images)
    for i in range(len(images)):
        starts = [int(rng.integers(2 * r + 1)) for r in reach]
        window = tuple(slice(s, s + side) for s, side in zip(starts, images.shape[2:], strict=True))
        out[i] = padded[i][(slice(None), *window)]
    return out
