"""StarGAN: one generator from every domain to every other, told which one is wanted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import Fault, NotMeasured, SpecError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.cyclegan import unpaired
from synthassay.generators.paired_gan import adam
from synthassay.generators.pgan import ENCODER_WIDTHS
from synthassay.networks.adversarial import gradient_penalty
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.perceptual import FeatureEncoder, learn_features
from synthassay.networks.resnet_generator import ResnetGenerator, initialise
from synthassay.networks.schedule import constant_then_fall
from synthassay.networks.watch import Watch


class StarganSettings(GeneratorSettings):
    """Settings of StarGAN with MultiPathGAN's feature loss; the papers' values stand in each description."""

    images_seen: int = Field(16_000, ge=1, description="Training length, in sources shown (paper: 200,000 steps).")
    batch: int = Field(4, ge=1, description="Sources, and targets, per optimiser step (paper: 16 images).")
    width: int = Field(16, ge=1, description="Channels of the generator's first layer (paper: 64).")
    blocks: int = Field(3, ge=1, description="Residual blocks (paper: 6).")
    halvings: int = Field(1, ge=0, le=4, description="Halvings before the blocks (paper: 2).")
    critic_width: int = Field(16, ge=1, description="Channels of the critic's first layer (paper: 64).")
    critic_layers: int = Field(4, ge=2, le=6, description="Halvings of the critic (paper: 6, at 128x128).")
    critic_steps: int = Field(2, ge=1, description="Steps of the critic per step of the generator (paper: 5).")
    penalty_weight: float = Field(10.0, ge=0, description="Weight of the gradient penalty (paper: 10).")
    class_weight: float = Field(1.0, ge=0, description="Weight of naming the domain (paper: 1).")
    cycle_weight: float = Field(10.0, ge=0, description="Weight of the way back (paper: 10).")
    feature_weight: float = Field(
        1.0, ge=0, description="Weight of the squared feature distance to the source (MultiPathGAN: 1; StarGAN: 0)."
    )
    perceptual_steps: int = Field(100, ge=1, description="Training steps of the in-domain encoder.")
    constant_share: float = Field(0.5, ge=0, le=1, description="Share of training before the linear decay (paper).")
    discriminator_rate: float = Field(1.0, gt=0, description="The critic's learning rate, relative (paper: 1).")
    ema_decay: float = Field(0.995, ge=0, lt=1, description="Decay of the generator's moving average (papers: none).")


@generator("stargan", serves={"stain_normalise", "harmonise"}, source="arXiv:1711.09020")
class Stargan(Generator):
    """Multi-domain translation (Choi et al. 2018) that keeps the features of what it is given (MultiPathGAN).

    With an image x of domain c, a wanted domain c', critic D on patches, class logits C, features V and u between::

        L_D = -mean D(x) + mean D(G(x, c')) + w_gp mean (|grad D(u)| - 1)^2 + w_cls CE(C(x), c)
        L_G = -mean D(G(x, c')) + w_cls CE(C(G(x, c')), c') + w_rec mean |G(G(x, c'), c) - x|
              + w_feat mean (V(G(x, c')) - V(x))^2

    Wanted domains are the batch's own, in another order. Sampling wants domain 0, the target; the source's own domain
    is never asked, so any source is taken. The generator adds to its input.

    Source: arXiv:1711.09020, equations 3 to 6 and section 4; the feature loss of MultiPathGAN (Nazki et al. 2022,
    arXiv:2204.09782), with an encoder learnt in the study's own domain in place of a ResNet of photographs.
    """

    Settings: type[GeneratorSettings] = StarganSettings
    settings: StarganSettings
    goes_back = True

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        if facts.source_channels != facts.channels or len(facts.space) != 2 or len(facts.classes) < 2:
            what = "needs pictures or slices of two domains or more, all with the same channels"
            raise SpecError("stargan", [Fault("generators.family", what, "stargan", "Choose another family.")])
        s, domains = self.settings, len(facts.classes)
        self.generator = ResnetGenerator(
            facts.channels + domains, facts.channels, width=s.width, blocks=s.blocks, halvings=s.halvings
        )
        self.critic = _Critic(facts.channels, domains, s.critic_width, s.critic_layers, min(facts.space))
        initialise(self.generator)
        self.ema = Ema(self.generator, s.ema_decay)
        self.features = FeatureEncoder(facts.channels, ENCODER_WIDTHS).requires_grad_(False)
        self.watch = Watch()

    def phases(self) -> dict[str, nn.Module]:
        """The critic first."""
        return {"critic": self.critic, "generator": self.generator}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Learn the in-domain encoder from the training targets."""
        learn_features(self.features, examples, rng, steps=self.settings.perceptual_steps)

    def due(self, phase: str, step: int) -> bool:
        """The generator takes every second step, or as set."""
        return phase == "critic" or step % self.settings.critic_steps == self.settings.critic_steps - 1

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase."""
        self.phases()[phase]
        images, domain = all_images(batch)
        wanted = domain[torch.randperm(len(domain), generator=rng).to(domain.device)]
        if phase == "generator":
            return self.generator_loss(images, domain, wanted)
        with torch.no_grad():
            made = self.translate(self.generator, images, wanted)
        return self.critic_loss(images, made, domain, rng)

    def critic_loss(self, images: Tensor, made: Tensor, domain: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the terms of L_D."""
        s = self.settings
        (real, names), (synthetic, _) = self.critic(images), self.critic(made)
        if self.training:
            self.watch.see(images, made, real, synthetic)
        penalty = gradient_penalty(lambda shown: self.critic(shown)[0].flatten(1).mean(1), images, made, rng)
        return {
            "real": -real.mean(),
            "synthetic": synthetic.mean(),
            "penalty": s.penalty_weight * penalty,
            "class": s.class_weight * F.cross_entropy(names, domain),
        }

    def generator_loss(self, images: Tensor, domain: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        """Return the terms of L_G."""
        s = self.settings
        made = self.translate(self.generator, images, wanted)
        score, names = self.critic(made)
        back = self.translate(self.generator, made, domain)
        terms = {
            "adversarial": -score.mean(),
            "class": s.class_weight * F.cross_entropy(names, wanted),
            "cycle": s.cycle_weight * F.l1_loss(back, images),
        }
        if s.feature_weight:
            terms["features"] = s.feature_weight * F.mse_loss(self.features(made), self.features(images))
        return terms

    def translate(self, network: nn.Module, images: Tensor, wanted: Tensor) -> Tensor:
        """Return the images with the look of the wanted domains."""
        told = F.one_hot(wanted, len(self.facts.classes)).to(images)
        tiled = told[:, :, None, None].expand(-1, -1, *images.shape[2:])
        added: Tensor = network(torch.cat([images, tiled], dim=1))
        return torch.tanh(added + torch.atanh(images.clamp(-0.995, 0.995)))

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        return adam(self, phase, (0.5, 0.999))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Constant, then linear to 0."""
        return constant_then_fall(progress, self.settings.constant_share)

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.generator)

    def alarms(self) -> tuple[str, ...]:
        """What the last steps showed to be wrong."""
        return self.watch.alarms()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the error of the way there and back in model units, and the signs of collapse."""
        source, _ = unpaired(batch)
        assert batch.label is not None
        made = self.translate(self.ema.average, source, torch.zeros_like(batch.label))
        back = self.translate(self.ema.average, made, batch.label.clamp(min=0))
        signs = {"diversity": self.watch.diversity.clone(), "critic_won": self.watch.won.clone()}
        return {"cycle_l1": F.l1_loss(back, source), **signs}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the sources with the look of domain 0; they depend on their source alone."""
        if condition.source is None:
            raise ValueError("stargan translates images: the condition has no source")
        wanted = torch.zeros(len(condition.source), dtype=torch.int64, device=condition.source.device)
        return self.translate(self.ema.average, condition.source, wanted).clamp(-1, 1)

    @torch.no_grad()
    def way_back(self, made: Tensor, condition: Batch) -> Tensor:
        """Return the translated images with the look of their sources' own domains.

        Raises:
            NotMeasured: A source is of a domain that was not learnt.
        """
        if condition.label is None or bool((condition.label < 0).any()):
            raise NotMeasured("the generator has not learnt the domain of this source, so it knows no way back to it")
        return self.translate(self.ema.average, made, condition.label).clamp(-1, 1)


class _Critic(nn.Module):
    """Convolutions 4x4 of stride 2; a score per patch, and the domain from the mean over space."""

    def __init__(self, channels: int, domains: int, width: int, layers: int, side: int) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        now, after = channels, width
        for _ in range(min(layers, side.bit_length() - 2)):
            parts += [nn.Conv2d(now, after, 4, stride=2, padding=1), nn.LeakyReLU(0.01)]
            now, after = after, min(2 * after, 8 * width)
        self.body = nn.Sequential(*parts)
        self.score = nn.Conv2d(now, 1, 3, padding=1)
        self.names = nn.Linear(now, domains)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.body(images)
        return self.score(maps), self.names(maps.flatten(2).mean(2))


def all_images(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return sources and targets of a batch together, with their domains (0 for targets).

    Raises:
        ValueError: The batch lacks sources, targets or domains.
    """
    source, target = unpaired(batch)
    if batch.label is None:
        raise ValueError("this family must be told the domain of each source: the batch has none")
    return torch.cat([source, target]), torch.cat([batch.label, torch.zeros_like(batch.label)])
