"""Small pictures of two classes with their subjects, for the tests of classical augmentation."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from synthassay.generators.base import Generator
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

CLASSES = ("normal", "opacity")


class Pictures:
    """40 pictures whose first pixel tells their number; one in four is of class 1."""

    def __init__(self, rows: int = 10, columns: int = 14) -> None:
        rng = torch.Generator().manual_seed(8)
        smooth = torch.rand((40, 1, 4, 4), generator=rng) * 1.6 - 0.8
        self.target = torch.nn.functional.interpolate(smooth, (rows, columns), mode="bilinear")
        self.label = (torch.arange(40) % 4 == 3).long()

    def __len__(self) -> int:
        return 40

    def batch(self, positions: Sequence[int]) -> Batch:
        return Batch(target=self.target[list(positions)], label=self.label[list(positions)])

    def subject(self, position: int) -> str:
        return f"patient-{position // 2}-\u00e9"


def rngs(count: int, first: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(first + i) for i in range(count)]


def filled(family: str, **settings: object) -> Generator:
    made = build_generator(family, settings, Facts(1, 0, CLASSES, (10, 14)), seed=0).eval()
    made.prepare(Pictures(), torch.Generator().manual_seed(0))
    return made
