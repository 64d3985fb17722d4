"""Features for perceptual losses: learnt from the study's own training images, or read from a local weight file."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthassay.errors import RunError
from synthassay.networks.batch import Examples
from synthassay.records.base import sha256_of

VGG16_WIDTHS = (64, 64, 128, 128)
_CONVOLUTIONS = (0, 2, 5, 7)  # torchvision's positions inside vgg16().features


class FeatureEncoder(nn.Module):
    """The first nine layers of VGG16: ``batch channels rows columns`` to features before the second max-pool.

    Convolutions 3x3 at positions 0, 2, 5 and 7, each with ReLU, and one 2x2 max-pool between: the layout, and the
    parameter names, of torchvision's ``vgg16().features[:9]``.

    Args:
        channels: Input channels; one grey channel is replicated where the encoder has three.
        widths: Channels of the four convolutions; ``VGG16_WIDTHS`` for the published network.

    Source: arXiv:1409.1556 (table 1, configuration D).

    >>> FeatureEncoder(1, (4, 4, 8, 8))(torch.zeros(2, 1, 16, 20)).shape
    torch.Size([2, 8, 8, 10])
    """

    scale: Tensor

    def __init__(self, channels: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.channels = channels
        a, b, c, d = widths
        self.features = nn.Sequential(
            nn.Conv2d(channels, a, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(a, b, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(b, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1),
            nn.ReLU(),
        )
        self.register_buffer("scale", torch.ones(d))

    def forward(self, images: Tensor) -> Tensor:
        """Return scaled features at half the size."""
        if images.shape[1] == 1 and self.channels == 3:
            images = images.expand(-1, 3, -1, -1)
        return self.features(images) * self.scale[:, None, None]


def read_vgg16(encoder: FeatureEncoder, path: Path, sha256: str) -> None:
    """Fill an encoder of ``VGG16_WIDTHS`` from a local safetensors file with torchvision's parameter names.

    Names may carry the prefix ``features.``; parameters of later layers are ignored.

    Raises:
        RunError: The file is missing, is another file than ``sha256`` says, or lacks a layer.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    remedy = "Export torchvision's vgg16 with safetensors, and give its path and SHA-256."
    try:
        found = sha256_of(path)
        stored = load_file(path) if found == sha256 else {}
    except OSError as problem:
        raise RunError(str(path), f"cannot be read: {problem.strerror or problem}", remedy=remedy) from None
    except SafetensorError as problem:
        raise RunError(str(path), f"is not a safetensors file: {problem}", remedy=remedy) from None
    if found != sha256:
        raise RunError(str(path), f"has another SHA-256 than perceptual_sha256 ({sha256})", value=found, remedy=remedy)
    own = encoder.features.state_dict()
    names = [f"{i}.{part}" for i in _CONVOLUTIONS for part in ("weight", "bias")]
    read = {name: stored.get(f"features.{name}", stored.get(name)) for name in names}
    wrong = [name for name, value in read.items() if value is None or value.shape != own[name].shape]
    if wrong:
        raise RunError(str(path), "lacks layers of vgg16().features[:9]", value=", ".join(wrong), remedy=remedy)
    encoder.features.load_state_dict(read)


def learn_features(
    encoder: FeatureEncoder,
    examples: Examples,
    rng: torch.Generator,
    *,
    steps: int,
    batch: int = 16,
    noise: float = 0.3,
    apart: bool = True,
) -> float:
    """Train the encoder as the front of a denoising autoencoder of the training targets, then scale its features.

    What is learnt depends on ``rng`` and the examples alone. The decoder is thrown away. Features are divided by their
    standard deviation over the training targets, so that the loss does not depend on how the encoder scales them:
    each by its own, or all by one, which keeps their proportions, as a published network's are kept. A feature that
    hardly ever fires has a tiny deviation of its own; a squared distance of features divided by those is ruled by the
    few pixels where it does fire.

    Args:
        encoder: Encoder to train in place; its parameters end frozen.
        examples: Training examples with targets ``batch channels rows columns`` in [-1, 1].
        rng: Draws the initial weights, the examples and the noise.
        steps: Optimiser steps.
        batch: Images per step.
        noise: Largest standard deviation of the added Gaussian noise, in model units.
        apart: Divide each feature by its own deviation; else all by the root mean square of the deviations.

    Returns:
        Mean squared error of the last tenth of the steps, in squared model units.

    Source: doi:10.1145/1390156.1390294 (denoising autoencoder).
    """
    device = encoder.scale.device
    decoder = _Decoder(encoder)
    for module in [*encoder.modules(), *decoder.modules()]:
        if isinstance(module, nn.Conv2d):
            _draw_weights(module, rng)
    decoder.to(device)
    encoder.requires_grad_(True)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    errors: list[float] = []
    with torch.enable_grad():
        for _ in range(steps):
            clean = _targets(examples, rng, batch)
            deviation = noise * torch.rand((len(clean), 1, 1, 1), generator=rng)
            noisy = clean + deviation * torch.randn(clean.shape, generator=rng)
            error = F.mse_loss(decoder(encoder(noisy.to(device)), clean.shape[-2:]), clean.to(device))
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            errors.append(error.item())
    encoder.requires_grad_(False)
    encoder.zero_grad(set_to_none=True)
    _scale_features(encoder, examples, rng, apart)
    last = errors[-max(1, len(errors) // 10) :]
    return sum(last) / len(last)


class _Decoder(nn.Module):
    def __init__(self, encoder: FeatureEncoder) -> None:
        width = len(encoder.scale)
        super().__init__()
        self.parts = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 4 * encoder.channels, 3, padding=1)
        )

    def forward(self, features: Tensor, size: torch.Size) -> Tensor:
        images = F.pixel_shuffle(self.parts(features), 2)
        odd = (0, size[-1] - images.shape[-1], 0, size[-2] - images.shape[-2])
        return F.pad(images, odd, mode="replicate") if any(odd) else images


@torch.no_grad()
def _draw_weights(convolution: nn.Conv2d, rng: torch.Generator) -> None:
    """He initialisation (arXiv:1502.01852, equation 10), drawn on the CPU so that every device starts alike."""
    inputs = convolution.weight[0].numel()
    drawn = torch.randn(convolution.weight.shape, generator=rng) * (2 / inputs) ** 0.5
    convolution.weight.copy_(drawn)
    if convolution.bias is not None:
        convolution.bias.zero_()


def _targets(examples: Examples, rng: torch.Generator, count: int) -> Tensor:
    positions = torch.randint(len(examples), (count,), generator=rng).tolist()
    target = examples.batch(positions).target
    assert target is not None, "training examples have targets"
    return target


@torch.no_grad()
def _scale_features(encoder: FeatureEncoder, examples: Examples, rng: torch.Generator, apart: bool) -> None:
    encoder.scale.fill_(1.0)
    features = encoder(_targets(examples, rng, 128).to(encoder.scale.device))
    deviation = features.std(dim=(0, 2, 3))
    if not apart:
        encoder.scale.fill_(1 / max(float(deviation.square().mean().sqrt()), 1e-12))
        return
    # a feature that never fires on real images says nothing, and dividing by its rounding noise would shout
    encoder.scale.copy_(torch.where(deviation > 1e-3 * deviation.max(), 1 / deviation, 0.0))
