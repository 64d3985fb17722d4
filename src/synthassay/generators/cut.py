"""CUT: unpaired translation one way, each patch more like its own source patch than like any other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.cyclegan import UNPAIRED, unpaired
from synthassay.generators.paired_gan import adam
from synthassay.networks.adversarial import least_squares
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.patch_discriminator import PatchDiscriminator, require_patches
from synthassay.networks.resnet_generator import ResnetGenerator, initialise
from synthassay.networks.schedule import constant_then_fall
from synthassay.networks.watch import Watch


class CutSettings(GeneratorSettings):
    """Settings of CUT. Defaults are lean for a CPU; the paper's values stand in each description."""

    images_seen: int = Field(8_000, ge=1, description="Training length, in sources shown (paper: 400 epochs).")
    batch: int = Field(2, ge=1, description="Sources, and targets, per optimiser step (paper: 1).")
    width: int = Field(16, ge=1, description="Channels of the generator's first layer (paper: 64).")
    blocks: int = Field(4, ge=1, description="Residual blocks (paper: 9).")
    halvings: int = Field(2, ge=0, le=4, description="Halvings before the blocks (paper: 2).")
    patch_width: int = Field(16, ge=1, description="Channels of the discriminator's first layer (paper: 64).")
    patch_layers: int = Field(2, ge=1, le=5, description="Discriminator halvings (paper: 3).")
    nce_weight: float = Field(1.0, ge=0, description="Weight of the contrastive loss (paper: 1).")
    identity: bool = Field(True, description="Whether targets through the generator are contrasted too (paper: yes).")
    patches: int = Field(64, ge=2, description="Places compared per image and layer (paper: 256).")
    projection: int = Field(64, ge=1, description="Features compared (paper: 256).")
    temperature: float = Field(0.07, gt=0, description="Temperature of the contrastive loss (paper: 0.07).")
    constant_share: float = Field(0.5, ge=0, le=1, description="Share of training before the linear decay (paper).")
    discriminator_rate: float = Field(1.0, gt=0, description="The discriminator's learning rate, relative (paper: 1).")
    ema_decay: float = Field(0.995, ge=0, lt=1, description="Decay of the generator's moving average (paper: none).")


@generator("cut", serves=set(UNPAIRED), source="arXiv:2007.15651")
class Cut(Generator):
    """Contrastive unpaired translation (Park et al. 2020).

    With encoder features of layer l at place s, projected and of length 1, of the result (v) and of the source (w)::

        NCE(x) = mean over l, s of  -log exp(v_s w_s / T) / sum_s' exp(v_s w_s' / T)
        L_G = mean (D(G(x)) - 1)^2 + w_nce (NCE(x) + NCE(y)) / 2
        L_D = 1/2 [ mean (D(y) - 1)^2 + mean D(G(x))^2 ]

    Negatives come from the same image. ``NCE(y)``, of a target and of what the generator makes of it, keeps targets as
    they are. The source's features are taken without gradient.

    Source: arXiv:2007.15651, equations 1 to 5; layers and projection of the authors' code. Departures: fewer
    places and smaller networks; the projection exists from the start; a moving average samples.
    """

    Settings: type[GeneratorSettings] = CutSettings
    settings: CutSettings

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s, dims = self.settings, len(facts.space)
        if facts.source_channels != facts.channels:
            what = "compares source and result by one encoder, and their channels differ"
            raise SpecError("cut", [Fault("generators.family", what, "cut", "Use a CycleGAN.")])
        require_patches(facts.space, s.patch_layers)
        network = ResnetGenerator(
            facts.channels, facts.channels, width=s.width, blocks=s.blocks, halvings=s.halvings, dimensions=dims
        )
        with torch.no_grad():
            channels = [maps.shape[1] for maps in network.stages(torch.zeros(1, facts.channels, *facts.space))]
        heads = nn.ModuleList(
            nn.Sequential(nn.Linear(c, s.projection), nn.ReLU(), nn.Linear(s.projection, s.projection))
            for c in channels
        )
        self.generator = nn.ModuleDict({"network": network, "heads": heads})
        self.discriminator = PatchDiscriminator(
            facts.channels, width=s.patch_width, layers=s.patch_layers, dimensions=dims
        )
        initialise(network)
        initialise(self.discriminator)
        self.ema = Ema(network, s.ema_decay)
        self.watch = Watch()

    def phases(self) -> dict[str, nn.Module]:
        """The discriminator first, as in the authors' code; the generator steps together with the projections."""
        return {"discriminator": self.discriminator, "generator": self.generator}

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase."""
        source, target = unpaired(batch)
        if phase == "discriminator":
            with torch.no_grad():
                made = self.translate(self.network, source)
            right, wrong = self.discriminator(target), self.discriminator(made)
            if self.training:
                self.watch.see(target, made, right, wrong)
            return {"real": least_squares(right, 1.0) / 2, "synthetic": least_squares(wrong, 0.0) / 2}
        if phase != "generator":
            raise KeyError(phase)
        made = self.translate(self.network, source)
        s = self.settings
        share = s.nce_weight / (2 if s.identity else 1)
        terms = {
            "adversarial": least_squares(self.discriminator(made), 1.0),
            "nce": share * self.contrast(source, made, rng),
        }
        if s.identity:
            terms["nce_identity"] = share * self.contrast(target, self.translate(self.network, target), rng)
        return terms

    @property
    def network(self) -> ResnetGenerator:
        """The translator, by the weights in training."""
        found = self.generator["network"]
        assert isinstance(found, ResnetGenerator)
        return found

    def translate(self, network: nn.Module, source: Tensor) -> Tensor:
        """Return the images with the look of targets."""
        return torch.tanh(network(source))

    def contrast(self, shown: Tensor, made: Tensor, rng: torch.Generator) -> Tensor:
        """Return the contrastive loss between an image and what was made of it, over layers, places and images."""
        with torch.no_grad():
            of_shown = self.network.stages(shown)
        losses = []
        heads = self.generator["heads"]
        assert isinstance(heads, nn.ModuleList)
        for before, after, head in zip(of_shown, self.network.stages(made), heads, strict=True):
            pixels = before[0, 0].numel()
            places = torch.randperm(pixels, generator=rng)[: self.settings.patches].to(before.device)
            wanted, found = (F.normalize(head(maps.flatten(2).mT[:, places]), dim=-1) for maps in (before, after))
            losses.append(patch_nce(found, wanted.detach(), self.settings.temperature))
        return torch.stack(losses).mean()

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        return adam(self, phase, (0.5, 0.999))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Constant, then linear to 0."""
        return constant_then_fall(progress, self.settings.constant_share)

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    def alarms(self) -> tuple[str, ...]:
        """What the last steps showed to be wrong."""
        return self.watch.alarms()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return how far targets are from what is made of them, in model units, and the signs of collapse."""
        _, target = unpaired(batch)
        signs = {"diversity": self.watch.diversity.clone(), "discriminator_won": self.watch.won.clone()}
        return {"identity_l1": F.l1_loss(self.translate(self.ema.average, target), target), **signs}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the translated slices; they depend on their source alone."""
        if condition.source is None:
            raise ValueError("cut translates images: the condition has no source")
        return self.translate(self.ema.average, condition.source).clamp(-1, 1)


def patch_nce(found: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Return the mean cross-entropy of finding each place's own source among all places of its image.

    Args:
        found: ``batch places features`` of length 1, of the result.
        wanted: The same of the source.
        temperature: Divides the inner products.

    Source: Park et al. 2020, arXiv:2007.15651, equation 2.

    >>> one = torch.eye(2)[None]
    >>> round(float(patch_nce(one, one, 1.0)), 4)  # log(e + 1) - 1
    0.3133
    """
    alike = found @ wanted.mT / temperature
    at = torch.arange(found.shape[1], device=found.device).expand(found.shape[0], -1)
    return F.cross_entropy(alike.flatten(0, 1), at.flatten())
