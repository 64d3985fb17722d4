"""CycleGAN: unpaired translation both ways, each the other's undoing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.paired_gan import adam
from synthassay.networks.adversarial import least_squares
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.image_pool import ImagePool
from synthassay.networks.patch_discriminator import PatchDiscriminator, require_patches
from synthassay.networks.resnet_generator import ResnetGenerator, initialise
from synthassay.networks.schedule import constant_then_fall
from synthassay.networks.watch import Watch

UNPAIRED = frozenset({"translate_unpaired", "stain_normalise", "harmonise"})


class CycleganSettings(GeneratorSettings):
    """Settings of CycleGAN. Defaults are lean for a CPU; the paper's values stand in each description."""

    images_seen: int = Field(6_000, ge=1, description="Training length, in sources shown (paper: 200 epochs).")
    batch: int = Field(2, ge=1, description="Sources, and targets, per optimiser step (paper: 1).")
    width: int = Field(16, ge=1, description="Channels of each generator's first layer (paper: 64).")
    blocks: int = Field(3, ge=1, description="Residual blocks (paper: 9).")
    halvings: int = Field(2, ge=0, le=4, description="Halvings before the blocks (paper: 2); fewer keep fine detail.")
    patch_width: int = Field(16, ge=1, description="Channels of each discriminator's first layer (paper: 64).")
    patch_layers: int = Field(2, ge=1, le=5, description="Discriminator halvings (paper: 3, patches of 70x70).")
    cycle_weight: float = Field(10.0, ge=0, description="Weight of each cycle's L1 distance (paper: 10).")
    identity_weight: float = Field(5.0, ge=0, description="Weight of each identity's L1 distance (code: 5).")
    pool: int = Field(50, ge=0, description="Synthetic images kept per direction for the discriminators (paper: 50).")
    discriminator_rate: float = Field(1.0, gt=0, description="The discriminators' learning rate, relative (paper: 1).")
    constant_share: float = Field(0.5, ge=0, le=1, description="Share of training before the linear decay (paper).")
    residual: bool = Field(
        True, description="Whether generators add to their input before the tanh, where channels agree (paper: no)."
    )
    ema_decay: float = Field(0.995, ge=0, lt=1, description="Decay of the generators' moving average (paper: none).")


@generator("cyclegan", serves=set(UNPAIRED), source="arXiv:1703.10593")
class Cyclegan(Generator):
    """Cycle-consistent adversarial translation (Zhu et al. 2017).

    With sources x, targets y, G from x to y, F back, and least-squares discriminators::

        L_G = mean (D_Y(G(x)) - 1)^2 + mean (D_X(F(y)) - 1)^2
              + w_cyc (|F(G(x)) - x| + |G(F(y)) - y|) + w_id (|G(y) - y| + |F(x) - x|)
        L_D = 1/2 [ mean (D_Y(y) - 1)^2 + mean D_Y(G(x))^2 ] + the same of D_X

    The generators step first; the discriminators are then shown pooled images. The identity term is left out where
    source and target differ in channels.

    A cycle can be kept while anatomy is moved there and back, which no term here sees: fidelity of such a family is
    never to be read without the distance to its source.

    Source: arXiv:1703.10593, equations 1 to 3, section 4 and appendix 7. Departures: the discriminators see images of
    the generators after their step; generators may add to their input, on the inverse of the tanh's scale; moving
    averages sample.
    """

    Settings: type[GeneratorSettings] = CycleganSettings
    settings: CycleganSettings
    goes_back = True

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        if facts.source_channels == 0:
            fault = Fault("generators.family", "translates images from a source", self.family, "Choose another task.")
            raise SpecError(self.family, [fault])
        require_patches(facts.space, self.settings.patch_layers)
        self.same = facts.source_channels == facts.channels
        self.generators = nn.ModuleDict(
            {
                "to_target": self._translator(facts.source_channels, facts.channels),
                "to_source": self._translator(facts.channels, facts.source_channels),
            }
        )
        self.discriminators = nn.ModuleDict(
            {"target": self._judge(facts.channels), "source": self._judge(facts.source_channels)}
        )
        self.pools = nn.ModuleDict({"target": ImagePool(self.settings.pool), "source": ImagePool(self.settings.pool)})
        self.ema = Ema(self.generators, self.settings.ema_decay)
        self.watch = Watch()

    def phases(self) -> dict[str, nn.Module]:
        """Both generators first, then both discriminators, as in the authors' code."""
        return {"generators": self.generators, "discriminators": self.discriminators}

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase."""
        source, target = unpaired(batch)
        if phase == "generators":
            return self.generators_loss(source, target, rng)
        if phase != "discriminators":
            raise KeyError(phase)
        with torch.no_grad():
            made = {"target": self.to_target(source), "source": self.to_source(target)}
        return self.discriminators_loss({"target": target, "source": source}, made, rng)

    def generators_loss(self, source: Tensor, target: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Return all terms of L_G."""
        s = self.settings
        made, back = self.to_target(source), self.to_source(target)
        terms = {
            "adversarial_target": least_squares(self.logits("target", made, rng), 1.0),
            "adversarial_source": least_squares(self.logits("source", back, rng), 1.0),
            "cycle_source": s.cycle_weight * F.l1_loss(self.to_source(made), source),
            "cycle_target": s.cycle_weight * F.l1_loss(self.to_target(back), target),
        }
        if self.same and s.identity_weight:
            terms["identity_target"] = s.identity_weight * F.l1_loss(self.to_target(target), target)
            terms["identity_source"] = s.identity_weight * F.l1_loss(self.to_source(source), source)
        return terms

    def discriminators_loss(
        self, real: dict[str, Tensor], made: dict[str, Tensor], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Return both halves of L_D for each domain; pooled images stand for the newest."""
        terms = {}
        for domain in ("target", "source"):
            pool = self.pools[domain]
            shown = pool.exchange(made[domain], rng) if self.training else made[domain]  # type: ignore[operator]
            right, wrong = self.logits(domain, real[domain], rng), self.logits(domain, shown, rng)
            if domain == "target" and self.training:
                self.watch.see(real[domain], shown, right, wrong)
            terms[f"real_{domain}"] = least_squares(right, 1.0) / 2
            terms[f"synthetic_{domain}"] = least_squares(wrong, 0.0) / 2
        return terms

    def logits(self, domain: str, images: Tensor, rng: torch.Generator) -> Tensor:
        """Return the raw logits of a domain's discriminator."""
        found: Tensor = self.discriminators[domain](images)
        return found

    def to_target(self, source: Tensor) -> Tensor:
        """Return sources with the look of targets, by the weights in training."""
        return self._through(self.generators["to_target"], source)

    def to_source(self, target: Tensor) -> Tensor:
        """Return targets with the look of sources, by the weights in training."""
        return self._through(self.generators["to_source"], target)

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        return adam(self, phase, (0.5, 0.999))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Constant, then linear to 0 (paper: 100 epochs each)."""
        return constant_then_fall(progress, self.settings.constant_share)

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.generators)

    def alarms(self) -> tuple[str, ...]:
        """What the last steps showed to be wrong."""
        return self.watch.alarms()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the cycle's error of the averaged weights in model units, and the signs of collapse."""
        source, _ = unpaired(batch)
        average = self.ema.average
        back = self._through(average["to_source"], self._through(average["to_target"], source))
        signs = {"diversity": self.watch.diversity.clone(), "discriminator_won": self.watch.won.clone()}
        return {"cycle_source": F.l1_loss(back, source), **signs}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the translated slices; they depend on their source alone."""
        if condition.source is None:
            raise ValueError(f"{self.family} translates images: the condition has no source")
        return self._through(self.ema.average["to_target"], condition.source).clamp(-1, 1)

    @torch.no_grad()
    def way_back(self, made: Tensor, condition: Batch) -> Tensor:
        """Return what the other generator makes of translated slices."""
        return self._through(self.ema.average["to_source"], made).clamp(-1, 1)

    def _through(self, network: nn.Module, images: Tensor) -> Tensor:
        made: Tensor = network(images)
        return torch.tanh(made + _untanh(images)) if self.same and self.settings.residual else torch.tanh(made)

    def _translator(self, channels_in: int, channels_out: int) -> nn.Module:
        s = self.settings
        network = ResnetGenerator(
            channels_in,
            channels_out,
            width=s.width,
            blocks=s.blocks,
            halvings=s.halvings,
            dimensions=len(self.facts.space),
        )
        initialise(network)
        return network

    def _judge(self, channels: int) -> nn.Module:
        s = self.settings
        judge = PatchDiscriminator(
            channels, width=s.patch_width, layers=s.patch_layers, dimensions=len(self.facts.space)
        )
        initialise(judge)
        return judge


def unpaired(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return sources and targets, of which nothing says that they belong together.

    Raises:
        ValueError: The batch lacks one.
    """
    if batch.source is None or batch.target is None:
        raise ValueError("this family learns from sources and targets: the batch lacks one of them")
    return batch.source, batch.target


def _untanh(images: Tensor) -> Tensor:
    """Return what the tanh takes to the images, their very ends drawn in by 0.005."""
    return torch.atanh(images.clamp(-0.995, 0.995))
