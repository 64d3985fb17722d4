"""Structure-constrained CycleGAN: unpaired translation whose local structure must be its source's."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.cyclegan import UNPAIRED, Cyclegan, CycleganSettings
from synthassay.networks.mind import structure_loss


class StructureCycleganSettings(CycleganSettings):
    """Settings of the structure-constrained CycleGAN."""

    identity_weight: float = Field(0.0, ge=0, description="Weight of each identity's L1 distance (paper: none).")
    structure_weight: float = Field(5.0, ge=0, description="Weight of each direction's structure loss (paper: 5).")
    structure_window: int = Field(5, ge=3, description="Side of the window of offsets, odd (paper: 9).")
    structure_patch: int = Field(5, ge=3, description="Side of the compared patches, odd (paper: 7).")
    structure_sigma: float = Field(1.5, gt=0, description="Sigma of the patches' Gaussian in pixels (paper: 2).")


@generator("structure_cyclegan", serves=set(UNPAIRED), source="arXiv:1809.04536")
class StructureCyclegan(Cyclegan):
    """CycleGAN with a structure loss between each image and what was made of it (Yang et al. 2018).

    ``L = L_GAN + 10 L_cyc + 5 L_struct`` with ``L_struct = mean |F(G(x)) - F(x)| + mean |F(F'(y)) - F(y)|``, where F
    are modality-independent neighbourhood descriptors (``networks.mind``) and F' the way back.

    Source: arXiv:1809.04536, equations 3 to 7. Departures: a smaller window and patch by default, for speed; the
    paper's choice of slices by position is the task's to make and is not made.
    """

    Settings: type[GeneratorSettings] = StructureCycleganSettings
    settings: StructureCycleganSettings

    def generators_loss(self, source: Tensor, target: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """Return CycleGAN's terms and both structure terms."""
        terms = super().generators_loss(source, target, rng)
        weight = self.settings.structure_weight
        terms["structure_source"] = weight * self.structure(self.to_target(source), source)
        terms["structure_target"] = weight * self.structure(self.to_source(target), target)
        return terms

    def structure(self, made: Tensor, shown: Tensor) -> Tensor:
        """Return the distance of local structure between an image and what was made of it."""
        s = self.settings
        return structure_loss(made, shown, window=s.structure_window, patch=s.structure_patch, sigma=s.structure_sigma)
