"""Residual networks with torchvision's parameter names, in two or three dimensions, as feature encoders."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3)}
WIDTHS = (64, 128, 256, 512)


class ResidualNetwork(nn.Module):
    """A ResNet up to its global average: ``batch channels *space`` to ``batch features``.

    Names and shapes of parameters are those of torchvision (``conv1``, ``layer1.0.bn2`` ...), so that weights
    trained on ImageNet or RadImageNet fit; with ``dimensions=3`` the kernels are cubes.

    Args:
        kind: ``resnet18``, ``resnet34`` or ``resnet50`` (version 1.5: the stride stands in the 3x3 convolution).
        channels: Input channels.
        dimensions: 2 or 3.

    Source: He et al. 2016, arXiv 1512.03385, table 1.

    >>> import torch
    >>> ResidualNetwork("resnet18", 1, 2)(torch.zeros(2, 1, 40, 48)).shape
    torch.Size([2, 512])
    """

    def __init__(self, kind: str, channels: int, dimensions: int) -> None:
        super().__init__()
        self._convolution: Any = nn.Conv2d if dimensions == 2 else nn.Conv3d
        self._norm: Any = nn.BatchNorm2d if dimensions == 2 else nn.BatchNorm3d
        self.conv1 = self._convolution(channels, WIDTHS[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm(WIDTHS[0])
        self.relu = nn.ReLU()
        self.maxpool = (nn.MaxPool2d if dimensions == 2 else nn.MaxPool3d)(3, stride=2, padding=1)
        self._before, self._bottleneck = WIDTHS[0], kind == "resnet50"
        for number, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS[kind], strict=True), start=1):
            setattr(self, f"layer{number}", self._stage(width, blocks, stride=1 if number == 1 else 2))
        self.features = self._before

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean over space of the last stage."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for number in range(1, 5):
            maps = getattr(self, f"layer{number}")(maps)
        return maps.flatten(2).mean(dim=2)

    def _stage(self, width: int, blocks: int, stride: int) -> nn.Sequential:
        made = []
        for number in range(blocks):
            after = width * (4 if self._bottleneck else 1)
            step = stride if number == 0 else 1
            parts = (self._convolution, self._norm, self._before, width, after, step)
            made.append(_Bottleneck(*parts) if self._bottleneck else _Basic(*parts))
            self._before = after
        return nn.Sequential(*made)


class _Basic(nn.Module):
    def __init__(self, convolution: Any, norm: Any, before: int, width: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = convolution(before, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = norm(width)
        self.conv2 = convolution(width, after, 3, padding=1, bias=False)
        self.bn2 = norm(after)
        self.relu = nn.ReLU()
        self.downsample = _shortcut(convolution, norm, before, after, stride)

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.downsample is None else self.downsample(x)
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + kept)


class _Bottleneck(nn.Module):
    def __init__(self, convolution: Any, norm: Any, before: int, width: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = convolution(before, width, 1, bias=False)
        self.bn1 = norm(width)
        self.conv2 = convolution(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = norm(width)
        self.conv3 = convolution(width, after, 1, bias=False)
        self.bn3 = norm(after)
        self.relu = nn.ReLU()
        self.downsample = _shortcut(convolution, norm, before, after, stride)

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.downsample is None else self.downsample(x)
        inner = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return self.relu(self.bn3(self.conv3(inner)) + kept)


def _shortcut(convolution: Any, norm: Any, before: int, after: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and before == after:
        return None
    return nn.Sequential(convolution(before, after, 1, stride=stride, bias=False), norm(after))
