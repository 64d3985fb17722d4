"""What every codec is: an encoder and a decoder learnt by pixel, feature and patch losses, and what passes between."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.generators.base import GeneratorSettings
from synthassay.generators.denoising import padded, target_of
from synthassay.networks.axes import require_multiples
from synthassay.networks.batch import Examples, Facts
from synthassay.networks.convolutional_codec import GridDecoder, GridEncoder, shrinkage
from synthassay.networks.patch_discriminator import PatchDiscriminator, require_patches
from synthassay.networks.perceptual import FeatureEncoder, learn_features
from synthassay.networks.principal_places import PrincipalPlaces

FEATURE_WIDTHS = (16, 16, 32, 32)
MEASURED = 512  # images that tell the principal components of places


class CodecSettings(GeneratorSettings):
    """Settings of both codecs."""

    codec_widths: tuple[int, ...] = Field(
        (32, 64), min_length=1, description="Channels per level; a side halves between levels (paper: 4 to 8 times)."
    )
    codec_fold: int = Field(
        2, ge=2, multiple_of=2, description="Side of the squares of pixels folded into channels before the first level."
    )
    principal: bool = Field(
        False, description="Begin at the principal components of places, so that networks learn what lines cannot tell."
    )
    latent_channels: int = Field(4, ge=1, description="Numbers per place of the latent grid (paper: 3 or 4).")
    codec_rate: float = Field(1e-3, gt=0, description="Peak learning rate of the codec and of its discriminator.")
    perceptual_weight: float = Field(1.0, ge=0, description="Weight of the feature distance; pictures only (paper: 1).")
    perceptual_steps: int = Field(150, ge=1, description="Training steps of the in-domain feature encoder.")
    adversarial_weight: float = Field(
        0.5, ge=0, description="Patch loss, times its adaptive weight (paper: 0.5; VQ 0.8)."
    )
    adversarial_from: float = Field(0.4, ge=0, le=1, description="Share of the codec's training before the patch loss.")
    patch_width: int = Field(16, ge=1, description="Channels of the discriminator's first layer (paper: 64).")
    patch_layers: int = Field(2, ge=1, le=5, description="Discriminator halvings (paper: 3).")
    kl_weight: float = Field(
        1e-6, ge=0, description="kl_autoencoder: weight of the summed KL divergence (paper: 1e-6)."
    )
    log_variance: float = Field(
        0.0, description="kl_autoencoder: added to the log variance; -6 begins with little noise and learns in minutes."
    )
    codes: int = Field(256, ge=2, description="vq_gan: entries of the codebook (paper: 1024 and more).")
    commitment: float = Field(0.25, ge=0, description="vq_gan: weight of the commitment loss (paper: 0.25).")


class Codec(nn.Module, ABC):
    """Encoder, decoder and a discriminator that judges what comes out.

    ``L = mean |x - D(E(x))| + w_p feature distance + bottleneck terms + a w_a (-mean patch logit)``, where the patch
    loss begins after a share of training and ``a`` holds the gradients of both sides at the decoder's last layer equal.
    The discriminator's loss is the hinge. Sums over pixels in the papers are means here; terms summed over the grid are
    divided by the number of pixels, so that the weights keep their meaning.

    Source:
        Esser et al. 2021, arXiv:2012.09841, equations 6 and 7; Rombach et al. 2022, arXiv:2112.10752, section 3.1.
    """

    def __init__(self, settings: CodecSettings, facts: Facts) -> None:
        super().__init__()
        require_multiples(facts.space, shrinkage(settings.codec_widths, settings.codec_fold), "latent_diffusion")
        require_patches(facts.space, settings.patch_layers)
        self.settings, self.space, axes = settings, facts.space, len(facts.space)
        widths, folded = settings.codec_widths, settings.codec_fold
        self.coder = nn.ModuleDict(
            {
                "encoder": GridEncoder(facts.channels, self.encoded(settings), widths, axes, folded),
                "decoder": GridDecoder(facts.channels, settings.latent_channels, widths, axes, folded),
            }
        )
        side = shrinkage(widths, folded)
        self.principal = (
            PrincipalPlaces(facts.channels, settings.latent_channels, side, axes) if settings.principal else None
        )
        if self.principal is not None:  # what the networks add is nothing at first
            for layer in (self.coder["encoder"].leave, self.coder["decoder"].leave):
                for weights in cast(nn.Module, layer).parameters():
                    nn.init.zeros_(weights)
        self.discriminator = PatchDiscriminator(
            facts.channels, width=settings.patch_width, layers=settings.patch_layers, dimensions=axes
        )
        self.features = FeatureEncoder(facts.channels, FEATURE_WIDTHS).requires_grad_(False) if axes == 2 else None

    @staticmethod
    @abstractmethod
    def encoded(settings: CodecSettings) -> int:
        """Return the channels that the encoder gives."""

    @abstractmethod
    def encode(self, image: Tensor) -> Tensor:
        """Return the latent grid that a denoiser learns, ``batch latent_channels *grid``."""

    @abstractmethod
    def bottleneck(self, image: Tensor, rng: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what the decoder is given in training, and the bottleneck's own loss terms, per pixel."""

    def coded(self, image: Tensor) -> Tensor:
        """Return the encoder's answer, ``batch encoded *grid``, principal components added to its first channels."""
        found = self.coder["encoder"](image)
        if self.principal is None:
            return found
        known = self.principal.encode(image)
        return torch.cat([found[:, : known.shape[1]] + known, found[:, known.shape[1] :]], 1)

    def decode(self, grid: Tensor) -> Tensor:
        """Return the image of a latent grid."""
        made = self.coder["decoder"](grid)
        return made if self.principal is None else made + self.principal.decode(grid)

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Measure the principal components, and learn the encoder of the feature distance, on the training images."""
        if self.principal is not None:
            chosen = torch.randperm(len(examples), generator=rng)[:MEASURED].tolist()
            self.principal.measure(
                padded(target_of(examples.batch(chosen[i : i + 16])), self.space) for i in range(0, len(chosen), 16)
            )
        if self.features is not None and self.settings.perceptual_weight > 0:
            learn_features(self.features, examples, rng, steps=self.settings.perceptual_steps)

    def loss(self, image: Tensor, rng: torch.Generator, *, judged: bool) -> dict[str, Tensor]:
        """Return the codec's terms; ``judged`` adds the patch loss, whose weight needs gradients."""
        grid, terms = self.bottleneck(image, rng)
        made = self.decode(grid)
        terms = {"pixel": F.l1_loss(made, image), **terms}
        if self.features is not None and self.settings.perceptual_weight > 0:
            terms["perceptual"] = self.settings.perceptual_weight * F.l1_loss(self.features(made), self.features(image))
        if judged:
            patches = -self.discriminator(made).mean()
            near = terms["pixel"] + terms.get("perceptual", torch.zeros_like(patches))
            last = cast(GridDecoder, self.coder["decoder"]).leave.get_parameter("weight")
            terms["adversarial"] = self.settings.adversarial_weight * adaptive_weight(near, patches, last) * patches
        return terms

    def discriminator_loss(self, image: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Return both halves of the hinge loss."""
        with torch.no_grad():
            made = self.decode(self.bottleneck(image, rng)[0])
        return {
            "real": F.relu(1 - self.discriminator(image)).mean() / 2,
            "synthetic": F.relu(1 + self.discriminator(made)).mean() / 2,
        }


def adaptive_weight(near: Tensor, patches: Tensor, last: Tensor) -> Tensor:
    """Return ``|grad near| / (|grad patches| + 1e-4)`` at the decoder's last layer, at most 1e4, as a constant.

    Source:
        Esser et al. 2021, arXiv:2012.09841, equation 7; the bounds are those of its code.
    """
    (of_near,) = torch.autograd.grad(near, last, retain_graph=True)
    (of_patches,) = torch.autograd.grad(patches, last, retain_graph=True)
    return (of_near.norm() / (of_patches.norm() + 1e-4)).clamp(0, 1e4).detach()
