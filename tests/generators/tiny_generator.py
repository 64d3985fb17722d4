"""The smallest generator with everything that can go wrong in a resume: two phases, dropout, batch norm, an average."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each, normal_like


class TinyGenerator(Generator):
    family = "tiny"
    serves = frozenset({"augment"})
    source = "tests"

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        c = facts.channels
        self.painter = nn.Sequential(
            nn.Conv2d(c, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Dropout(0.2), nn.SiLU(), nn.Conv2d(8, c, 1)
        )
        self.judge = nn.Conv2d(c, 1, 3, padding=1)
        self.ema = Ema(self.painter, 0.99)
        self.register_buffer("seen", torch.zeros(0))

    def phases(self) -> dict[str, nn.Module]:
        return {"painter": self.painter, "judge": self.judge}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        self.seen = torch.randn(3, generator=rng) + len(examples)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        assert batch.target is not None
        painted = self.painter(batch.target + 0.1 * normal_like(batch.target, rng))
        if phase == "painter":
            return {"pixels": (painted - batch.target).square().mean(), "judged": 0.01 * self.judge(painted).mean()}
        return {"judged": self.judge(painted.detach()).square().mean()}

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        return 1 - 0.5 * progress

    def after_step(self, images_seen: int) -> None:
        self.ema.update(self.painter)

    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        shape = (self.facts.channels, *self.facts.space)
        return self.ema(normal_each(shape, rngs, self.seen.device)).clamp(-1, 1)
