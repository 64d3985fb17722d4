"""What every generator is: phases to train, losses with names, and samples that depend on their own seed alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.patches import blended
from synthassay.records.base import Record
from synthassay.registry import Registry


class GeneratorSettings(Record):
    """Settings that every trained family has; families add their own, each with its paper's default stated."""

    images_seen: int = Field(100_000, ge=1, description="Training length, in images shown (with repetition).")
    batch: int = Field(32, ge=1, description="Images per optimiser step.")
    micro_batch: int = Field(0, ge=0, description="Images per backward pass; 0 means the whole batch at once.")
    learning_rate: float = Field(2e-4, gt=0, description="Peak learning rate.")


class Generator(nn.Module, ABC):
    """A family of generators, built for one task's facts.

    Everything needed to go on training bit by bit is in ``state_dict`` (EMA weights and buffers included) plus the
    optimisers' states; no hidden attribute may influence ``loss`` or ``sample``.
    """

    family: ClassVar[str]
    serves: ClassVar[frozenset[str]]
    source: ClassVar[str]
    Settings: ClassVar[type[GeneratorSettings]] = GeneratorSettings
    sampling: ClassVar[frozenset[str]] = frozenset()
    """Settings that only ``sample`` reads: what a variant of trained weights may change."""
    knows_domains: ClassVar[bool] = False
    """Whether it must have learnt the site or scanner of each source (``Batch.label``), so that others are refused."""
    case_loss: ClassVar[str] = ""
    """What ``case_losses`` gives, such as ``velocity_mse``; empty where the family defines no loss of one example."""
    goes_back: ClassVar[bool] = False
    """Whether ``way_back`` takes what ``sample`` made back to its source."""

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__()
        self.settings, self.facts = settings, facts

    @abstractmethod
    def phases(self) -> dict[str, nn.Module]:
        """Name to the module whose parameters that phase updates, in order. Empty: nothing to descend (classical)."""

    @abstractmethod
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; image i depends on ``rngs[i]`` and condition i alone."""

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the phase's loss terms by name, already weighted: their sum is descended.

        Raises:
            KeyError: The phase is not one of ``phases()``.
        """
        raise KeyError(phase)

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """See the training examples once before training: fit a baseline, or train an in-domain encoder."""

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Return the phase's optimiser; Adam with beta (0.9, 0.99) unless the family's paper says otherwise."""
        parameters = self.phases()[phase].parameters()
        return torch.optim.Adam(parameters, lr=self.settings.learning_rate, betas=(0.9, 0.99))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Return the factor on the peak learning rate at ``progress`` in [0, 1]."""
        return 1.0

    def due(self, phase: str, step: int) -> bool:
        """Whether a phase is taken at a step, counted from 0: a critic may step more often than its generator."""
        return True

    def before_step(self, step: int, examples: Examples, rng: torch.Generator) -> None:
        """See the training examples before a step: a stage may begin with what the one before it has learnt."""

    def after_step(self, images_seen: int) -> None:
        """Update moving averages after all phases of a step."""

    def alarms(self) -> tuple[str, ...]:
        """What the end of training showed to have gone wrong, as clauses; told to whoever trained it."""
        return ()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return named numbers on validation examples, for the training curves; lower is better."""
        return {f"{phase}/{name}": v for phase in self.phases() for name, v in self.loss(phase, batch, rng).items()}

    def case_losses(self, batch: Batch, seeds: Sequence[int]) -> Tensor:
        """Return the loss on each example, ``batch``: a mean over draws of noise that all examples share.

        An example's loss depends on the example and the seeds alone, not on its batch.

        Args:
            batch: Examples with targets.
            seeds: One per draw.

        Raises:
            NotImplementedError: The family defines none (``case_loss`` is empty).
        """
        raise NotImplementedError(f"{self.family} defines no loss of a single example")

    def way_back(self, made: Tensor, condition: Batch) -> Tensor:
        """Return what the family takes for the sources of what ``sample`` made of them, by the weights that sample.

        Args:
            made: ``batch channels *space`` in [-1, 1], of the condition.
            condition: Has the sources; of them the way back may use their domain or their look, never their anatomy.

        Returns:
            ``batch source_channels *space`` in [-1, 1].

        Raises:
            NotImplementedError: The family has none (``goes_back`` is False).
            NotMeasured: It has none for these sources.
        """
        raise NotImplementedError(f"{self.family} has no way back to its source")

    def sample_over(self, condition: Batch, rngs: Sequence[torch.Generator], overlap: float) -> Tensor:
        """Return samples of a source larger than ``facts.space``, blended of overlapping patches of that size.

        Patches are sampled one after another, each with random numbers of its own. That suits families whose answer is
        one for a source; where an answer is drawn, blending averages draws, so such families blend within their walk.

        Args:
            condition: Has a source, ``batch source_channels *space``.
            rngs: One per image.
            overlap: Least share of a patch's side that it has in common with the next.
        """
        source = condition.source
        if source is None:
            raise ValueError("patches are taken of a source, and this condition has none")
        return blended(lambda piece: self.sample(Batch(source=piece), rngs), [source], self.facts.space, overlap)

    def sample_with_origin(
        self, condition: Batch, rngs: Sequence[torch.Generator]
    ) -> tuple[Tensor, list[tuple[str, ...]]]:
        """Return samples and, for each, the training subjects whose pixels it contains (empty for learnt families)."""
        return self.sample(condition, rngs), [()] * len(rngs)


GENERATORS: Registry[type[Generator]] = Registry(
    "generator", package="synthassay.generators", group="synthassay.generators"
)
G = TypeVar("G", bound=type[Generator])


def generator(family: str, *, serves: set[str], source: str) -> Callable[[G], G]:
    """Register a family: its name (which is its file's), the tasks that it serves, and its source (DOI or arXiv)."""

    def register(cls: G) -> G:
        cls.family, cls.serves, cls.source = family, frozenset(serves), source
        GENERATORS.add(family)(cls)
        return cls

    return register
