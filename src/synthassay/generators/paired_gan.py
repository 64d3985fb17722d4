"""What adversarial families that learn from pairs share: two networks, an average of one, and whole slices out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import Field, field_validator
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.schedule import constant_then_fall
from synthassay.networks.watch import Watch


class PairedGanSettings(GeneratorSettings):
    """Settings that all of them have. Defaults are lean for a CPU; the paper's values stand in each description."""

    images_seen: int = Field(8_000, ge=1, description="Training length, in slices shown.")
    batch: int = Field(4, ge=1, description="Slices per optimiser step.")
    neighbours: int = Field(1, ge=1, description="Neighbouring source slices seen, an odd number.")
    discriminator_rate: float = Field(
        1.0, gt=0, description="The discriminator's learning rate relative to the generator's (two time scales)."
    )
    constant_share: float = Field(0.5, ge=0, le=1, description="Share of training before the linear decay to 0.")
    ema_decay: float = Field(0.995, ge=0, lt=1, description="Decay of the generator's moving average (paper: none).")

    @field_validator("neighbours")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("neighbours must be odd: the central slice and as many on either side")
        return value


class PairedTranslator(Generator):
    """What learns from pairs against a discriminator, however many networks it trains."""

    settings: PairedGanSettings

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        if facts.source_channels == 0 or facts.source_channels % self.settings.neighbours:
            what = f"translates from a source: {facts.source_channels} source channels do not fit"
            remedy = "Use it with a task that has a source image, and change neighbours."
            raise SpecError(self.family, [Fault("generators.neighbours", what, self.settings.neighbours, remedy)])
        self.watch = Watch()

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        return adam(self, phase, (0.5, 0.999))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Constant, then linear to 0."""
        return constant_then_fall(progress, self.settings.constant_share)

    def alarms(self) -> tuple[str, ...]:
        """A pair's discriminator always wins at last; nothing of its diversity is told by one source."""
        return ()


class PairedGan(PairedTranslator):
    """A generator from source to target, and a discriminator that is shown both.

    The discriminator steps first, on images made without gradient. What samples is the moving average of the
    generator's weights. Images depend on their source alone.
    """

    network: nn.Module
    discriminator: nn.Module

    def averaged(self, network: nn.Module) -> None:
        """Take ``network`` as the generator and begin its moving average; called at the end of construction."""
        self.network = network
        self.ema = Ema(network, self.settings.ema_decay)

    def phases(self) -> dict[str, nn.Module]:
        """The discriminator steps first."""
        return {"discriminator": self.discriminator, "generator": self.network}

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase; see the class for the equations."""
        source, target = pair_of(batch)
        if phase == "discriminator":
            with torch.no_grad():
                made = self.translate(self.network, source, rng)
            return self.discriminator_loss(source, target, made, rng)
        if phase == "generator":
            return self.generator_loss(source, target, self.translate(self.network, source, rng))
        raise KeyError(phase)

    def translate(self, network: nn.Module, source: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return the target slice for stacked source slices; ``rng`` draws what is random in training alone."""
        return torch.tanh(network(source, rng))

    @abstractmethod
    def discriminator_loss(
        self, source: Tensor, target: Tensor, made: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the terms that the discriminator descends."""

    @abstractmethod
    def generator_loss(self, source: Tensor, target: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Return the terms that the generator descends."""

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the mean absolute error of the averaged weights in model units."""
        source, target = pair_of(batch)
        return {"generator/pixel": F.l1_loss(self.translate(self.ema.average, source), target)}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the translated slices; they depend on their source alone."""
        if condition.source is None:
            raise ValueError(f"{self.family} translates images: the condition has no source")
        return self.translate(self.ema.average, condition.source).clamp(-1, 1)


def adam(generator: Generator, phase: str, betas: tuple[float, float]) -> torch.optim.Optimizer:
    """Return Adam for a phase; discriminators and critics at their own rate relative to the generator's."""
    settings = generator.settings
    judges = phase.startswith(("discriminator", "critic"))
    rate = settings.learning_rate * (getattr(settings, "discriminator_rate", 1.0) if judges else 1.0)
    return torch.optim.Adam(generator.phases()[phase].parameters(), lr=rate, betas=betas)


def central(source: Tensor, facts: Facts, neighbours: int) -> Tensor:
    """Return the central slice of stacked source slices, ``batch channels *space``."""
    first = (neighbours // 2) * facts.channels
    return source[:, first : first + facts.channels]


def require_like_images(generator: PairedTranslator) -> None:
    """Refuse to predict what to add to a source that is no image like the target.

    Raises:
        SpecError: The source has other channels, such as those of a label map or a hole.
    """
    facts, neighbours = generator.facts, generator.settings.neighbours
    if facts.source_channels != neighbours * facts.channels:
        what = f"adds to a source like the target, and {facts.source_channels} source channels are not that"
        remedy = 'Set neighbours to the number of source slices, or predict = "image".'
        raise SpecError(generator.family, [Fault("generators.predict", what, "residual", remedy)])


def residual_deviation(examples: Examples, facts: Facts, neighbours: int, rng: torch.Generator) -> float:
    """Return the standard deviation of target - source over 128 training examples, in model units; at least 1e-4."""
    source, target = pair_of(examples.batch(torch.randint(len(examples), (128,), generator=rng).tolist()))
    return max(float((target - central(source, facts, neighbours)).std()), 1e-4)


def pair_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return source and target.

    Raises:
        ValueError: The batch lacks one.
    """
    if batch.source is None or batch.target is None:
        raise ValueError("this family learns from pairs: the batch lacks its source or its target")
    return batch.source, batch.target
