from __future__ import annotations

import pytest
import torch
from torch import nn

from synthassay.errors import SpecError
from synthassay.networks.patch_discriminator import PatchDiscriminator, receptive_field, require_patches


def without_normalisation(network: PatchDiscriminator) -> PatchDiscriminator:
    """Instance normalisation sees the whole picture; the convolutions alone have a receptive field."""
    for at, part in enumerate(network.judge):
        if isinstance(part, nn.InstanceNorm2d):
            network.judge[at] = nn.Identity()
    return network


@pytest.mark.parametrize(("layers", "side"), [(1, 16), (2, 34), (3, 70)])
def test_one_logit_sees_a_patch_of_the_stated_side(layers, side):
    network = without_normalisation(PatchDiscriminator(1, width=4, layers=layers))
    picture = torch.randn(1, 1, 160, 160, requires_grad=True)
    logits = network(picture)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    seen = picture.grad[0, 0].abs() > 0
    rows, columns = seen.any(dim=1).nonzero().flatten(), seen.any(dim=0).nonzero().flatten()
    assert int(rows[-1] - rows[0]) + 1 == side == receptive_field(layers)
    assert int(columns[-1] - columns[0]) + 1 == side


def test_it_has_the_published_number_of_parameters():
    # pytorch-CycleGAN-and-pix2pix prints 2.765 M for its 70x70 PatchGAN of width 64 on three channels
    network = PatchDiscriminator(3, width=64, layers=3)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 3) == 2.765


def test_logits_are_raw():
    network = PatchDiscriminator(1, width=4, layers=1)
    with torch.no_grad():
        network.judge[-1].weight.zero_()
        network.judge[-1].bias.fill_(-7.5)
    assert torch.equal(network(torch.randn(1, 1, 16, 16)), torch.full((1, 1, 6, 6), -7.5))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_least_size_works_and_one_pixel_less_is_refused(layers):
    least = 3 * 2**layers
    require_patches((least, least), layers)
    PatchDiscriminator(1, width=4, layers=layers)(torch.randn(2, 1, least, least))
    with pytest.raises(SpecError, match="patch_layers"):
        require_patches((least + 5, least - 1), layers)
