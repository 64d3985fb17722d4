"""VAE-GAN: an autoencoder whose likeness is measured by what a discriminator sees."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.noise_gan import real_of
from synthassay.generators.vae import kl_divergence
from synthassay.networks.adversarial import cross_entropy
from synthassay.networks.autoencoder import Autoencoder
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each, normal_like
from synthassay.networks.noise_to_image import ImageToScore
from synthassay.networks.unet import check_size
from synthassay.networks.watch import Watch


class VaeGanSettings(GeneratorSettings):
    """Settings of VAE-GAN."""

    images_seen: int = Field(40_000, ge=1, description="Training length, in images shown (with repetition).")
    learning_rate: float = Field(3e-4, gt=0, description="Learning rate (paper: 3e-4, RMSProp).")
    widths: tuple[int, ...] = Field((16, 32, 64, 64), min_length=1, description="Channels per level, finest first.")
    judge_widths: tuple[int, ...] = Field(
        (16, 32, 64), min_length=1, description="Channels of the discriminator per size, finest first."
    )
    unshuffle: int = Field(2, ge=1, description="Side of the squares of pixels folded into channels; 1 folds none.")
    latent: int = Field(64, ge=1, description="Numbers in the latent vector (paper: 128).")
    beta: float = Field(1.0, ge=0, description="Weight of the KL divergence (paper: 1).")
    gamma: float = Field(1e-2, ge=0, description="Likeness against deception, for the decoder (paper's range: small).")
    discriminator_rate: float = Field(0.5, gt=0, description="The discriminator's learning rate, relative (paper: 1).")
    ema_decay: float = Field(0.999, ge=0, lt=1, description="Decay of the autoencoder's moving average (paper: none).")


@generator("vae_gan", serves={"augment", "generate"}, source="arXiv:1512.09300")
class VaeGan(Generator):
    """Autoencoding beyond pixels (Larsen et al. 2016).

    With discriminator maps V, z from the encoder, z_p from the prior and H the cross-entropy of a logit::

        L_prior = KL(q(z|x) || N(0, 1))          L_like = 1/2 sum (V(x) - V(dec(z)))^2
        L_GAN   = H(D(x), 1) + H(D(dec(z)), 0) + H(D(dec(z_p)), 0)
        encoder: beta L_prior + L_like    decoder: gamma L_like - L_GAN    discriminator: L_GAN

    Sums over maps and latent numbers, means over the batch; the encoder's terms are divided by the number of maps.
    Each network has a phase of its own, so that no gradient of L_GAN reaches the encoder and none of L_like the
    discriminator. The decoder descends -L_GAN as H(D(dec(z)), 1) + H(D(dec(z_p)), 1).

    Source: arXiv:1512.09300, algorithm 1 and equations 5 to 8. Departures: a residual autoencoder told the class, Adam
    in place of RMSProp, spectral norms in the discriminator, moving averages for sampling.
    """

    Settings: type[GeneratorSettings] = VaeGanSettings
    settings: VaeGanSettings

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s = self.settings
        check_size(facts.space, levels=len(s.widths), unshuffle=s.unshuffle, where="vae_gan")
        check_size(facts.space, levels=len(s.judge_widths) + 1, unshuffle=1, where="vae_gan")
        self.network = Autoencoder(
            facts.channels,
            s.latent,
            space=facts.space,
            widths=s.widths,
            unshuffle=s.unshuffle,
            classes=len(facts.classes),
        )
        self.discriminator = ImageToScore(
            facts.channels, facts.space, s.judge_widths, norm="spectral", classes=len(facts.classes), projects=True
        )
        self.ema = Ema(self.network, s.ema_decay)
        self.watch = Watch()

    def phases(self) -> dict[str, nn.Module]:
        """Encoder, decoder, discriminator: each descends its own sum."""
        return {
            "encoder": self.network.encoder,
            "decoder": self.network.decoder,
            "discriminator": self.discriminator,
        }

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase."""
        self.phases()[phase]
        real, kind = real_of(batch)
        label = kind if self.facts.classes else None
        mean, log_variance = self.network.encode(real, label)
        latent = mean + (log_variance / 2).exp() * normal_like(mean, rng)
        made = self.network.decode(latent, label)
        if phase == "encoder":
            return self.encoder_loss(real, made, mean, log_variance)
        dreamt = self.network.decode(normal_like(mean, rng), label)
        if phase == "decoder":
            return self.decoder_loss(real, made, dreamt, label)
        return self.discriminator_loss(real, made.detach(), dreamt.detach(), label)

    def likeness(self, real: Tensor, made: Tensor) -> Tensor:
        """Return L_like per image, summed over the discriminator's maps, and averaged over the batch."""
        apart = self.discriminator.maps(real) - self.discriminator.maps(made)
        return apart.square().flatten(1).sum(1).mean() / 2

    def encoder_loss(self, real: Tensor, made: Tensor, mean: Tensor, log_variance: Tensor) -> dict[str, Tensor]:
        """Return the encoder's terms: no discriminator's verdict among them."""
        count = self.discriminator.features
        return {
            "kl": self.settings.beta * kl_divergence(mean, log_variance).mean() / count,
            "likeness": self.likeness(real, made) / count,
        }

    def decoder_loss(self, real: Tensor, made: Tensor, dreamt: Tensor, label: Tensor | None) -> dict[str, Tensor]:
        """Return the decoder's terms."""
        return {
            "likeness": self.settings.gamma * self.likeness(real, made),
            "adversarial": cross_entropy(self.discriminator(made, label), 1.0)
            + cross_entropy(self.discriminator(dreamt, label), 1.0),
        }

    def discriminator_loss(self, real: Tensor, made: Tensor, dreamt: Tensor, label: Tensor | None) -> dict[str, Tensor]:
        """Return L_GAN."""
        right, of_dreamt = self.discriminator(real, label), self.discriminator(dreamt, label)
        if self.training:
            self.watch.see(real, dreamt, right, of_dreamt)
        return {
            "real": cross_entropy(right, 1.0),
            "decoded": cross_entropy(self.discriminator(made, label), 0.0),
            "dreamt": cross_entropy(of_dreamt, 0.0),
        }

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam with beta (0.5, 0.999)."""
        rate = self.settings.learning_rate * (self.settings.discriminator_rate if phase == "discriminator" else 1.0)
        return torch.optim.Adam(self.phases()[phase].parameters(), lr=rate, betas=(0.5, 0.999))

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    def alarms(self) -> tuple[str, ...]:
        """What the last steps showed to be wrong."""
        return self.watch.alarms()

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the mean absolute error of decoded means in model units, and the signs of collapse."""
        real, kind = real_of(batch)
        label = kind if self.facts.classes else None
        mean, _ = self.ema.average.encode(real, label)
        error = (self.ema.average.decode(mean, label) - real).abs().mean()
        signs = {"diversity": self.watch.diversity.clone(), "discriminator_won": self.watch.won.clone()}
        return {"reconstruction_l1": error, **signs}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; the latent vector i is drawn from ``rngs[i]`` alone."""
        device = self.watch.won.device
        label = condition.to(device).label if self.facts.classes else None
        return self.ema.average.decode(normal_each((self.settings.latent,), rngs, device), label).clamp(-1, 1)
