"""The downstream network of classification: a lean MONAI ResNet, its fixed training, and what it says of images."""

from __future__ import annotations

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from synthassay.networks.classifier import shifted_at_random
from synthassay.networks.determinism import deterministic
from synthassay.networks.outlining import augmented
from synthassay.randomness import derive, stream

WIDTHS = (8, 16, 32, 64)
GROUPS = 4
BATCH = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-4
JUDGED_AT_ONCE = 256


def new_network(channels: int, classes: int, dimensions: int, seed: int) -> nn.Module:
    """Return an untrained MONAI ResNet of one block per level; equal seeds give equal weights.

    Args:
        channels: Image channels.
        classes: Number of classes.
        dimensions: 2 for pictures, 3 for volumes.
        seed: Of the weights.

    Source: He et al. 2016, doi:10.1109/CVPR.2016.90; Cardoso et al. 2022, arXiv:2211.02701 (MONAI). Group
        normalisation (arXiv:1803.08494) in place of batch normalisation, whose averages would mix real and synthetic
        images.
    """
    from monai.networks.nets.resnet import ResNet

    with torch.random.fork_rng():
        torch.manual_seed(derive(seed, "weights"))
        return ResNet(
            block="basic",
            layers=[1, 1, 1, 1],
            block_inplanes=list(WIDTHS),
            spatial_dims=dimensions,
            n_input_channels=channels,
            conv1_t_size=3,
            conv1_t_stride=2,
            no_max_pool=True,
            num_classes=classes,
            norm=("group", {"num_groups": GROUPS}),
        )


def fit_network(
    model: nn.Module, images: NDArray[np.float32], labels: NDArray[np.intp], *, steps: int, seed: int, augment: bool
) -> nn.Module:
    """Train a network for a fixed number of steps, each class equally often, with nothing chosen on other data.

    AdamW with one cycle of the learning rate; images are shifted a little, never mirrored (mirroring moves the heart).
    However many images there are, each step sees ``BATCH`` of them: a larger set is not a longer training.

    Args:
        model: As ``new_network`` gave it, or trained before; changed in place.
        images: ``cases channels *space`` on a common scale near [-1, 1].
        labels: Class index per case; classes that do not occur are never drawn.
        steps: Optimiser steps.
        seed: Of batches, shifts and augmentation.
        augment: Also turn (10 degrees), scale (10 %), and change contrast and brightness at random.

    Returns:
        The network, in evaluation mode, on the CPU.
    """
    fabric = Fabric(accelerator="auto", devices=1, precision="32-true")
    rng = stream(seed, "batches")
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    with deterministic(fabric.device), one_thread():
        optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=max(steps, 2))
        network, optimiser = fabric.setup(model, optimiser)
        network.train()
        for _ in range(steps):
            drawn = rng.integers(len(members), size=BATCH)
            chosen = np.array([members[c][rng.integers(len(members[c]))] for c in drawn])
            batch = torch.from_numpy(shifted_at_random(images[chosen], rng))
            if augment:
                batch, _ = augmented(batch, torch.zeros(BATCH, 1, *batch.shape[2:]), rng)
            optimiser.zero_grad()
            answer = network(batch.to(fabric.device))
            fabric.backward(F.cross_entropy(answer, torch.from_numpy(labels[chosen]).to(fabric.device)))
            optimiser.step()
            schedule.step()
    return model.cpu().eval()


@torch.no_grad()
def probabilities(model: nn.Module, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``cases classes``: the network's probability of each class."""
    with one_thread():
        pieces = [
            model(torch.from_numpy(np.ascontiguousarray(images[i : i + JUDGED_AT_ONCE]))).softmax(dim=1)
            for i in range(0, len(images), JUDGED_AT_ONCE)
        ]
    found: NDArray[np.float32] = torch.cat(pieces).numpy()
    return found


class one_thread:  # noqa: N801 - used as a context, like the standard library's
    """Compute on one thread: sums then have one order, whatever the number of processes beside this one."""

    def __enter__(self) -> None:
        self._before = torch.get_num_threads()
        torch.set_num_threads(1)

    def __exit__(self, *problem: object) -> None:
        torch.set_num_threads(self._before)
