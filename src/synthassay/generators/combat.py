"""The harmonisation baseline: ComBat on the landmarks of each image's histogram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.errors import DataError
from synthassay.generators.base import Generator, GeneratorSettings, generator
from synthassay.generators.central import FLOOR, central_source
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.stats.combat import Combat as Fitted
from synthassay.stats.combat import fit_combat

PERCENTILES = np.array([1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99], float)
LEAST_PIXELS = 50


class CombatSettings(GeneratorSettings):
    """Settings of ComBat."""

    images: int = Field(2000, ge=4, description="Training images of all sites together that it is fitted to at most.")


@generator("combat", serves={"harmonise"}, source="doi:10.1093/biostatistics/kxj037")
class Combat(Generator):
    """Bring the percentiles of each image to those that the target site would give, and its values along with them.

    Features are 13 percentiles of the pixels above the floor of the scale, per channel; ComBat shrinks what a site does
    to them, and a monotone piecewise linear map takes each image from its own percentiles to the adjusted ones.
    Anatomy cannot move. ComBat on single voxels needs registered images, which nothing here may assume. Slices are
    harmonised one by one. A source from a site that was not fitted is refused.

    Source: doi:10.1093/biostatistics/kxj037 (Johnson et al. 2007), doi:10.1016/j.neuroimage.2017.11.024 (Fortin et al.
    2018, in imaging); landmarks as in doi:10.1109/42.836373.
    """

    knows_domains: ClassVar[bool] = True
    Settings = CombatSettings
    settings: CombatSettings
    mean: Tensor
    deviation: Tensor
    gamma: Tensor
    delta: Tensor

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        features = facts.channels * len(PERCENTILES)
        for name in ("mean", "deviation"):
            self.register_buffer(name, torch.ones(features, dtype=torch.float64))
        for name in ("gamma", "delta"):
            self.register_buffer(name, torch.ones(len(facts.classes), features, dtype=torch.float64))

    def phases(self) -> dict[str, nn.Module]:
        """Nothing to descend."""
        return {}

    def prepare(self, examples: Examples, rng: torch.Generator) -> None:
        """Fit location and scale of every site.

        Raises:
            DataError: A site has fewer than two training images that show enough.
        """
        rows, sites = [], []
        half = max(2, self.settings.images // 2)
        for start in range(0, min(half, len(examples)), 64):
            order = torch.randperm(len(examples), generator=rng)[: min(64, half - start)].tolist()
            batch = examples.batch(order)
            assert batch.target is not None and batch.label is not None, "unpaired examples have targets and domains"
            found = [(image, 0) for image in batch.target]
            found += list(zip(central_source(batch, self.facts), batch.label.tolist(), strict=True))
            for image, site in found:
                values = landmarks(image.double().numpy())
                if values is not None:
                    rows.append(values.ravel())
                    sites.append(site)
        if not rows:
            raise DataError("combat", "finds no training image with anything above the floor of its scale")
        fitted = fit_combat(np.stack(rows), np.array(sites))
        for name in ("mean", "deviation", "gamma", "delta"):
            getattr(self, name).copy_(torch.from_numpy(getattr(fitted, name)))

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return the sources as the target site would show them.

        Raises:
            DataError: A source is from a site that was not fitted.
            ValueError: The condition does not say where its sources are from.
        """
        if condition.label is None:
            raise ValueError("combat must know the site of each source: the condition has none")
        source = central_source(condition, self.facts)
        model = Fitted(*(getattr(self, name).numpy() for name in ("mean", "deviation", "gamma", "delta")))
        made = [
            _mapped(image.double().numpy(), model, site)
            for image, site in zip(source, condition.label.tolist(), strict=True)
        ]
        return torch.from_numpy(np.stack(made)).float().clamp(-1, 1)


def landmarks(image: np.ndarray) -> np.ndarray | None:
    """Return the 13 percentiles of the pixels above the floor, ``channels 13``; None where too few are."""
    seen = [channel[channel > FLOOR] for channel in image]
    if min(len(values) for values in seen) < LEAST_PIXELS:
        return None
    return np.stack([np.percentile(values, PERCENTILES) for values in seen])


def _mapped(image: np.ndarray, model: Fitted, site: int) -> np.ndarray:
    own = landmarks(image)
    moved = model.adjust((own if own is not None else np.zeros((len(image), len(PERCENTILES)))).reshape(1, -1), site)
    if own is None:
        return image
    aims = np.maximum.accumulate(moved.reshape(own.shape), axis=1)
    changed = [_along(channel, ours, aim) for channel, ours, aim in zip(image, own, aims, strict=True)]
    return np.where(image > FLOOR, np.stack(changed), image)


def _along(values: np.ndarray, own: np.ndarray, aims: np.ndarray) -> np.ndarray:
    """Interpolate between landmarks; beyond the first and the last one the shift of that one goes on."""
    inner = np.interp(values, own, aims)
    inner = np.where(values < own[0], values + aims[0] - own[0], inner)
    return np.where(values > own[-1], values + aims[-1] - own[-1], inner)
