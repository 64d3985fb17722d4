"""Small paired examples for the tests of classical baselines: values in, values out, background at the floor."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from synthassay.generators.base import Generator
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts


class PairedPictures:
    """Examples from given tensors ``count channels rows columns``; three source slices stand beside each other."""

    def __init__(self, source: torch.Tensor, target: torch.Tensor, neighbours: int = 1) -> None:
        self.source = source if neighbours == 1 else torch.cat([source * 0 + 0.33, source, source * 0 - 0.77], dim=1)
        self.target = target

    def __len__(self) -> int:
        return len(self.target)

    def batch(self, positions: Sequence[int]) -> Batch:
        return Batch(self.target[list(positions)], self.source[list(positions)])

    def subject(self, position: int) -> str:
        return f"s{position}"


def pictures(seed: int, count: int = 70, size: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    """Return source and target with a margin at the floor of the scale, related by a noisy falling curve."""
    rng = torch.Generator().manual_seed(seed)
    source = torch.rand((count, 1, size, size), generator=rng) * 1.6 - 0.7
    target = 0.4 - 0.6 * source + 0.1 * torch.randn(source.shape, generator=rng)
    source[..., :2, :], target[..., :2, :] = -1.0, -1.0
    return source, target.clamp(-1, 1)


def rngs(count: int) -> list[torch.Generator]:
    """Return one random stream per image."""
    return [torch.Generator().manual_seed(i) for i in range(count)]


def fitted(family: str, examples: PairedPictures, channels: int = 1, **settings: object) -> Generator:
    """Return a baseline that has seen the examples."""
    facts = Facts(channels, examples.source.shape[1], (), tuple(examples.source.shape[2:]))
    made = build_generator(family, settings, facts, seed=0).eval()
    made.prepare(examples, torch.Generator().manual_seed(0))
    return made
