"""Encoder and decoder agree on shapes, use the class, and can be trained through."""

from __future__ import annotations

import torch

from synthassay.networks.autoencoder import Autoencoder


def test_pictures_that_are_not_square_go_there_and_back() -> None:
    network = Autoencoder(3, 5, space=(16, 24), widths=(8, 16), unshuffle=2, classes=2)
    picture, label = torch.randn(4, 3, 16, 24), torch.tensor([0, 1, 0, 1])
    mean, log_variance = network.encode(picture, label)
    assert mean.shape == log_variance.shape == (4, 5)
    assert network.decode(mean, label).shape == picture.shape


def test_every_part_takes_part() -> None:
    torch.manual_seed(0)
    network = Autoencoder(1, 4, space=(16, 16), widths=(8, 16), unshuffle=2, classes=2)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape))
    label = torch.tensor([0, 1])
    mean, log_variance = network.encode(torch.randn(2, 1, 16, 16), label)
    network.decode(mean + log_variance, label).square().mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not bool(p.grad.abs().any())] == []


def test_without_classes_no_label_is_needed() -> None:
    network = Autoencoder(1, 4, space=(16, 16), widths=(8,), unshuffle=1, classes=0)
    assert network.decode(network.encode(torch.zeros(2, 1, 16, 16), None)[0], None).shape == (2, 1, 16, 16)
