"""An autoencoder with two codes: where things are, as maps, and how they look, as a few numbers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHARPNESS = 3.0


class TwoCodes(nn.Module):
    """Anatomy as ``batch maps rows columns`` that add up to 1 at each pixel, acquisition as ``batch numbers``.

    Each image is normalised before its anatomy is looked for, so that no gain or offset reaches the code. The softmax
    leaves room for which tissue a pixel is and little for how bright it is. The decoder paints the maps with the
    acquisition code, by scaling and shifting its features.

    Args:
        channels: Channels of the image.
        maps: Maps of the anatomy code.
        numbers: Numbers of the acquisition code.
        width: Channels of the hidden layers.

    Source: Chartsias et al. 2019, arXiv:1903.09467 (SDNet: anatomy maps and a variational modality code); Zuo et al.
    2021, doi:10.1016/j.neuroimage.2021.118569 (harmonisation by such codes); FiLM, arXiv:1709.07871.

    >>> codes = TwoCodes(1, maps=4, numbers=2, width=8)
    >>> anatomy = codes.anatomy(torch.rand(2, 1, 20, 28)); anatomy.shape
    torch.Size([2, 4, 20, 28])
    >>> codes.paint(anatomy, torch.zeros(2, 2)).shape
    torch.Size([2, 1, 20, 28])
    """

    def __init__(self, channels: int, *, maps: int, numbers: int, width: int) -> None:
        super().__init__()
        self.fine = _block(channels, width)
        self.coarse = nn.Sequential(_block(width, 2 * width, stride=2), _block(2 * width, 2 * width))
        self.maps = nn.Sequential(_block(3 * width, width), nn.Conv2d(width, maps, 1))
        self.look = nn.Sequential(
            nn.Conv2d(channels + maps, width, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.numbers = nn.Linear(2 * width, 2 * numbers)
        self.enter = nn.Conv2d(maps, width, 3, padding=1)
        self.inner = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.film = nn.ModuleList(nn.Linear(numbers, 2 * width) for _ in range(3))
        self.leave = nn.Conv2d(width, channels, 3, padding=1)

    def anatomy(self, images: Tensor) -> Tensor:
        """Return the anatomy code, ``batch maps rows columns``; the maps of a pixel add up to 1."""
        fine = self.fine(F.instance_norm(images))
        coarse = F.interpolate(self.coarse(fine), size=fine.shape[2:], mode="bilinear")
        found: Tensor = self.maps(torch.cat([fine, coarse], dim=1))
        # each map takes part somewhere in each image: a code that is alike everywhere would tell nothing
        return (SHARPNESS * F.instance_norm(found)).softmax(dim=1)

    def acquisition(self, images: Tensor, anatomy: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the acquisition code, each ``batch numbers``."""
        seen = self.look(torch.cat([images, anatomy], dim=1)).flatten(2).mean(2)
        mean, log_variance = self.numbers(seen).chunk(2, dim=1)
        return mean, log_variance.clamp(-10, 5)

    def paint(self, anatomy: Tensor, code: Tensor) -> Tensor:
        """Return images of an anatomy as an acquisition shows it, in (-1, 1)."""
        now = self.enter(anatomy)
        for number, film in enumerate(self.film):
            scale, shift = film(code)[:, :, None, None].chunk(2, dim=1)
            now = F.leaky_relu(now * (1 + scale) + shift, 0.2)
            now = self.inner[number](now) if number < len(self.inner) else now
        return torch.tanh(self.leave(now))


def _block(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1),
        nn.InstanceNorm2d(channels_out, affine=True),
        nn.LeakyReLU(0.2),
    )
