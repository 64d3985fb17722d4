"""How a model of whole images fills holes: it learns without them, and keeps what is known while it samples."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings
from synthassay.generators.denoising import Denoising
from synthassay.networks.batch import Batch


class FillingSettings(GeneratorSettings):
    """Settings of filling holes; other tasks do not read them."""

    resamplings: int = Field(
        10,
        ge=0,
        description="Task inpaint: how often RePaint takes each stretch of steps (paper: 10); 0 puts the known pixels "
        "into each expected image instead (projection), with the family's own sampler.",
    )
    jump: int = Field(1, ge=1, description="Task inpaint: steps of a stretch that RePaint takes again (paper: 10).")


class FillsHoles(Denoising):
    """A model of whole images that is given its holes only when it samples.

    Where the source is an image with a hole, the network is neither built for it nor shown it in training. When
    sampling, known pixels come back exactly, and slices without a hole are handed back untouched.

    Source:
        Lugmayr et al. 2022, arXiv:2201.09865 (RePaint); Song et al. 2022, arXiv:2111.08005 (projection).
    """

    settings: FillingSettings  # type: ignore[assignment]

    @property
    def fills(self) -> bool:
        """Whether the task's source is an image with a hole, which its last channel tells."""
        return self.facts.drawn[-1:] == ("hole",)

    @property
    def shown_channels(self) -> int:
        """Channels of the source that the network is shown."""
        return 0 if self.fills else self.facts.source_channels

    def answer(self, network: nn.Module, now: Tensor, time: Tensor, batch: Batch) -> Tensor:
        """Return the network's answer to noisy images, holes not shown."""
        return super().answer(network, now, time, Batch(label=batch.label) if self.fills else batch)

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; image i is drawn from ``rngs[i]`` alone."""
        if not self.fills:
            return super().sample(condition, rngs)
        if condition.source is None:
            raise ValueError(f"{self.family} fills holes here: the condition has no source")
        made, where = condition.source[:, :-1].clone(), condition.source[:, -1:] <= 0
        holed = [i for i, known in enumerate(where) if not bool(known.all())]
        if holed:
            label = None if condition.label is None else condition.label[holed]
            made[holed] = self.fill_in(
                Batch(label=label),
                made[holed],
                where[holed],
                [rngs[i] for i in holed],
                times=self.settings.resamplings,
                jump=self.settings.jump,
            ).to(made.device)
        return made
