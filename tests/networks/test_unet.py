"""The U-Net answers zero until trained, uses all that it is told, and folds without losing a pixel."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from synthassay.errors import SpecError
from synthassay.networks.unet import SelfAttention, TimeFeatures, UNet, check_size


def randomised(**settings) -> UNet:
    torch.manual_seed(0)
    network = UNet(2, 1, **{"widths": (8, 16), "classes": 3, **settings})
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(0.15 * torch.randn(weights.shape))
    return network.eval()


PICTURE = torch.randn(2, 2, 16, 24, generator=torch.Generator().manual_seed(1))
TIME, LABEL = torch.tensor([0.2, 0.7]), torch.tensor([0, 2])


@pytest.mark.parametrize("unshuffle", [1, 2, 4])
@pytest.mark.parametrize("blocks", [1, 2])
def test_untrained_network_answers_zero_in_the_right_shape(unshuffle: int, blocks: int) -> None:
    network = UNet(2, 3, widths=(8, 16), unshuffle=unshuffle, blocks=blocks, classes=3)
    answer = network(PICTURE, TIME, LABEL)
    assert answer.shape == (2, 3, 16, 24)
    assert float(answer.detach().abs().max()) == 0


@torch.no_grad()
def test_time_class_and_every_input_channel_matter() -> None:
    network = randomised()
    answer = network(PICTURE, TIME, LABEL)
    assert not torch.allclose(answer, network(PICTURE, TIME + 0.01, LABEL), atol=1e-4)
    assert not torch.allclose(answer, network(PICTURE, TIME, torch.tensor([1, 1])), atol=1e-4)
    for channel in range(2):
        changed = PICTURE.clone()
        changed[:, channel] += 0.1
        assert not torch.allclose(answer, network(changed, TIME, LABEL), atol=1e-4)


@torch.no_grad()
def test_no_label_is_the_null_class() -> None:
    network = randomised()
    assert network.null_class == 3
    torch.testing.assert_close(network(PICTURE, TIME), network(PICTURE, TIME, torch.tensor([3, 3])))


@torch.no_grad()
def test_every_part_takes_part() -> None:
    """A part without gradient would be a dead one."""
    with torch.enable_grad():
        network = randomised(blocks=2).requires_grad_(True)
        network(PICTURE, TIME, LABEL).square().mean().backward()
    dead = [n for n, p in network.named_parameters() if p.grad is None or not bool(p.grad.abs().any())]
    assert dead == []


@torch.no_grad()
def test_pictures_of_a_batch_do_not_mix() -> None:
    network = randomised()
    changed = PICTURE.clone()
    changed[0] = 5
    torch.testing.assert_close(network(changed, TIME, LABEL)[1], network(PICTURE, TIME, LABEL)[1])


@torch.no_grad()
def test_attention_is_that_of_torch_multihead_attention() -> None:
    torch.manual_seed(0)
    ours = SelfAttention(64)
    torch.nn.init.normal_(ours.answer.weight, std=0.1)
    theirs = torch.nn.MultiheadAttention(64, 2, batch_first=True)
    theirs.in_proj_weight.copy_(ours.ask.weight[:, :, 0, 0])
    theirs.in_proj_bias.copy_(ours.ask.bias)
    theirs.out_proj.weight.copy_(ours.answer.weight[:, :, 0, 0])
    theirs.out_proj.bias.copy_(ours.answer.bias)
    now = torch.randn(2, 64, 3, 5)
    tokens = ours.norm(now).flatten(2).transpose(1, 2)
    expected = now + theirs(tokens, tokens, tokens)[0].transpose(1, 2).reshape(now.shape)
    torch.testing.assert_close(ours(now), expected, rtol=1e-4, atol=1e-5)


def test_time_features_are_sines_and_cosines_up_to_a_thousand_radians() -> None:
    features = TimeFeatures(6)(torch.tensor([0.25]))
    angles = 0.25 * torch.tensor([1.0, 1000**0.5, 1000.0])
    torch.testing.assert_close(features[0], torch.cat([angles.sin(), angles.cos()]), rtol=1e-4, atol=1e-4)


def test_folding_is_undone_by_unfolding() -> None:
    torch.testing.assert_close(F.pixel_shuffle(F.pixel_unshuffle(PICTURE, 4), 4), PICTURE)


@pytest.mark.parametrize("space", [(20, 64), (64, 20), (64, 64, 64), (64,)])
def test_sizes_that_do_not_fit_are_refused(space: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="multiples of 8"):
        check_size(space, levels=3, unshuffle=2, where="rectified_flow")
    check_size((24, 64), levels=3, unshuffle=2, where="rectified_flow")
