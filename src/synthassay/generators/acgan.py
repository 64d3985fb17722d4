"""ACGAN: images from noise and a class, with a discriminator that also names the class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from synthassay.errors import Fault, SpecError
from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.noise_gan import NoiseGan, NoiseGanSettings, real_of
from synthassay.networks.adversarial import cross_entropy, r1_penalty
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.noise_to_image import ImageToScore


class AcganSettings(NoiseGanSettings):
    """Settings of ACGAN."""

    class_weight: float = Field(1.0, ge=0, description="Weight of naming the class (paper: 1).")
    r1_weight: float = Field(0.0, ge=0, description="Weight of the R1 penalty at real images (paper: none).")


@generator("acgan", serves={"augment"}, source="arXiv:1610.09585")
class Acgan(NoiseGan):
    """Auxiliary classifier GAN (Odena et al. 2017).

    ``L_S`` is the log-likelihood of real or synthetic, ``L_C`` that of the class, both over real and synthetic images;
    the discriminator ascends ``L_S + L_C``, the generator ``L_C - L_S``. The generator's second half is taken in its
    non-saturating form, mean H(D(G(z)), 1).

    Its known fault: images of which the class is easily named are favoured, so that classes become purer and less
    varied than they are; the measures of diversity by class see it.

    Source: arXiv:1610.09585, equations 2 and 3. Departures: spectral norms in the discriminator (arXiv:1802.05957), and
    a moving average of the generator.
    """

    Settings: type[GeneratorSettings] = AcganSettings
    settings: AcganSettings
    discriminator: ImageToScore

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        if len(facts.classes) < 2:
            fault = Fault("generators.family", "names classes, and there are fewer than two", "acgan", "Take dcgan.")
            raise SpecError("acgan", [fault])
        s, classes = self.settings, len(facts.classes)
        self.discriminator = ImageToScore(facts.channels, facts.space, s.widths, norm="spectral", classes=classes)
        self.averaged(self.noise_to_image(classes))

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the weighted terms of one phase."""
        self.phases()[phase]
        real, label = real_of(batch)
        noise = self.noise(len(real), rng, real.device)
        if phase == "generator":
            return self.generator_loss(self.make(self.network, noise, label), label)
        with torch.no_grad():
            made = self.make(self.network, noise, label)
        return self.discriminator_loss(real, made, label)

    def discriminator_loss(self, real: Tensor, made: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Return -(L_S + L_C)."""
        (real_logits, real_names), (logits, names) = self.discriminator.judge(real), self.discriminator.judge(made)
        assert real_names is not None and names is not None
        if self.training:
            self.watch.see(real, made, real_logits, logits)
        weight = self.settings.class_weight
        terms = {
            "real": cross_entropy(real_logits, 1.0),
            "synthetic": cross_entropy(logits, 0.0),
            "class_of_real": weight * F.cross_entropy(real_names, label),
            "class_of_synthetic": weight * F.cross_entropy(names, label),
        }
        if self.settings.r1_weight:
            terms["r1"] = self.settings.r1_weight * r1_penalty(self.discriminator, real)
        return terms

    def generator_loss(self, made: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Return the adversarial and the class term."""
        logits, names = self.discriminator.judge(made)
        assert names is not None
        return {
            "adversarial": cross_entropy(logits, 1.0),
            "class": self.settings.class_weight * F.cross_entropy(names, label),
        }
