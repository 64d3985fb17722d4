"""Conditional variational autoencoder: an image is decoded from a vector of the standard normal law and a class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.networks.autoencoder import Autoencoder
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each, normal_like
from synthassay.networks.schedule import rise_and_fall
from synthassay.networks.unet import check_size


class VaeSettings(GeneratorSettings):
    """Settings of the autoencoder; beta 1 is the evidence lower bound itself."""

    images_seen: int = Field(60_000, ge=1, description="Training length, in images shown (with repetition).")
    learning_rate: float = Field(1e-3, gt=0, description="Peak learning rate; it falls to a hundredth by a cosine.")
    widths: tuple[int, ...] = Field((32, 64, 128, 128), min_length=1, description="Channels per level.")
    unshuffle: int = Field(2, ge=1, description="Side of the squares of pixels folded into channels; 1 folds none.")
    latent: int = Field(64, ge=1, description="Numbers in the latent vector.")
    beta: float = Field(1.0, ge=0, description="Weight of the KL divergence; above 1 is a beta-VAE.")
    beta_warm_up: float = Field(0.15, ge=0, le=1, description="Share of training in which beta rises linearly from 0.")
    observation: Literal["optimal", "fixed"] = Field(
        "optimal", description="Pixel noise: as the errors say, or `sigma`."
    )
    sigma: float = Field(0.1, gt=0, description="Standard deviation of a pixel about the decoded mean, where fixed.")
    ema_decay: float = Field(0.999, ge=0, lt=1, description="Decay of the weights' moving average, after its warm-up.")


@generator("vae", serves={"augment", "generate"}, source="arXiv:1312.6114")
class Vae(Generator):
    """Encoder and decoder, both told the class, trained by the evidence lower bound.

    ``-ELBO = -log N(x; decode(z, c), sigma^2) + beta KL(q(z|x, c) || N(0, 1))``, each **summed** over pixels and over
    latent numbers, averaged over the batch, and both divided by the number of pixels, so that terms are nats per pixel
    and beta keeps its meaning.

    Pictures and volumes alike.

    A sample is the decoded **mean** of a z from the prior: the pixel noise of the observation model is not added, so
    images are smoother than the model's own law.

    Source:
        Kingma and Welling 2013, arXiv:1312.6114, equations 3 and 10; the class as in Sohn et al. 2015 (NeurIPS,
        "Learning structured output representation"); the shared optimal sigma by Rybkin et al. 2020,
        arXiv:2006.13202 (its "optimal sigma-VAE"); beta by Higgins et al. 2017, its warm-up by Bowman et al. 2015,
        arXiv:1511.06349. Departures: a residual network, and moving averages of the weights for sampling.
    """

    Settings = VaeSettings
    case_loss = "negative_elbo"
    settings: VaeSettings
    images_seen: Tensor

    def __init__(self, settings: VaeSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        check_size(facts.space, levels=len(settings.widths), unshuffle=settings.unshuffle, where="vae", axes=(2, 3))
        self.network = Autoencoder(
            facts.channels,
            settings.latent,
            space=facts.space,
            widths=settings.widths,
            unshuffle=settings.unshuffle,
            classes=len(facts.classes),
        )
        self.ema = Ema(self.network, settings.ema_decay)
        self.register_buffer("images_seen", torch.zeros((), dtype=torch.int64))

    def phases(self) -> dict[str, nn.Module]:
        """One phase: encoder and decoder together."""
        return {"elbo": self.network}

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """Adam, fused."""
        return torch.optim.Adam(self.phases()[phase].parameters(), lr=self.settings.learning_rate, fused=True)

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """A linear rise over a fiftieth of training, then a cosine fall to a hundredth."""
        return rise_and_fall(progress, 0.02)

    @property
    def beta(self) -> float:
        """The KL divergence's weight at this point of training."""
        rise = self.settings.beta_warm_up * self.settings.images_seen
        return self.settings.beta * (min(1.0, int(self.images_seen) / rise) if rise else 1.0)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return reconstruction and weighted KL divergence, in nats per pixel; their sum is -ELBO where beta is 1."""
        self.phases()[phase]
        return self._terms(self.network, batch, rng, self.beta)

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights, and the clock of the KL divergence's warm-up."""
        self.ema.update(self.network)
        self.images_seen.fill_(images_seen)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return -ELBO and its terms at beta 1, from the averaged weights."""
        terms = self._terms(self.ema.average, batch, rng, 1.0)
        return {**terms, "negative_elbo": terms["reconstruction"] + terms["kl"]}

    @torch.no_grad()
    def case_losses(self, batch: Batch, seeds: Sequence[int]) -> Tensor:
        """Return each example's -ELBO at beta 1 in nats per pixel; an optimal sigma is the example's own."""
        if batch.target is None:
            raise ValueError("the loss is of targets, and this batch has none")
        network, fixed = self.ema.average, self.settings.observation == "fixed"
        mean, log_variance = network.encode(batch.target, batch.label)
        total = torch.zeros_like(mean[:, 0])
        for seed in seeds:
            noise = normal_like(mean[:1], torch.Generator().manual_seed(seed))
            decoded = network.decode(mean + (log_variance / 2).exp() * noise, batch.label)
            pairs = zip(decoded.split(1), batch.target.split(1), strict=True)
            total += torch.cat(
                [negative_log_likelihood(d, t, self.settings.sigma if fixed else None) for d, t in pairs]
            )
        return (total / len(seeds) + kl_divergence(mean, log_variance)) / batch.target[0].numel()

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; the latent vector i is drawn from ``rngs[i]`` alone."""
        device = self.images_seen.device
        latent = normal_each((self.settings.latent,), rngs, device)
        return self.ema.average.decode(latent, condition.to(device).label).clamp(-1, 1)

    def _terms(self, network: Autoencoder, batch: Batch, rng: torch.Generator, beta: float) -> dict[str, Tensor]:
        if batch.target is None:
            raise ValueError("the autoencoder learns from targets, and this batch has none")
        mean, log_variance = network.encode(batch.target, batch.label)
        latent = mean + (log_variance / 2).exp() * normal_like(mean, rng)
        decoded = network.decode(latent, batch.label)
        sigma = self.settings.sigma if self.settings.observation == "fixed" else None
        pixels = batch.target[0].numel()
        return {
            "reconstruction": negative_log_likelihood(decoded, batch.target, sigma).mean() / pixels,
            "kl": beta * kl_divergence(mean, log_variance).mean() / pixels,
        }


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, 1)) in nats, summed over the latent vector: ``batch``.

    Source:
        Kingma and Welling 2013, arXiv:1312.6114, appendix B.

    >>> round(float(kl_divergence(torch.tensor([[1.0]]), torch.tensor([[0.0]]))), 3)
    0.5
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def negative_log_likelihood(decoded: Tensor, target: Tensor, sigma: float | None) -> Tensor:
    """Return -log N(target; decoded, sigma^2) in nats, summed over pixels: ``batch``.

    Args:
        decoded: Means, ``batch channels *space``.
        target: Images of the same shape.
        sigma: Standard deviation of a pixel; None takes the one at which the batch is likeliest, the root mean square
            error, not below 1e-3 (half a grey level of 8 bits is 4e-3 on [-1, 1]).

    Source:
        Rybkin et al. 2020, arXiv:2006.13202, the "optimal sigma-VAE".

    >>> zeros = torch.zeros(1, 1, 1, 2)
    >>> round(float(negative_log_likelihood(zeros, zeros + 2, 2.0)), 4)  # 2 (1/2 + log 2 + log(2 pi)/2)
    4.2242
    """
    squares = (decoded - target).square()
    variance = squares.mean().clamp(min=1e-6) if sigma is None else squares.new_tensor(sigma**2)
    return (squares / variance + variance.log() + math.log(2 * math.pi)).flatten(1).sum(1) / 2
