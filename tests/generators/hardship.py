"""Further demands on denoising families, beside the house's examination: colour, volumes, odd sizes, hard images."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch

from generators.examination import seeds
from synthassay.errors import SpecError
from synthassay.generators.base import GENERATORS, Generator
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts


class Hardship:
    """Mix it into an ``Examination``; it reads the same attributes.

    Attributes:
        volumes: Whether the family also makes volumes.
        hard_steps: Optimiser steps on images of one value, after which all must be finite.
    """

    family: ClassVar[str]
    settings: ClassVar[dict[str, Any]]
    source_channels: ClassVar[int]
    classes: ClassVar[tuple[str, ...]]
    size: ClassVar[int]
    volumes: ClassVar[bool] = True
    hard_steps: ClassVar[int] = 12

    def test_colour(self) -> None:
        self._learn_and_sample(Facts(3, 3 * self.source_channels, self.classes, (self.size, self.size)))

    def test_volume(self) -> None:
        facts = Facts(1, self.source_channels, self.classes, (self.size,) * 3)
        if self.volumes:
            self._learn_and_sample(facts)
        else:
            with pytest.raises(SpecError):
                build_generator(self.family, self.settings, facts, seed=0)

    def test_odd_size_is_padded_or_refused_with_what_to_do(self) -> None:
        facts = Facts(1, self.source_channels, self.classes, (self.size + 1, self.size))
        if getattr(GENERATORS.get(self.family), "pads", False):
            self._learn_and_sample(facts)
            return
        with pytest.raises(SpecError, match=r"multiples of \d+"):
            build_generator(self.family, self.settings, facts, seed=0)

    def test_images_of_one_value_and_many_steps_stay_finite(self) -> None:
        made = self._built(Facts(1, self.source_channels, self.classes, (self.size, self.size)))
        optimisers = {phase: made.optimiser(phase) for phase in made.phases()}
        rng = torch.Generator().manual_seed(0)
        for step in range(self.hard_steps):
            batch = self._batch(made.facts, 4, value=(-1.0, 1.0, 0.0)[step % 3])
            for phase, optimiser in optimisers.items():
                made.requires_grad_(False)
                made.phases()[phase].requires_grad_(True)
                loss = torch.stack(list(made.loss(phase, batch, rng).values())).sum()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                assert bool(torch.isfinite(loss.detach())), (phase, step)
            made.after_step(4 * (step + 1))
        made.eval()
        assert bool(torch.isfinite(made.sample(self._condition_of(batch), seeds(*range(4)))).all())

    def test_values_are_finer_than_eight_bits(self, trained: Any) -> None:
        images = trained[0].sample(self._condition(range(3)), seeds(1, 2, 3)).double()
        inside = images[(images > -1) & (images < 1)]
        assert len(inside) > 200
        grey = (inside + 1) * 127.5
        assert float((grey - grey.round()).abs().mean()) == pytest.approx(0.25, abs=0.05)

    def _learn_and_sample(self, facts: Facts) -> None:
        made = self._built(facts)
        batch = self._batch(facts, 2)
        for phase in made.phases():
            terms = made.loss(phase, batch, torch.Generator().manual_seed(0))
            assert all(bool(torch.isfinite(term.detach())) for term in terms.values())
        images = made.eval().sample(self._condition_of(batch), seeds(1, 2))
        assert images.shape == (2, facts.channels, *facts.space)
        assert bool(torch.isfinite(images).all())

    def _built(self, facts: Facts) -> Generator:
        return build_generator(self.family, self.settings, facts, seed=0)

    @staticmethod
    def _condition_of(batch: Batch) -> Batch:
        return Batch(source=batch.source, label=batch.label)

    @staticmethod
    def _batch(facts: Facts, count: int, value: float | None = None) -> Batch:
        rng = torch.Generator().manual_seed(3)
        target = torch.rand((count, facts.channels, *facts.space), generator=rng) * 2 - 1
        source = torch.rand((count, facts.source_channels, *facts.space), generator=rng) * 2 - 1
        return Batch(
            target if value is None else torch.full_like(target, value),
            source if facts.source_channels else None,
            torch.arange(count) % 2 if facts.classes else None,
        )
