"""Disentangled VAE: harmonisation by exchanging how an image looks and keeping what it shows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.stargan import all_images
from synthassay.generators.vae import kl_divergence
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_like
from synthassay.networks.schedule import rise_and_fall
from synthassay.networks.two_codes import TwoCodes

KEPT = 0.98


class DisentangledVaeSettings(GeneratorSettings):
    """Settings of the disentangled autoencoder."""

    images_seen: int = Field(8_000, ge=1, description="Training length, in sources shown.")
    batch: int = Field(4, ge=2, description="Sources, and targets, per optimiser step.")
    learning_rate: float = Field(1e-3, gt=0, description="Peak learning rate; it falls to a hundredth by a cosine.")
    maps: int = Field(8, ge=2, description="Maps of the anatomy code (SDNet: 8).")
    numbers: int = Field(8, ge=1, description="Numbers of the acquisition code (SDNet: 8).")
    width: int = Field(16, ge=1, description="Channels of hidden layers.")
    reconstruction_weight: float = Field(10.0, ge=0, description="Weight of the L1 distance to the image itself.")
    kl_weight: float = Field(0.01, ge=0, description="Weight of the acquisition code's KL divergence (SDNet: 0.01).")
    anatomy_weight: float = Field(1.0, ge=0, description="Weight of the anatomy's sameness after a change of look.")
    code_weight: float = Field(1.0, ge=0, description="Weight of reading back the acquisition code (SDNet: 1).")
    gamma_range: float = Field(0.5, ge=0, lt=1, description="Largest change of exponent of the looks invented.")
    ema_decay: float = Field(0.995, ge=0, lt=1, description="Decay of the weights' moving average, after its warm-up.")


@generator("disentangled_vae", serves={"harmonise", "stain_normalise"}, source="arXiv:1903.09467")
class DisentangledVae(Generator):
    """An anatomy code, an acquisition code, and the target domain's acquisition for every source.

    With anatomy A(x), acquisition z ~ q(z | x, A(x)) and decoder P, and x' the image with an invented look (a power and
    an affine map of its values, which move no border)::

        L = w_rec |P(A(x'), z) - x| + w_kl KL(q || N(0, 1)) + w_anat |A(x') - A(x)|
            + w_anat |A(P(A(x), z_o)) - A(x)| + w_code |z of P(A(x), z_o) - z_o|

    where z_o is the code of another image of the batch, of any domain. The anatomy of x' must paint x with the code of
    x: what the maps hold beyond anatomy would be wrong there. A source is painted with the mean code of the target
    domain, a moving average over the training targets. The source's domain is never asked, so any source is taken.

    Source: Chartsias et al. 2019, arXiv:1903.09467, equations 1 to 4; invented looks in place of the second contrast of
    Zuo et al. 2021, doi:10.1016/j.neuroimage.2021.118569. No segmentation is learnt along, and no discriminator.
    """

    Settings: type[GeneratorSettings] = DisentangledVaeSettings
    settings: DisentangledVaeSettings
    goes_back = True
    target_code: Tensor
    images_seen: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        if facts.source_channels != facts.channels or len(facts.space) != 2:
            what = "needs pictures or slices of one kind, all with the same channels"
            fault = Fault("generators.family", what, "disentangled_vae", "Choose another family.")
            raise SpecError("disentangled_vae", [fault])
        s = self.settings
        self.network = TwoCodes(facts.channels, maps=s.maps, numbers=s.numbers, width=s.width)
        self.ema = Ema(self.network, s.ema_decay)
        self.register_buffer("target_code", torch.zeros(s.numbers))
        self.register_buffer("images_seen", torch.zeros((), dtype=torch.int64))

    def phases(self) -> dict[str, nn.Module]:
        """One phase: everything together."""
        return {"codes": self.network}

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """A linear rise over a fiftieth of training, then a cosine fall to a hundredth."""
        return rise_and_fall(progress, 0.02)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms; in training, the target's code moves along."""
        self.phases()[phase]
        images, domain = all_images(batch)
        s, net = self.settings, self.network
        anatomy = net.anatomy(images)
        relooked = net.anatomy(self.another_look(images, rng))
        mean, log_variance = net.acquisition(images, anatomy)
        code = mean + (log_variance / 2).exp() * normal_like(mean, rng)
        other = code[torch.randperm(len(code), generator=rng).to(code.device)].detach()
        exchanged = net.paint(anatomy, other)
        again = net.anatomy(exchanged)
        if self.training:
            self._follow(mean[domain == 0].detach())
        return {
            "reconstruction": s.reconstruction_weight * F.l1_loss(net.paint(relooked, code), images),
            "kl": s.kl_weight * kl_divergence(mean, log_variance).mean(),
            "anatomy_of_looks": s.anatomy_weight * F.l1_loss(relooked, anatomy),
            "anatomy_kept": s.anatomy_weight * F.l1_loss(again, anatomy.detach()),
            "code": s.code_weight * F.l1_loss(net.acquisition(exchanged, again)[0], other),
        }

    def another_look(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Return the images after a power and an affine map of their values, drawn per image and channel."""
        shape = (*images.shape[:2], *(1,) * len(self.facts.space))
        exponent, gain, offset = (2 * torch.rand((3, *shape), generator=rng) - 1).to(images.device)
        power = torch.exp(self.settings.gamma_range * exponent)
        changed = 2 * ((images.clamp(-1, 1) + 1) / 2).pow(power) - 1
        return (changed * (1 + 0.2 * gain) + 0.1 * offset).clamp(-1, 1)

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)
        self.images_seen.fill_(images_seen)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the error of each image painted with its own code in model units, by the averaged weights."""
        images, _ = all_images(batch)
        net = self.ema.average
        anatomy = net.anatomy(images)
        return {"reconstruction_l1": F.l1_loss(net.paint(anatomy, net.acquisition(images, anatomy)[0]), images)}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the sources painted as the target domain shows them; they depend on their source alone."""
        if condition.source is None:
            raise ValueError("disentangled_vae harmonises images: the condition has no source")
        net = self.ema.average
        anatomy = net.anatomy(condition.source)
        return net.paint(anatomy, self.target_code.expand(len(anatomy), -1)).clamp(-1, 1)

    @torch.no_grad()
    def way_back(self, made: Tensor, condition: Batch) -> Tensor:
        """Return the anatomy of what was painted, painted again with the code that each source was read to have."""
        if condition.source is None:
            raise ValueError("disentangled_vae harmonises images: the condition has no source")
        net = self.ema.average
        own = net.acquisition(condition.source, net.anatomy(condition.source))[0]
        return net.paint(net.anatomy(made), own).clamp(-1, 1)

    @torch.no_grad()
    def _follow(self, codes: Tensor) -> None:
        if len(codes):
            weight = 1.0 if int(self.images_seen) == 0 else 1 - KEPT
            self.target_code.lerp_(codes.mean(dim=0), weight)
