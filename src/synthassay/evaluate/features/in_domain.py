"""The in-domain embedding: an encoder that learns, in the run, to tell the real training images apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.features.embedding import EMBEDDINGS, Embedding
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Features

if TYPE_CHECKING:
    from synthassay.networks.self_supervised import LearntEncoder

STEPS = 300
LEAST_IMAGES = 16
COUNT = 96


class InDomainEmbedding(Embedding):
    """96 features of a small convolutional encoder, trained without labels on the run's real training images.

    It needs no weight file and no other data; volumes are convolved in 3D. The test images, the synthetic images and
    the classes take no part in its training. It is seeded: the same training images give the same features on the same
    machine.

    Args:
        learnt: The trained encoder; None before ``fitted``.
        steps: Steps that it was trained for, and on how many ``images``.
        images: Training images.

    Source: arXiv 2002.05709 (contrastive learning); encoders trained on the data at hand for such measures, Morozov et
    al. 2021, "On self-supervised image representations for GAN evaluation" (ICLR).
    """

    source: ClassVar[str] = "arXiv:2002.05709"
    learns: ClassVar[bool] = True

    def __init__(self, learnt: LearntEncoder | None = None, steps: int = 0, images: int = 0) -> None:
        self._learnt, self._steps, self._images = learnt, steps, images

    def fitted(self, images: np.ndarray, mask: np.ndarray | None, *, steps: int, seed: int) -> Embedding:
        """Train an encoder on real training images.

        Raises:
            NotMeasured: There are too few of them.
        """
        from synthassay.networks.self_supervised import learn_encoder

        if len(images) < LEAST_IMAGES:
            raise NotMeasured(
                f"an encoder cannot learn from {len(images)} training images; {LEAST_IMAGES} are the least"
            )
        learnt = learn_encoder(images, steps=steps or STEPS, seed=seed, mask=mask)
        return InDomainEmbedding(learnt, steps or STEPS, len(images))

    def settings(self, unit: Unit) -> dict[str, str | float | int | bool]:
        """What it was trained on and for how long."""
        learnt = self._encoder()
        return {
            "encoder": "4 convolutions, group norm, contrastive",
            "encoder_steps": self._steps,
            "encoder_training_images": self._images,
            "encoder_loss": learnt.loss,
        }

    def names(self, shape: Sequence[int]) -> tuple[str, ...]:
        """Names such as ``learnt_07``."""
        return tuple(f"learnt_{number:02d}" for number in range(COUNT))

    def features(
        self,
        images: np.ndarray,
        *,
        spacing: Sequence[float] = (),
        unit: Unit = Unit.ARBITRARY,
        mask: np.ndarray | None = None,
    ) -> Features:
        """Return ``cases features``; inside the mask where one is given.

        Raises:
            ImageError: Images are not ``cases channels *space``, or have other channels than the training images.
        """
        if images.ndim not in (4, 5) or not len(images):
            raise ImageError("images", "are not an array of cases, channels and two or three axes", value=images.shape)
        learnt = self._encoder()
        if (learnt.network.channels, learnt.network.dimensions) != (images.shape[1], images.ndim - 2):
            raise ImageError("images", "differ in channels or axes from the training images", value=images.shape)
        if mask is not None and mask.ndim == images.ndim - 2:
            mask = np.broadcast_to(mask, (len(images), *mask.shape))
        return learnt.encode(images, mask)

    def _encoder(self) -> LearntEncoder:
        if self._learnt is None:
            raise NotMeasured("the in-domain encoder has not been trained")
        return self._learnt


EMBEDDINGS.add("in_domain")(InDomainEmbedding())
