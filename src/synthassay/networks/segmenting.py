"""A small U-Net that draws structures, and its fixed training: the instrument that measures of structure read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.networks.determinism import deterministic
from synthassay.networks.unet import UNet
from synthassay.randomness import derive, stream

WIDTHS = (16, 32, 64, 64)
DIVISOR = 2 ** (len(WIDTHS) - 1)
NEIGHBOURS = 5  # slices of a volume that the network sees at once, the middle one of which it draws
LARGEST_PATCH = 128
BATCH = 16
LEARNING_RATE = 3e-3
NEVER = -1e4


class SliceSegmenter(nn.Module):
    """Slices in, one logit per class (0 is no structure) and pixel out; it knows nothing of a place but what it sees.

    Coordinates are not among its inputs on purpose: a network that knows where an organ usually lies draws it where a
    synthetic image has lost it.

    Args:
        channels: Image channels.
        classes: Number of structures, and one for none.
        neighbours: Neighbouring slices that stand as channels; 1 for pictures.
    """

    def __init__(self, channels: int, classes: int, neighbours: int) -> None:
        super().__init__()
        self.neighbours, self.classes = neighbours, classes
        self.net = UNet(channels * neighbours, classes, widths=WIDTHS, attention=False, unshuffle=1)

    def forward(self, slices: Tensor) -> Tensor:
        """Return ``batch classes rows columns`` for ``batch channels rows columns`` of any size."""
        rows, columns = slices.shape[2:]
        padding = (0, -columns % DIVISOR, 0, -rows % DIVISOR)
        padded = F.pad(slices, padding, mode="replicate") if any(padding) else slices
        return self.net(padded, torch.zeros(len(slices)))[..., :rows, :columns]


def fit_segmenter(
    images: Sequence[np.ndarray],
    drawings: Sequence[np.ndarray],
    unknown: Sequence[frozenset[int]],
    classes: int,
    *,
    steps: int,
    seed: int,
    jitter: float = 0.1,
) -> SliceSegmenter:
    """Train a segmenter for a fixed number of steps, with nothing chosen on other data.

    Adam with one cycle of the learning rate; soft Dice loss, and cross-entropy with each class weighted by the inverse
    root of its size in the batch, without which small organs are never found. Half of the slices of a batch show a
    structure. Slices are cut to at most ``LARGEST_PATCH``, and their contrast and brightness vary a little; none is
    mirrored, because left and right have different names.

    Args:
        images: ``channels *space`` each, on a common scale with a standard deviation near 1.
        drawings: ``*space`` each: class indices.
        unknown: Classes that nobody drew on each image: there, "none" means "none, or one of these".
        classes: Number of structures, and one for none.
        steps: Optimiser steps of ``BATCH`` slices.
        seed: Of weights, batches and jitter; the same seed gives the same network on the same machine.
        jitter: Standard deviation of the change of contrast and brightness.
    """
    images = [image if image.ndim == 4 else image[..., None] for image in images]
    drawings = [drawing if drawing.ndim == 3 else drawing[..., None] for drawing in drawings]
    neighbours = NEIGHBOURS if images[0].shape[-1] > 1 else 1
    shown = [(i, z) for i, drawing in enumerate(drawings) for z in np.flatnonzero(drawing.any((0, 1))).tolist()]
    every = [(i, z) for i, drawing in enumerate(drawings) for z in range(drawing.shape[2])]
    with deterministic(torch.device("cpu")):
        torch.manual_seed(derive(seed, "weights"))
        model = SliceSegmenter(len(images[0]), classes, neighbours)
        optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=max(steps, 2))
        rng = stream(seed, "batches")
        for _ in range(steps):
            pools = [shown or every, every] * (BATCH // 2)
            places = [pool[rng.integers(len(pool))] for pool in pools]
            slices, wanted = _batch(images, drawings, places, neighbours, rng, jitter)
            optimiser.zero_grad()
            _loss(model(slices), wanted, [unknown[i] for i, _ in places]).backward()
            optimiser.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def segment(model: SliceSegmenter, image: np.ndarray) -> np.ndarray:
    """Return class indices ``*space`` for ``channels *space`` on the scale that it was trained on."""
    volume = image if image.ndim == 4 else image[..., None]
    found = np.empty(volume.shape[1:], np.int32)
    for start in range(0, volume.shape[-1], BATCH):
        slices = [_slab(volume, z, model.neighbours) for z in range(start, min(start + BATCH, volume.shape[-1]))]
        logits = model(torch.from_numpy(np.stack(slices)))
        found[..., start : start + BATCH] = np.moveaxis(logits.argmax(1).numpy(), 0, -1)
    return found if image.ndim == 4 else found[..., 0]


def _slab(volume: np.ndarray, z: int, neighbours: int) -> np.ndarray:
    reach = neighbours // 2
    chosen = np.clip(np.arange(z - reach, z + reach + 1), 0, volume.shape[-1] - 1)
    slab = np.moveaxis(volume[..., chosen], -1, 1)
    return np.ascontiguousarray(slab.reshape(-1, *volume.shape[1:3]), dtype=np.float32)


def _batch(
    images: Sequence[np.ndarray],
    drawings: Sequence[np.ndarray],
    places: Sequence[tuple[int, int]],
    neighbours: int,
    rng: np.random.Generator,
    jitter: float,
) -> tuple[Tensor, Tensor]:
    size = [min(LARGEST_PATCH, *(images[i].shape[axis] for i, _ in places)) for axis in (1, 2)]
    slices, wanted = [], []
    for i, z in places:
        start = [int(rng.integers(images[i].shape[axis + 1] - size[axis] + 1)) for axis in (0, 1)]
        window = tuple(slice(s, s + side) for s, side in zip(start, size, strict=True))
        gain, shift = np.exp(jitter * rng.normal()), jitter * rng.normal()
        slices.append(_slab(images[i][(slice(None), *window)], z, neighbours) * np.float32(gain) + np.float32(shift))
        wanted.append(drawings[i][..., z][window])
    return torch.from_numpy(np.stack(slices)), torch.from_numpy(np.stack(wanted).astype(np.int64))


def _loss(logits: Tensor, wanted: Tensor, unknown: Sequence[frozenset[int]]) -> Tensor:
    if any(unknown):
        logits = _none_or_unknown(logits, unknown)
    shares = logits.softmax(1)
    truth = F.one_hot(wanted, logits.shape[1]).movedim(-1, 1).to(shares.dtype)
    common, size = (shares * truth).sum((0, 2, 3))[1:], (shares + truth).sum((0, 2, 3))[1:]
    voxels = truth.sum((0, 2, 3))
    present = voxels[1:] > 0
    overlap = (2 * common + 1) / (size + 1)
    missed = (1 - overlap[present]).mean() if bool(present.any()) else logits.sum() * 0
    # Unweighted, a few hundred steps on seven small organs end where "nothing anywhere" is the answer (Dice 0.00).
    weights = torch.where(voxels > 0, voxels.clamp(min=1).rsqrt(), 0)
    return F.cross_entropy(logits, wanted, weight=weights) + missed


def _none_or_unknown(logits: Tensor, unknown: Sequence[frozenset[int]]) -> Tensor:
    """Add what an image may show without anybody having drawn it to its class "none"."""
    hidden = torch.zeros(logits.shape[:2], dtype=torch.bool)
    for row, classes in zip(hidden, unknown, strict=True):
        row[list(classes)] = True
    hidden = hidden[..., None, None]
    none = hidden.clone()
    none[:, 0] = True
    together = logits.masked_fill(~none, NEVER).logsumexp(1, keepdim=True)
    return torch.cat([together, logits.masked_fill(hidden, NEVER)[:, 1:]], 1)
