"""The oversampling baseline: a point between a real training image and one of its nearest neighbours of its class."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.bank import ImageBank
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.networks.batch import Batch, Examples, Facts


class SmoteSettings(GeneratorSettings):
    """Settings of oversampling by interpolation."""

    bank: int = Field(4096, ge=1, description="Training images kept at most, as many of each class as there may be.")
    neighbours_mixed: int = Field(5, ge=1, description="Nearest neighbours to choose from (paper: 5).")


@generator("smote", serves={"augment", "generate"}, source="doi:10.1613/jair.953")
class Smote(Generator):
    """Draw a training image and one of its nearest neighbours of the same class, and mix them by a uniform share.

    Nearness is the squared distance of pixels. Each image shows two patients at once, half transparent, and gives both
    away; what a generator adds beyond interpolation must show above it.

    Source: doi:10.1613/jair.953 (Chawla et al. 2002, SMOTE; the pixels are the features).
    """

    Settings: type[GeneratorSettings] = SmoteSettings
    settings: SmoteSettings

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.bank = ImageBank(len(facts.classes))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Keep training images."""
        self.bank.fill(examples, rng, self.settings.bank)

    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return mixtures of the classes asked for."""
        return self.sample_with_origin(condition, rngs)[0]

    @torch.no_grad()
    def sample_with_origin(
        self, condition: Batch, rngs: Sequence[torch.Generator]
    ) -> tuple[Tensor, list[tuple[str, ...]]]:
        """Return mixtures and the two subjects in each."""
        labels = [0] * len(rngs) if condition.label is None else condition.label.tolist()
        classes = {label: self._of_class(label) for label in sorted(set(labels))}
        mixed = [self._mix(*classes[label], rng) for label, rng in zip(labels, rngs, strict=True)]
        return torch.stack([image for image, _ in mixed]), [subjects for _, subjects in mixed]

    def _of_class(self, label: int) -> tuple[Tensor, list[str]]:
        kept = (self.bank.labels == label).nonzero().flatten()
        if len(kept) == 0:
            raise ValueError(f"no training image of class {label} to mix")
        names = self.bank.subjects()
        return self.bank.images[kept], [names[at] for at in kept.tolist()]

    def _mix(self, images: Tensor, names: list[str], rng: torch.Generator) -> tuple[Tensor, tuple[str, ...]]:
        first = int(torch.randint(len(images), (), generator=rng))
        near = nearest(images, first, self.settings.neighbours_mixed)
        second = int(near[torch.randint(len(near), (), generator=rng)]) if len(near) else first
        share = float(torch.rand((), generator=rng))
        one, other = (images[at].double() / 32_767 for at in (first, second))
        return torch.lerp(one, other, share).float(), tuple(sorted({names[first], names[second]}))


def nearest(images: Tensor, of: int, count: int) -> Tensor:
    """Return positions of the images nearest to one of them, nearest first, itself left out.

    Distances are exact, because sums of whole numbers below 2^53 are; a block of images at a time, so that no second
    copy of the bank is held.

    >>> nearest(torch.tensor([[0], [9], [4], [5]], dtype=torch.int16), 2, 2).tolist()
    [3, 0]
    """
    one = images[of].double().flatten()
    rows = (block.double().flatten(1) for block in images.split(256))
    distances = torch.cat([row.square().sum(1) - 2 * (row @ one) for row in rows])
    distances[of] = -torch.inf
    return distances.argsort(stable=True)[1 : 1 + count]
