"""What all denoising families share: one network, one loss over noise levels, averaged weights, and any sampler."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import Generator, GeneratorSettings
from synthassay.generators.samplers import SAMPLERS, Fresh, SamplerName
from synthassay.generators.samplers.guidance import guided
from synthassay.generators.samplers.projection import projected
from synthassay.generators.samplers.repaint import Repaint
from synthassay.generators.schedules import Denoise, Level
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_each, normal_like
from synthassay.networks.patches import blended
from synthassay.networks.schedule import rise_and_fall
from synthassay.networks.unet import UNet, check_size


class DenoisingSettings(GeneratorSettings):
    """Settings of every family that learns to remove noise."""

    images_seen: int = Field(100_000, ge=1, description="Training length, in images shown (with repetition).")
    learning_rate: float = Field(
        5e-4, gt=0, description="Peak learning rate, after a linear rise, before a cosine fall."
    )
    warm_up: float = Field(0.02, ge=0, lt=1, description="Share of training in which the learning rate rises.")
    ema_decay: float = Field(0.999, ge=0, lt=1, description="Decay of the weights' moving average, after its warm-up.")
    steps: int = Field(
        20, ge=1, le=1000, description="Sampling steps; heun asks the network twice in all but the last."
    )


class WalkSettings(GeneratorSettings):
    """Settings of families whose noise any sampler may walk to an image."""

    sampler: SamplerName = Field("dpm_solver", description="How noise is walked to an image.")


class GuidanceSettings(GeneratorSettings):
    """Settings of families that are told a class."""

    drop_class: float = Field(0.1, ge=0, lt=1, description="Share of examples whose class is hidden, for guidance.")
    guidance: float = Field(1.0, ge=0, description="Classifier-free guidance; 1 is none, 0 forgets the class.")


class UNetSettings(GeneratorSettings):
    """Settings of the lean U-Net."""

    widths: tuple[int, ...] = Field((32, 64, 128, 192), min_length=1, description="Channels per U-Net level.")
    blocks: int = Field(1, ge=1, description="Residual blocks per level, down and up.")
    attention: bool = Field(True, description="Self-attention at the coarsest level.")
    unshuffle: int = Field(2, ge=1, description="Side of the squares of pixels folded into channels; 1 folds none.")


class Denoising(Generator):
    """One network that finds the image in a noisy one.

    A family says how a share u in (0, 1) becomes a noise level (``example_losses``), what the network's answer means
    (``denoised``), and which levels a walk of so many steps visits (``levels``). Shares of a batch are spread evenly
    from one random start, which leaves the mean loss as it is and makes it vary less (Kingma et al. 2021,
    arXiv:2107.00630, appendix I.1).
    """

    case_loss = "denoising_error"
    pads: ClassVar[bool] = False
    """Whether images of any size are padded at their ends and cropped again; else sizes that do not fit are refused."""
    settings: DenoisingSettings

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        divisor = self.divisor() if self.pads else 1
        self.space = tuple(-(-side // divisor) * divisor for side in facts.space)
        self.network = self.new_network()
        self.ema: Ema[nn.Module] = Ema(self.network, self.settings.ema_decay)

    @abstractmethod
    def new_network(self) -> nn.Module:
        """Return the network: ``(image with sources, time, class) -> answer``; class ``len(classes)`` is none told."""

    def divisor(self) -> int:
        """Return what the network needs each side to be a multiple of."""
        return 1

    @abstractmethod
    def example_losses(
        self, network: nn.Module, clean: Tensor, condition: Batch, share: Tensor, noise: Tensor
    ) -> Tensor:
        """Return the loss of each example, ``batch``, at the noise levels that the ``share`` of each stands for."""

    @abstractmethod
    def denoised(self, now: Tensor, level: Level, condition: Batch) -> Tensor:
        """Return the image that the averaged network expects in a noisy one."""

    @abstractmethod
    def levels(self, steps: int) -> list[Level]:
        """Return the levels of a walk, ``steps + 1`` of them, from noise to the clean image."""

    def phases(self) -> dict[str, nn.Module]:
        """One phase: the denoiser."""
        return {"denoiser": self.network}

    def optimiser(self, phase: str) -> torch.optim.Optimizer:
        """AdamW without weight decay, fused."""
        parameters = self.phases()[phase].parameters()
        return torch.optim.AdamW(parameters, lr=self.settings.learning_rate, weight_decay=0.0, fused=True)

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """A linear rise, then a cosine fall to a hundredth."""
        return rise_and_fall(progress, self.settings.warm_up)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the mean of the family's loss over examples and noise levels."""
        self.phases()[phase]
        told = self.hidden(batch, rng)
        return {"denoising": self._losses(self.network, told, rng).mean()}

    def after_step(self, images_seen: int) -> None:
        """Move the averaged weights."""
        self.ema.update(self.network)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of the averaged weights, which are those that sample; no class is hidden."""
        return {"denoiser/denoising": self._losses(self.ema, batch, rng).mean()}

    @torch.no_grad()
    def case_losses(self, batch: Batch, seeds: Sequence[int]) -> Tensor:
        """Return each example's loss of the averaged weights, over noise levels spread evenly over their law."""
        clean = self.as_learnt(target_of(batch))
        total = clean.new_zeros(len(batch))
        for i, seed in enumerate(seeds):
            noise = normal_like(clean[:1], torch.Generator().manual_seed(seed)).expand_as(clean)
            share = clean.new_full((len(batch),), (i + 0.5) / len(seeds))
            total += self.example_losses(self.ema, clean, batch, share, noise)
        return total / len(seeds)

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; image i is drawn from ``rngs[i]`` alone."""
        fresh = self.fresh(rngs)
        made = self.walk(self.walked(condition.to(self.device)), fresh)
        return self.as_image(made).clamp(-1, 1)

    @torch.no_grad()
    def sample_over(self, condition: Batch, rngs: Sequence[torch.Generator], overlap: float) -> Tensor:
        """Return samples of a source larger than was learnt; each image expected on the walk is blended of patches.

        All patches walk from one noise, so that they agree where they overlap.

        Source:
            Bar-Tal et al. 2023, arXiv:2302.08113, equation 5 (the blend of what each patch asks for, at each step).
        """
        self.require_patches(condition)
        source = condition.to(self.device).source
        if source is None:
            raise ValueError("patches are taken of a source, and this condition has none")
        shape = (self.facts.channels, *source.shape[2:])

        def denoise(now: Tensor, level: Level) -> Tensor:
            expected = lambda seen, shown: self.walked(Batch(source=shown))(seen, level)  # noqa: E731
            return blended(expected, [now, source], self.facts.space, overlap)

        return self.walk(denoise, lambda: normal_each(shape, rngs, self.device)).clamp(-1, 1)

    @torch.no_grad()
    def fill_in(
        self,
        condition: Batch,
        known: Tensor,
        where: Tensor,
        rngs: Sequence[torch.Generator],
        *,
        times: int = 0,
        jump: int = 1,
    ) -> Tensor:
        """Return images that hold the known pixels and are filled in elsewhere, ``batch channels *space`` in [-1, 1].

        Args:
            condition: What ``sample`` is given.
            known: Images in [-1, 1]; values where unknown do not matter.
            where: True where a pixel is known, broadcastable to ``known``.
            rngs: One per image.
            times: Above 0, RePaint with each stretch of steps taken so often; 0 projects each expected image instead.
            jump: Steps of a stretch.

        Raises:
            NotImplementedError: The family does not denoise pixels.
        """
        self.require_pixels()
        fresh, denoise = self.fresh(rngs), self.walked(condition.to(self.device))
        known, where = self.as_learnt(known.to(self.device)), padded(where.to(self.device), self.space, 1.0)
        if times > 0:
            made = Repaint(known, where, times, jump)(denoise, fresh(), self.levels(self.settings.steps), fresh)
        else:
            made = self.walk(projected(denoise, known, where), fresh)
        return self.as_image(made).clamp(-1, 1)

    def walk(self, denoise: Denoise, fresh: Fresh) -> Tensor:
        """Return what the settings' sampler and steps make of noise."""
        sampler = SAMPLERS[str(getattr(self.settings, "sampler", "ddpm"))]
        return sampler(denoise, fresh(), self.levels(self.settings.steps), fresh)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.ema.parameters()).device

    def require_patches(self, condition: Batch) -> None:
        """Refuse patches that the network would have to pad within the image.

        Raises:
            SpecError: The sides of a patch are not what the network folds and halves evenly.
        """
        if self.space != self.facts.space:
            what = f"must be multiples of {self.divisor()} for {self.family}"
            remedy = f"Write for instance patch = {list(self.space)}."
            raise SpecError("study", [Fault("sampling.patch", what, self.facts.space, remedy)])

    def require_pixels(self) -> None:
        """Refuse what needs known pixels; families that denoise something else than pixels say so here."""

    def as_learnt(self, image: Tensor) -> Tensor:
        """Return what is denoised, for an image: the image itself, padded where the family pads."""
        return padded(image, self.space)

    def as_image(self, learnt: Tensor) -> Tensor:
        """Undo ``as_learnt``."""
        for axis, side in enumerate(self.facts.space, start=2):
            learnt = learnt.narrow(axis, 0, side)
        return learnt

    def shape(self) -> tuple[int, ...]:
        """Return ``channels *space`` of what is denoised."""
        return (self.facts.channels, *self.space)

    def fresh(self, rngs: Sequence[torch.Generator]) -> Fresh:
        """Return what draws noise for each image from its own generator."""
        return lambda: normal_each(self.shape(), rngs, self.device)

    def walked(self, condition: Batch) -> Denoise:
        """Return the denoiser that a walk follows, guided as the settings say."""
        untold = self.untold(condition)
        if untold is None:
            return lambda now, level: self.denoised(now, level, condition)
        return guided(
            lambda now, level: self.denoised(now, level, condition),
            lambda now, level: self.denoised(now, level, untold),
            float(getattr(self.settings, "guidance", 1.0)),
        )

    def untold(self, condition: Batch) -> Batch | None:
        """Return the condition without its class; None where there is no class to tell."""
        if condition.label is None or not self.facts.classes:
            return None
        return Batch(condition.target, condition.source, torch.full_like(condition.label, len(self.facts.classes)))

    def hidden(self, batch: Batch, rng: torch.Generator) -> Batch:
        """Return the batch with the classes of a share of its examples hidden, as the settings say."""
        share = float(getattr(self.settings, "drop_class", 0.0))
        if batch.label is None or not self.facts.classes or share == 0:
            return batch
        hide = (torch.rand(len(batch), generator=rng) < share).to(batch.label.device)
        return Batch(batch.target, batch.source, torch.where(hide, len(self.facts.classes), batch.label))

    def answer(self, network: nn.Module, now: Tensor, time: Tensor, batch: Batch) -> Tensor:
        """Return the network's answer to noisy images, shown the source as further channels."""
        shown = now if batch.source is None else torch.cat([now, padded(batch.source, now.shape[2:])], 1)
        return network(shown, time, batch.label if self.facts.classes else None)

    def _losses(self, network: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        clean = self.as_learnt(target_of(batch))
        share = (torch.rand((), generator=rng) + torch.arange(len(batch)) / len(batch)) % 1
        share = share.clamp(1e-6, 1 - 1e-6).to(clean.device)
        return self.example_losses(network, clean, batch, share, normal_like(clean, rng))


def target_of(batch: Batch) -> Tensor:
    """Return the targets of a batch.

    Raises:
        ValueError: It has none.
    """
    if batch.target is None:
        raise ValueError("denoising is learnt from targets, and this batch has none")
    return batch.target


def padded(image: Tensor, space: Sequence[int], value: float = -1.0) -> Tensor:
    """Return an image with ``value`` added behind the end of each axis, up to ``space``; sides of 1 stay.

    >>> padded(torch.zeros(1, 1, 3, 4), (4, 4))[0, 0, :, 0]
    tensor([ 0.,  0.,  0., -1.])
    """
    ends = [(wide - side if side > 1 else 0) for side, wide in zip(image.shape[2:], space, strict=True)]
    if not any(ends):
        return image
    return F.pad(image, [n for end in reversed(ends) for n in (0, end)], value=value)


def lean_unet(
    settings: UNetSettings, facts: Facts, where: str, *, space: Sequence[int] = (), source_channels: int = -1
) -> UNet:
    """Return the U-Net of a family's settings for images, with the sources that it is shown as further channels.

    Args:
        settings: Widths, blocks, attention and folding.
        facts: What is known of the images.
        where: The family, for the message.
        space: Size where it is another than the images' own.
        source_channels: Channels of the sources; those of ``facts`` where negative.

    Raises:
        SpecError: The images' sides cannot be folded and halved so often.
    """
    space = space or facts.space
    check_size(space, levels=len(settings.widths), unshuffle=settings.unshuffle, where=where, axes=(2, 3))
    return UNet(
        facts.channels + (facts.source_channels if source_channels < 0 else source_channels),
        facts.channels,
        widths=settings.widths,
        blocks=settings.blocks,
        attention=settings.attention,
        unshuffle=settings.unshuffle,
        classes=len(facts.classes),
        axes=len(facts.space),
    )


def per_example(squares: Tensor) -> Tensor:
    """Return the mean over all axes but the first."""
    return squares.flatten(1).mean(1)
