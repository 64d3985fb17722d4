"""What stands behind a set's ``features``: an embedding of each image, standardised by real images alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthassay.errors import DataError, NotMeasured
from synthassay.records.vocabulary import Unit
from synthassay.registry import Registry
from synthassay.shapes import Features

SOFT_LIMIT = 10.0


class Embedding(ABC):
    """A rule that turns one image into a row of named numbers, without looking at any other image.

    Attributes:
        source: DOI or arXiv identifier.
        learns: Whether it must learn from the training images, by ``fitted``, before it can describe any.
    """

    source: ClassVar[str]
    learns: ClassVar[bool] = False

    def fitted(self, images: np.ndarray, mask: np.ndarray | None, *, steps: int, seed: int) -> Embedding:
        """Return the embedding after it has learnt from real training images; one that learns nothing is itself.

        Args:
            images: ``cases channels *space``, real training images alone.
            mask: ``cases *space``: where to look; None for everywhere.
            steps: Length of the training; 0 for the embedding's own.
            seed: Of everything drawn.
        """
        return self

    @abstractmethod
    def settings(self, unit: Unit) -> dict[str, str | float | int | bool]:
        """What the numbers depend on for images in this unit, for the record."""

    @abstractmethod
    def names(self, shape: Sequence[int]) -> tuple[str, ...]:
        """Return one name per feature for images of shape ``channels *space``."""

    @abstractmethod
    def features(
        self,
        images: np.ndarray,
        *,
        spacing: Sequence[float] = (),
        unit: Unit = Unit.ARBITRARY,
        mask: np.ndarray | None = None,
    ) -> Features:
        """Return ``cases features``, not yet standardised; a feature that an image does not have is NaN.

        Args:
            images: ``cases channels *space``, in physical units, never normalised per image.
            spacing: Size of a pixel or voxel per spatial axis; empty where unknown.
            unit: What a pixel value means.
            mask: ``cases *space`` or ``*space``: where to look; None for everywhere.
        """


EMBEDDINGS: Registry[Embedding] = Registry(
    "embedding", package="synthassay.evaluate.features", group="synthassay.embeddings"
)


@dataclass(frozen=True)
class Standardiser:
    """Brings features to a common scale by one set of real images, which it never looks beyond.

    A feature becomes z = (x - mean) / SD, then a asinh(z / a) with a = 10: nothing happens to ordinary values (at z = 3
    a change of 1.5 %), while one feature that lies thousands of SD away cannot drown all others.

    Attributes:
        names: Features kept, in order.
        columns: Their positions among the raw features.
        dropped: Feature left out -> why: constant in the real images, or undefined in some of them.
        fallback: z given to an undefined value of a kept feature: the largest |z| among the real images, so that an
            image without texture counts as unlike the real ones instead of vanishing from the set.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    dropped: dict[str, str]
    fallback: np.ndarray

    @classmethod
    def fit(cls, real: Features, names: Sequence[str]) -> Standardiser:
        """Take means and standard deviations (n - 1) from the raw features of real images.

        Args:
            real: Raw features of the real images that all sets are compared with.
            names: One name per feature.

        Raises:
            NotMeasured: Fewer than two images, or no feature varies among them.
            DataError: Names and features do not match.
        """
        if real.ndim != 2 or real.shape[1] != len(names):
            raise DataError("features", "do not match their names", value=f"{real.shape}, {len(names)} names")
        if len(real) < 2:
            raise NotMeasured(f"features cannot be standardised by {len(real)} real image{'s' * (len(real) != 1)}")
        undefined = ~np.isfinite(real).all(0)
        mean = np.where(undefined, 0.0, np.nan_to_num(real).mean(0))
        deviation = np.where(undefined, 0.0, np.nan_to_num(real).std(0, ddof=1))
        constant = deviation <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
        keep = np.flatnonzero(~undefined & ~constant)
        if not keep.size:
            raise NotMeasured("no feature varies among the real images")
        dropped = {
            name: "undefined in some real images" for name, lacking in zip(names, undefined, strict=True) if lacking
        }
        flat = constant & ~undefined
        dropped |= {name: "constant in the real images" for name, still in zip(names, flat, strict=True) if still}
        z = np.abs(real[:, keep] - mean[keep]) / deviation[keep]
        return cls(tuple(np.asarray(names)[keep].tolist()), keep, mean[keep], deviation[keep], dropped, z.max(0))

    def apply(self, raw: Features) -> Features:
        """Return the standardised features, finite everywhere."""
        z = (raw[:, self.columns] - self.mean) / self.deviation
        z = np.where(np.isfinite(z), z, self.fallback)
        return SOFT_LIMIT * np.arcsinh(z / SOFT_LIMIT)

    def undefined(self, raw: Features) -> dict[str, int]:
        """Return, per kept feature, in how many images it is undefined; features defined everywhere are left out."""
        counts = (~np.isfinite(raw[:, self.columns])).sum(0)
        return {self.names[i]: int(counts[i]) for i in np.flatnonzero(counts)}
