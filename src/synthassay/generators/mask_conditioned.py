"""Images from label maps by diffusion: the drawing enters every norm of the denoiser's decoder."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.denoising import padded
from synthassay.generators.palette import NeighbourSettings
from synthassay.generators.variance_preserving import VariancePreserving
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.spade_unet import SpadeUNet

NOTHING = 0.0  # neither drawn (1) nor not drawn (-1)


class MaskConditionedSettings(NeighbourSettings):
    """Settings of the mask-conditioned diffusion model."""

    widths: tuple[int, ...] = Field((32, 64, 96), min_length=1, description="Channels per level.")
    attention: bool = Field(True, description="Self-attention at the coarsest level.")
    unshuffle: int = Field(2, ge=1, description="Side of the squares of pixels folded into channels; 1 folds none.")
    hidden: int = Field(24, ge=1, description="Features between drawing and norm (paper: 128).")
    drop_drawing: float = Field(0.1, ge=0, lt=1, description="Share of examples whose drawing is hidden, for guidance.")
    guidance: float = Field(1.0, ge=0, description="Guidance by the drawing; 1 is none (paper: 1.5 to 2.5).")


@generator("mask_conditioned", serves={"mask_to_image"}, source="arXiv:2207.00050")
class MaskConditioned(VariancePreserving):
    """``f(x_t, t, drawing)``: the label map scales and shifts each norm of the decoder at each place (SPADE).

    The drawing is not put beside the noisy image, where deep layers may forget it. It is hidden in a share of the
    examples, so that guidance by it is possible. Images of any size are padded and cropped again. Together with the
    task ``mask_to_image`` each image comes out with the label map that it shows.

    Source:
        Wang et al. 2022, arXiv:2207.00050, equations 5 to 8; Park et al. 2019, arXiv:1903.07291. Departures: the image
        with the least-SNR weight, a lean U-Net on folded pixels; no instance-edge map, since structures are not
        instances.
    """

    Settings = MaskConditionedSettings
    sampling = frozenset({"steps", "sampler"})
    settings: MaskConditionedSettings
    pads = True

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        if facts.source_channels == 0:
            fault = Fault("generators.family", "needs a label map to paint", "mask_conditioned", "Use ddpm or edm.")
            raise SpecError("mask_conditioned", [fault])
        super().__init__(settings, facts)

    def divisor(self) -> int:
        """The side of folded squares, doubled per halving."""
        return int(self.settings.unshuffle * 2 ** (len(self.settings.widths) - 1))

    def new_network(self) -> nn.Module:
        """The U-Net with drawings in its norms."""
        s = self.settings
        return SpadeUNet(
            self.facts.channels,
            self.facts.source_channels,
            widths=s.widths,
            attention=s.attention,
            unshuffle=s.unshuffle,
            hidden=s.hidden,
            axes=len(self.facts.space),
        )

    def answer(self, network: nn.Module, now: Tensor, time: Tensor, batch: Batch) -> Tensor:
        """Return the network's answer to noisy images and their drawings."""
        return network(now, time, padded(drawing_of(batch), now.shape[2:]))

    def untold(self, condition: Batch) -> Batch | None:
        """Return the condition with its drawing hidden."""
        return Batch(source=torch.full_like(drawing_of(condition), NOTHING))

    def hidden(self, batch: Batch, rng: torch.Generator) -> Batch:
        """Return the batch with the drawings of a share of its examples hidden."""
        source = drawing_of(batch)
        hide = (torch.rand(len(batch), generator=rng) < self.settings.drop_drawing).to(source.device)
        hidden = torch.where(hide.reshape(-1, *[1] * (source.ndim - 1)), NOTHING, source)
        return Batch(batch.target, hidden)


def drawing_of(batch: Batch) -> Tensor:
    """Return the drawings of a batch.

    Raises:
        ValueError: It has none.
    """
    if batch.source is None:
        raise ValueError("mask_conditioned paints label maps, and this batch has none")
    return batch.source
