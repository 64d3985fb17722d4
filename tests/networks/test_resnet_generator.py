from __future__ import annotations

import pytest
import torch
from torch import nn

from synthassay.networks.resnet_generator import ResnetGenerator, initialise


def test_it_has_the_published_number_of_parameters():
    # pytorch-CycleGAN-and-pix2pix prints 11.378 M for its resnet_9blocks of width 64, three channels in and out
    network = ResnetGenerator(3, 3, width=64, blocks=9)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 3) == 11.378


@pytest.mark.parametrize("size", [(16, 16), (30, 42), (33, 17), (64, 80)])
def test_any_size_comes_back_unresampled(size):
    network = ResnetGenerator(3, 2, width=4, blocks=1).eval()
    assert network(torch.randn(2, 3, *size)).shape == (2, 2, *size)


@pytest.mark.parametrize("halvings", [0, 1, 3])
def test_halvings_change_neither_size_nor_ends(halvings):
    network = ResnetGenerator(2, 1, width=4, blocks=1, halvings=halvings).eval()
    assert network(torch.randn(1, 2, 19, 26)).shape == (1, 1, 19, 26)
    assert network.blocks[0].second[0].weight.shape == (4 * 2**halvings, 4 * 2**halvings, 3, 3)


def test_padding_repeats_the_edge_and_is_cropped_away():
    network = ResnetGenerator(1, 1, width=4, blocks=1).eval()
    image = torch.randn(1, 1, 18, 21)
    padded = torch.cat([image, image[:, :, -1:].expand(-1, -1, 2, -1)], dim=2)
    padded = torch.cat([padded, padded[..., -1:].expand(-1, -1, -1, 3)], dim=3)
    assert torch.equal(network(image), network(padded)[..., :18, :21])


def test_instance_normalisation_makes_pictures_independent_and_blind_to_gain():
    network = ResnetGenerator(1, 1, width=4, blocks=2).eval()
    pictures = torch.randn(3, 1, 16, 16)
    torch.testing.assert_close(network(pictures)[1:2], network(pictures[1:2]))
    torch.testing.assert_close(network(pictures), network(40 * pictures + 3), rtol=1e-3, atol=1e-3)


def test_dropout_follows_its_own_random_numbers_and_only_in_training():
    network = ResnetGenerator(1, 1, width=8, blocks=2, dropout=0.5)
    image = torch.randn(1, 1, 16, 16)

    def drawn(seed: int) -> torch.Tensor:
        return network(image, torch.Generator().manual_seed(seed))

    torch.manual_seed(0)
    first = drawn(1)
    torch.manual_seed(99)
    assert torch.equal(first, drawn(1))
    assert not torch.equal(first, drawn(2))
    assert torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(drawn(1), drawn(2))


def test_weights_are_drawn_with_the_stated_deviation():
    torch.manual_seed(3)
    network = ResnetGenerator(3, 1, width=32, blocks=2)
    initialise(network, 0.02)
    weights = torch.cat([m.weight.flatten() for m in network.modules() if isinstance(m, nn.Conv2d)]).detach()
    assert abs(float(weights.std()) - 0.02) < 2e-4
    assert abs(float(weights.mean())) < 2e-4
    assert all(not m.bias.any() for m in network.modules() if isinstance(m, nn.Conv2d))
