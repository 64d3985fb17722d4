"""Codecs for latent diffusion, one per file: images to a small grid of numbers, and back."""

from typing import Literal

from synthassay.generators.codecs.codec import Codec, CodecSettings
from synthassay.generators.codecs.kl_autoencoder import KlAutoencoder
from synthassay.generators.codecs.vq_gan import VqGan

CodecName = Literal["kl_autoencoder", "vq_gan"]
CODECS: dict[str, type[Codec]] = {"kl_autoencoder": KlAutoencoder, "vq_gan": VqGan}

__all__ = ["CODECS", "Codec", "CodecName", "CodecSettings", "KlAutoencoder", "VqGan"]
