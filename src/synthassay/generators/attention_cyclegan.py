"""Attention-aware CycleGAN: unpaired translation whose discriminators choose where to look and how much to see."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.cyclegan import UNPAIRED, Cyclegan, CycleganSettings
from synthassay.networks.adversarial import least_squares
from synthassay.networks.attention_discriminator import AttentionDiscriminator
from synthassay.networks.resnet_generator import initialise


class AttentionCycleganSettings(CycleganSettings):
    """Settings of the attention-aware CycleGAN."""

    information_weight: float = Field(
        0.1, ge=0, description="Weight of the information that discriminators take in (paper: not stated)."
    )


@generator("attention_cyclegan", serves=set(UNPAIRED), source="doi:10.1148/ryai.2020190027")
class AttentionCyclegan(Cyclegan):
    """CycleGAN with attention gates inside variational discriminators (Kearney et al. 2020).

    As ``cyclegan``; each discriminator multiplies its fine features by an attention map of its own coarse ones, and
    judges a noisy draw of the result. It descends ``L_D + w_inf (information of real + of synthetic images)``; the
    generators descend no information term, and no noise is drawn when they are judged.

    The abstract alone says how (attention in the discriminator, variational regularisation); the gate is Oktay's and
    the bottleneck Peng's. ``patch_layers`` is not used: the discriminator has two halvings and its context one more.

    Source: doi:10.1148/ryai.2020190027; arXiv:1804.03999; arXiv:1810.00821.
    """

    Settings: type[GeneratorSettings] = AttentionCycleganSettings
    settings: AttentionCycleganSettings

    def discriminators_loss(
        self, real: dict[str, Tensor], made: dict[str, Tensor], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Return L_D of both domains and what the discriminators took in."""
        terms = {}
        for domain in ("target", "source"):
            pool, judge = self.pools[domain], self.discriminators[domain]
            shown = pool.exchange(made[domain], rng) if self.training else made[domain]  # type: ignore[operator]
            right, of_real, _ = judge.judge(real[domain], rng)  # type: ignore[operator]
            wrong, of_made, _ = judge.judge(shown, rng)  # type: ignore[operator]
            if domain == "target" and self.training:
                self.watch.see(real[domain], shown, right, wrong)
            terms[f"real_{domain}"] = least_squares(right, 1.0) / 2
            terms[f"synthetic_{domain}"] = least_squares(wrong, 0.0) / 2
            terms[f"information_{domain}"] = self.settings.information_weight * (of_real + of_made) / 2
        return terms

    def logits(self, domain: str, images: Tensor, rng: torch.Generator) -> Tensor:
        """Return the raw logits of the mean features."""
        found: Tensor = self.discriminators[domain].judge(images, None)[0]  # type: ignore[operator]
        return found

    def _judge(self, channels: int) -> nn.Module:
        judge = AttentionDiscriminator(channels, width=self.settings.patch_width, dimensions=len(self.facts.space))
        initialise(judge)
        return judge
