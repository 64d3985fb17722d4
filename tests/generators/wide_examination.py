"""What adversarial families must show beside the shared examination: colour, odd sizes, volumes, and gradients.

class TestPix2pix(WideExamination):
    family = "pix2pix"
    ...
    phases = ("discriminator", "generator")
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from generators.examination import Examination, seeds
from synthassay.errors import SpecError
from synthassay.generators.base import Generator
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.train import only


class WideExamination(Examination):
    """The shared examination, and what a GAN may get wrong.

    Attributes:
        volumes: Whether the family makes volumes too; if not, it must say so when it is built.
        odd_sizes: Whether it takes sides of any length; if not, it must say so when it is built.
    """

    volumes: ClassVar[bool] = False
    odd_sizes: ClassVar[bool] = False

    def test_colour_pictures(self) -> None:
        self._lives(self._built(3, (self.size, self.size)), 3, (self.size, self.size))

    def test_odd_sizes_are_made_whole_or_refused(self) -> None:
        if not self.odd_sizes:
            with pytest.raises(SpecError):
                self._built(1, (self.size - 1, self.size + 3))
            return
        space = (self.size + 3, self.size + 6)
        self._lives(self._built(1, space), 1, space)

    def test_volumes_are_made_or_refused(self) -> None:
        space = (16, 16, 16)
        if not self.volumes:
            with pytest.raises((SpecError, ValueError)):
                self._built(1, space)
            return
        self._lives(self._built(1, space), 1, space)

    def test_values_between_the_levels_of_eight_bits_come_out(self, trained: tuple[Generator, Path]) -> None:
        images = trained[0].sample(self._condition(range(3)), seeds(1, 2, 3)).double().numpy()
        levels = (images + 1) * 127.5
        assert np.abs(levels - np.rint(levels)).max() > 0.2

    def test_each_phase_moves_its_own_weights_and_no_others(self) -> None:
        made = self._new()
        self._shorten_preparation(made)
        batch = self._examples().batch(range(8))
        for phase, module in made.phases().items():
            only(made, module)
            made.zero_grad()
            sum(made.train().loss(phase, batch, torch.Generator().manual_seed(0)).values()).backward()
            own = {id(p) for p in module.parameters()}
            for name, parameter in made.named_parameters():
                moved = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
                assert not moved or id(parameter) in own, f"{phase} reaches {name}"
            assert any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in module.parameters()), phase

    def test_what_samples_is_a_moving_average(self) -> None:
        made = self._new()
        assert any(isinstance(module, Ema) for module in made.modules())

    def _shorten_preparation(self, made: Generator) -> None:
        made.prepare(self._examples(), torch.Generator().manual_seed(1))

    def _built(self, channels: int, space: tuple[int, ...]) -> Generator:
        facts = Facts(channels, channels if self.source_channels else 0, self.classes, space)
        return build_generator(self.family, self.settings, facts, seed=4)

    def _lives(self, made: Generator, channels: int, space: tuple[int, ...]) -> None:
        """Descend each phase once and sample."""
        rng = torch.Generator().manual_seed(0)
        target = torch.rand((4, channels, *space), generator=rng) * 1.6 - 0.8
        label = torch.tensor([0, 1, 0, 1]) if self.classes else None
        batch = Batch(target, target.flip(0) if self.source_channels else None, label)
        for phase, module in made.phases().items():
            only(made, module)
            sum(made.train().loss(phase, batch, rng).values()).backward()
        images = made.eval().sample(Batch(source=batch.source, label=label), seeds(1, 2, 3, 4))
        assert images.shape == (4, channels, *space)
        assert bool(torch.isfinite(images).all())


def settings(**changes: Any) -> dict[str, Any]:
    """Return settings small enough for seconds."""
    return {"batch": 8, "images_seen": 240, **changes}
