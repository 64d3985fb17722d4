"""Embeddings from a local weight file: ImageNet, RadImageNet, DINO or pathology encoders, by path and hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from synthassay.errors import DataError, ImageError, NotMeasured
from synthassay.evaluate.features.card import REMEDY, EncoderCard
from synthassay.evaluate.features.embedding import Embedding
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Features

if TYPE_CHECKING:
    from torch import Tensor, nn

AT_ONCE = 16
NOT_FEATURES = ("fc.", "head.", "fc_norm.", "mask_token")
"""Parameters that a file may have beyond the encoder: its classifier, and what only its training used."""


class WeightsEmbedding(Embedding):
    """What an encoder trained elsewhere makes of an image: the mean of its last maps, or its class token.

    The card says how pixel values become the encoder's input; nothing is taken from the images. A two-dimensional
    encoder describes a volume slice by slice along its last axis (axial in RAS+), and the features are averaged.

    Args:
        card: What the weights are and expect.
        beside: Folder of the card.

    Raises:
        DataError: The weights are missing, of another hash or architecture, or of a kind that can execute code.
    """

    source: ClassVar[str] = "arXiv:1706.08500"

    def __init__(self, card: EncoderCard, beside: Path) -> None:
        self.card = card
        self.network = _network(card)
        _fill(self.network, card, card.checked_weights(beside))

    @classmethod
    def of_file(cls, path: Path) -> WeightsEmbedding:
        """Read a card and its weights.

        Raises:
            DataError: One of them cannot be used.
        """
        return cls(EncoderCard.of_file(path), path.parent)

    def settings(self, unit: Unit) -> dict[str, str | float | int | bool]:
        """Which weights, and how images become their input."""
        card = self.card
        return {
            "encoder": card.title,
            "encoder_source": card.source,
            "encoder_architecture": card.architecture,
            "encoder_sha256": card.sha256,
            "encoder_input": f"{'x'.join(map(str, card.size))}, {card.low:g} to {card.high:g} {card.unit.value}",
            "encoder_volumes": "true 3D" if card.dimensions == 3 else "mean over slices along the last axis",
        }

    def names(self, shape: Sequence[int]) -> tuple[str, ...]:
        """Names such as ``resnet50_0007``."""
        count = int(getattr(self.network, "features"))  # noqa: B009 (a module's attributes have no types)
        return tuple(f"{self.card.architecture}_{number:04d}" for number in range(count))

    def features(
        self,
        images: np.ndarray,
        *,
        spacing: Sequence[float] = (),
        unit: Unit = Unit.ARBITRARY,
        mask: np.ndarray | None = None,
    ) -> Features:
        """Return ``cases features``; what lies outside a mask is blanked with the encoder's mean.

        Raises:
            ImageError: Images are not ``cases channels *space``.
            NotMeasured: The encoder is for another unit, other channels, or volumes only.
        """
        if images.ndim not in (4, 5) or not len(images):
            raise ImageError("images", "are not an array of cases, channels and two or three axes", value=images.shape)
        card = self.card
        if unit is not card.unit:
            raise NotMeasured(
                f"the encoder {card.title} is for images in {card.unit.value}, and these are in {unit.value}"
            )
        if images.shape[1] not in (1, card.channels):
            raise NotMeasured(f"the encoder {card.title} takes {card.channels} channels, not {images.shape[1]}")
        if card.dimensions == 3 and images.ndim == 4:
            raise NotMeasured(f"the encoder {card.title} is for volumes, and these are pictures")
        if mask is not None and mask.ndim == images.ndim - 2:
            mask = np.broadcast_to(mask, (len(images), *mask.shape))
        rows = (self._describe(image, None if mask is None else mask[i]) for i, image in enumerate(images))
        return np.array(list(rows), dtype=np.float64)

    def _describe(self, image: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        import torch

        with torch.no_grad():
            found = [self.network(part) for part in self._inputs(image, mask)]
        return torch.cat(found).mean(dim=0).numpy()

    def _inputs(self, image: np.ndarray, mask: np.ndarray | None) -> Iterator[Tensor]:
        """Batches ``batch channels *size``: the whole image, or its slices."""
        card = self.card
        flat = image[None] if image.ndim - 1 == card.dimensions else np.moveaxis(image, -1, 0)
        if mask is not None:
            mask = mask[None] if mask.ndim == card.dimensions else np.moveaxis(mask, -1, 0)
            shown = mask.reshape(len(mask), -1).any(axis=1)
            flat, mask = flat[shown], mask[shown]
        for start in range(0, len(flat), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            yield _as_input(flat[rows], None if mask is None else mask[rows], card)


def _as_input(images: np.ndarray, mask: np.ndarray | None, card: EncoderCard) -> Tensor:
    import torch
    from torch.nn import functional

    scaled = np.clip((np.asarray(images, np.float32) - card.low) / (card.high - card.low), 0.0, 1.0).astype(np.float32)
    each = (1, card.channels) + (1,) * card.dimensions
    mean, std = (np.array(values, np.float32).reshape(each) for values in (card.mean, card.std))
    normed = (np.broadcast_to(scaled, (len(scaled), card.channels, *scaled.shape[2:])) - mean) / std
    if mask is not None:
        normed = np.where(mask[:, None], normed, np.float32(0))
    tensor = torch.from_numpy(np.ascontiguousarray(normed))
    if tensor.shape[2:] == card.size:
        return tensor
    if card.dimensions == 3:
        return functional.interpolate(tensor, card.size, mode="trilinear", align_corners=False)
    return functional.interpolate(tensor, card.size, mode="bilinear", align_corners=False, antialias=True)


def _network(card: EncoderCard) -> nn.Module:
    import torch

    from synthassay.networks.residual import ResidualNetwork
    from synthassay.networks.vision_transformer import SIZES, VisionTransformer

    with torch.random.fork_rng(devices=[]):  # the weights drawn here are overwritten; the user's stream is not touched
        if card.architecture in SIZES:
            return VisionTransformer(
                *SIZES[card.architecture],
                patch=card.patch,
                channels=card.channels,
                trained_grid=card.trained_grid,
                layer_scale=card.layer_scale,
            ).eval()
        return ResidualNetwork(card.architecture, card.channels, card.dimensions).eval()


def _fill(network: nn.Module, card: EncoderCard, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        stored = load_file(path)
    except SafetensorError as problem:
        raise DataError(str(path), f"is not a safetensors file: {problem}", remedy=REMEDY) from None
    named = {key.removeprefix(card.prefix): value for key, value in stored.items() if key.startswith(card.prefix)}
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    _check_parameters(named, wanted, card, path)
    network.load_state_dict({key: named[key] for key in wanted}, strict=False)


def _check_parameters(named: Mapping[str, Any], wanted: Mapping[str, Any], card: EncoderCard, path: Path) -> None:
    where = f"{path}: {card.architecture}"
    missing = [key for key in wanted if key not in named]
    if missing:
        raise DataError(
            where, f"{len(missing)} of {len(wanted)} parameters are missing", value=", ".join(missing[:3]),
            remedy="Check architecture, layer_scale and prefix in the card.",
        )  # fmt: skip
    shapes = [key for key, value in wanted.items() if named[key].shape != value.shape]
    if shapes:
        key = shapes[0]
        raise DataError(
            where, f"{len(shapes)} parameters have another shape: {key} is {tuple(named[key].shape)}, not "
            f"{tuple(wanted[key].shape)}", remedy="Check channels, dimensions, patch and trained_grid in the card.",
        )  # fmt: skip
    beyond = [key for key in named if key not in wanted and not key.startswith(NOT_FEATURES)]
    strange = [key for key in beyond if not key.endswith("num_batches_tracked")]
    if strange:
        raise DataError(
            where, f"the file has {len(strange)} parameters that this architecture lacks", value=", ".join(strange[:3]),
            remedy="It holds another network, or the card names the wrong one.",
        )  # fmt: skip
