"""The smallest model that copies nobody: a Gaussian over whole images, by principal components of each class."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.noise import normal_each


class ProbabilisticPcaSettings(GeneratorSettings):
    """Settings of probabilistic principal components."""

    components: int = Field(64, ge=1, description="Principal components per class; fewer where images are fewer.")
    most_images: int = Field(4096, ge=2, description="Training images of a class that are looked at, at most.")


@generator("probabilistic_pca", serves={"augment", "generate"}, source="doi:10.1111/1467-9868.00196")
class ProbabilisticPca(Generator):
    """Draw images from N(mu, W W^T + sigma^2 I), fitted to each class by maximum likelihood.

    With lambda_j the eigenvalues of the sample covariance of d elements and q components::

        sigma^2 = 1 / (d - q) sum_{j > q} lambda_j,    W = U_q (Lambda_q - sigma^2 I)^(1/2),    x = W z + mu + sigma e

    No image of it is a real one's copy, so what it reaches is what a network has to beat without copying: ghosts of the
    mean image, with the right variance along the main directions and white noise along the others.

    Source: doi:10.1111/1467-9868.00196 (Tipping and Bishop 1999, equations 4, 7 and 8).
    """

    Settings: type[GeneratorSettings] = ProbabilisticPcaSettings
    settings: ProbabilisticPcaSettings
    mean: Tensor
    weights: Tensor
    deviation: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.classes, self.shape = max(1, len(facts.classes)), (facts.channels, *facts.space)
        self.elements = int(torch.Size(self.shape).numel())
        self.register_buffer("mean", torch.zeros(self.classes, self.elements))
        self.register_buffer("weights", torch.zeros(self.classes, self.settings.components, self.elements))
        self.register_buffer("deviation", torch.zeros(self.classes))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    @torch.no_grad()
    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Fit each class.

        Raises:
            ValueError: A class has fewer than two training images.
        """
        order = torch.randperm(len(examples), generator=rng).tolist()
        found: list[list[Tensor]] = [[] for _ in range(self.classes)]
        for start in range(0, len(order), 64):
            batch = examples.batch(order[start : start + 64])
            assert batch.target is not None, "training examples have targets"
            labels = [0] * len(batch.target) if batch.label is None else batch.label.tolist()
            for image, label in zip(batch.target, labels, strict=True):
                if len(found[label]) < self.settings.most_images:
                    found[label].append(image.flatten())
        for label, images in enumerate(found):
            if len(images) < 2:
                raise ValueError(f"probabilistic_pca: class {label} has {len(images)} training images; 2 are needed")
            self.mean[label], self.weights[label], self.deviation[label] = fitted(
                torch.stack(images).double(), self.settings.components
            )

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return images of the classes asked for, clipped to the window."""
        labels = torch.zeros(len(rngs), dtype=torch.int64) if condition.label is None else condition.label
        drawn = normal_each((self.settings.components + self.elements,), rngs, self.mean.device)
        latent, noise = drawn.split([self.settings.components, self.elements], dim=1)
        images = [
            self.mean[label] + z @ self.weights[label] + self.deviation[label] * e
            for label, z, e in zip(labels.tolist(), latent, noise, strict=True)
        ]
        return torch.stack(images).reshape(len(rngs), *self.shape).clamp(-1, 1)


def fitted(images: Tensor, components: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean ``d``, weights ``components d`` and sigma of the maximum-likelihood fit.

    Args:
        images: ``n d``, at least two.
        components: Rows of the weights; those beyond n - 1 or d - 1 are zero.

    >>> mean, weights, sigma = fitted(torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [2.0, 1.0]]).double(), 1)
    >>> mean.tolist(), weights.abs().round(decimals=4).tolist(), float(sigma)
    ([1.0, 0.5], [[0.866, 0.0]], 0.5)
    """
    count, elements = images.shape
    mean = images.mean(dim=0)
    _, singular, axes = torch.linalg.svd(images - mean, full_matrices=False)
    values = singular.square() / count  # equation 8's S divides by n
    kept = min(components, count - 1, elements - 1)
    noise = values[kept:].sum() / (elements - kept)
    weights = torch.zeros(components, elements, dtype=images.dtype)
    weights[:kept] = (values[:kept] - noise).clamp(min=0).sqrt()[:, None] * axes[:kept]
    return mean, weights, noise.sqrt()
