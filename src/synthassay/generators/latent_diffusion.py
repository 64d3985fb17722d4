"""Latent diffusion: a codec shrinks images to a small grid; a diffusion model learns the grids, shown drawings too."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.codecs import CODECS, Codec, CodecName, CodecSettings
from synthassay.generators.denoising import GuidanceSettings, UNetSettings, lean_unet, padded, target_of
from synthassay.generators.neighbours import SliceSettings
from synthassay.generators.stages import boundary, progress_within
from synthassay.generators.variance_preserving import VariancePreserving, VariancePreservingSettings
from synthassay.networks.axes import fold, spread
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.convolutional_codec import shrinkage
from synthassay.networks.schedule import rise_and_fall

MEASURED = 512  # images whose grids tell the scale
NOTHING = 0.0  # neither drawn (1) nor not drawn (-1)


class LatentDiffusionSettings(CodecSettings, GuidanceSettings, UNetSettings, SliceSettings, VariancePreservingSettings):
    """Settings of codec and diffusion model."""

    codec: CodecName = Field("kl_autoencoder", description="What shrinks the images.")
    codec_share: float = Field(0.4, gt=0, lt=1, description="Share of training in which the codec is learnt, first.")
    widths: tuple[int, ...] = Field((64, 128), min_length=1, description="Channels per level of the latent U-Net.")
    latent_scale: Literal["each", "all"] = Field(
        "each", description="What is brought to deviation 1: each latent channel, or all by one factor (paper)."
    )
    unshuffle: int = Field(1, ge=1, description="Side of the squares of the grid folded into channels; 1 folds none.")
    clip: bool = Field(False, description="Keep each expected grid of a walk within [-1, 1]; latent numbers go beyond.")


@generator("latent_diffusion", serves={"augment", "generate", "mask_to_image"}, source="arXiv:2112.10752")
class LatentDiffusion(VariancePreserving):
    """The codec is learnt first, then held still while a diffusion model learns its grids; one training in two stages.

    Between the stages the mean and the standard deviation of each latent channel are measured on up to 512 training
    images and kept with the weights; the diffusion model sees grids of mean 0 and deviation 1. With ``latent_scale =
    "all"`` one factor serves all channels, which keeps their proportions: those that tell most stand out of the noise
    first, as coarse structure does before detail among pixels.

    A drawing is brought to the grid as shares: the mean of each channel over each half of a place along each axis, the
    halves folded into channels, so that a border is known to half of a place and better. It stands beside the noisy
    grid as further channels, and is hidden in a share of the examples (``drop_class``), so that guidance by it is
    possible. Images of any size are padded behind their ends with the floor of the scale and cropped again.

    Source:
        Rombach et al. 2022, arXiv:2112.10752, section 3. Departures: the scale is measured on many images, by default
        per channel (one for all, on one batch, in the code); the mean of the encoder's law is learnt, not a draw;
        features for the codec's perceptual loss are learnt from the training images (LPIPS there), and volumes have
        none; drawings are brought to the grid by means (by a learnt encoder there).
    """

    Settings = LatentDiffusionSettings
    sampling = frozenset({"steps", "sampler", "guidance"})
    settings: LatentDiffusionSettings
    pads = True
    latent_mean: Tensor
    latent_spread: Tensor
    steps_done: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        s = self.settings
        self.codec: Codec = CODECS[s.codec](s, replace(facts, space=self.space))
        self.register_buffer("steps_done", torch.zeros((), dtype=torch.int64))
        self.register_buffer("latent_mean", torch.zeros(s.latent_channels))
        self.register_buffer("latent_spread", torch.ones(s.latent_channels))

    def new_network(self) -> nn.Module:
        """The lean U-Net, on the grid."""
        channels, *grid = self.shape()
        drawn = self.facts.source_channels * 2 ** len(grid)
        facts = replace(self.facts, channels=channels, source_channels=drawn, space=tuple(grid))
        return lean_unet(self.settings, facts, "latent_diffusion")

    def divisor(self) -> int:
        """Pixels per place of the grid, times what the U-Net folds and halves of it."""
        s = self.settings
        return self._place() * s.unshuffle * int(2 ** (len(s.widths) - 1))

    def shape(self) -> tuple[int, ...]:
        """Return channels and sides of the grid."""
        by = self._place()
        return (self.settings.latent_channels, *(side // by for side in self.space))

    def phases(self) -> dict[str, nn.Module]:
        """The codec and its discriminator, then the denoiser."""
        return {"codec": self.codec.coder, "discriminator": self.codec.discriminator, "denoiser": self.network}

    def due(self, phase: str, step: int) -> bool:
        """The codec first; its discriminator once the patch loss counts; the denoiser afterwards."""
        first = boundary(self.settings, self.settings.codec_share)
        if phase == "denoiser":
            return step >= first
        return step < first and (phase == "codec" or self._judged(step))

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """AdamW for the denoiser; Adam with beta (0.5, 0.9) for the codec and its discriminator, as in its code."""
        if phase == "denoiser":
            return super().optimiser(phase)
        return torch.optim.Adam(self.phases()[phase].parameters(), lr=self.settings.codec_rate, betas=(0.5, 0.9))

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Each stage rises and falls by itself."""
        within = progress_within(progress, self.settings.codec_share, second=phase == "denoiser")
        return rise_and_fall(within, self.settings.warm_up)

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Learn the features of the codec's perceptual loss."""
        self.codec.prepare(examples, rng)

    def before_step(self, step: int, examples: Examples, rng: torch.Generator) -> None:
        """Measure the latent channels when the denoiser's stage begins."""
        if step == boundary(self.settings, self.settings.codec_share):
            self.measure(examples, rng)

    @torch.no_grad()
    def measure(self, examples: Examples, rng: torch.Generator) -> None:
        """Set mean and spread of the latent channels from up to 512 examples."""
        chosen = torch.randperm(len(examples), generator=rng)[:MEASURED].tolist()
        grids = [
            self.codec.encode(self._whole(examples.batch(chosen[i : i + 32])).to(self.device))
            for i in range(0, len(chosen), 32)
        ]
        numbers = torch.cat(grids).movedim(1, 0).flatten(1).double()
        self.latent_mean.copy_(numbers.mean(1))
        spreads = numbers.std(1).clamp(min=1e-6)
        if self.settings.latent_scale == "all":
            spreads = spreads.square().mean().sqrt().expand_as(spreads)
        self.latent_spread.copy_(spreads)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the terms of a phase."""
        if phase == "codec":
            return self.codec.loss(self._whole(batch), rng, judged=self._judged(int(self.steps_done)))
        if phase == "discriminator":
            return self.codec.discriminator_loss(self._whole(batch), rng)
        return super().loss(phase, batch, rng)

    def after_step(self, images_seen: int) -> None:
        """Count, and move the averaged weights of the denoiser in its stage."""
        self.steps_done.fill_(images_seen // self.settings.batch)
        if self.due("denoiser", int(self.steps_done) - 1):
            super().after_step(images_seen)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the codec's terms without the patch loss, and the denoiser's loss."""
        terms = self.codec.loss(self._whole(batch), rng, judged=False)
        return {**{f"codec/{k}": v for k, v in terms.items()}, **super().validation_loss(batch, rng)}

    def as_learnt(self, image: Tensor) -> Tensor:
        """Return the grid of an image, each channel of mean 0 and deviation 1 over the training images."""
        with torch.no_grad():
            grid = self.codec.encode(padded(image, self.space))
        return (grid - _as(self.latent_mean, grid)) / _as(self.latent_spread, grid)

    def as_image(self, learnt: Tensor) -> Tensor:
        """Decode a grid."""
        grid = learnt * _as(self.latent_spread, learnt) + _as(self.latent_mean, learnt)
        return super().as_image(self.codec.decode(grid))

    def answer(self, network: nn.Module, now: Tensor, time: Tensor, batch: Batch) -> Tensor:
        """Return the network's answer to noisy grids, shown the drawing on the grid as further channels."""
        if batch.source is None:
            return super().answer(network, now, time, batch)
        return network(torch.cat([now, self.on_grid(batch.source)], 1), time, None)

    def on_grid(self, drawing: Tensor) -> Tensor:
        """Return means of a drawing over halves of each place, folded: ``batch (channels 2^axes) *grid``."""
        whole, by = padded(drawing, self.space), self._place() // 2
        return fold(F.avg_pool2d(whole, by) if whole.ndim == 4 else F.avg_pool3d(whole, by), 2)

    def untold(self, condition: Batch) -> Batch | None:
        """Return the condition with its drawing, or its class, hidden."""
        if condition.source is None:
            return super().untold(condition)
        return Batch(source=torch.full_like(condition.source, NOTHING))

    def hidden(self, batch: Batch, rng: torch.Generator) -> Batch:
        """Return the batch with the drawings, or the classes, of a share of its examples hidden."""
        if batch.source is None or self.settings.drop_class == 0:
            return super().hidden(batch, rng)
        hide = (torch.rand(len(batch), generator=rng) < self.settings.drop_class).to(batch.source.device)
        return Batch(batch.target, torch.where(spread(hide, batch.source), NOTHING, batch.source))

    def require_patches(self, condition: Batch) -> None:
        """Refuse: places of one grid do not match those of a patch's.

        Raises:
            SpecError: Always.
        """
        what, remedy = "cannot be blended on a latent grid", "Take volumes whole, or use palette or rectified_flow."
        raise SpecError("study", [Fault("sampling.patch", what, self.facts.space, remedy)])

    def require_pixels(self) -> None:
        """Refuse: known pixels are not known numbers of the grid.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("latent diffusion knows no pixels while it walks; use ddpm or edm to fill in")

    def _whole(self, batch: Batch) -> Tensor:
        return padded(target_of(batch), self.space)

    def _place(self) -> int:
        return shrinkage(self.settings.codec_widths, self.settings.codec_fold)

    def _judged(self, step: int) -> bool:
        first = boundary(self.settings, self.settings.codec_share)
        return self.settings.adversarial_weight > 0 and step >= self.settings.adversarial_from * first


def _as(values: Tensor, grid: Tensor) -> Tensor:
    return values.reshape(1, -1, *[1] * (grid.ndim - 2))
