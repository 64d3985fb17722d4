"""The drawing reaches each place of the answer through the norms, and every part takes part."""

from __future__ import annotations

import pytest
import torch

from synthassay.networks.spade_unet import SpadeNorm, SpadeUNet


def network(axes: int = 2) -> SpadeUNet:
    torch.manual_seed(0)
    return SpadeUNet(1, 3, widths=(8, 16), attention=True, unshuffle=2, hidden=4, axes=axes)


@pytest.mark.parametrize("space", [(16, 24), (8, 8, 8)])
def test_untrained_network_answers_zero_and_no_part_is_dead(space: tuple[int, ...]) -> None:
    made, image, drawing = network(len(space)), torch.randn(2, 1, *space), torch.randn(2, 3, *space)
    answer = made(image, torch.tensor([0.2, 0.7]), drawing)
    assert answer.shape == image.shape
    assert float(answer.detach().abs().max()) == 0
    for weights in made.parameters():
        weights.data.normal_(std=0.2)
    made(image, torch.tensor([0.2, 0.7]), drawing).square().mean().backward()
    assert not [n for n, p in made.named_parameters() if p.grad is None or not bool(p.grad.abs().any())]


@torch.no_grad()
def test_each_channel_of_the_drawing_matters() -> None:
    made, image, drawing = network(), torch.randn(1, 1, 16, 16), torch.randn(1, 3, 16, 16)
    for weights in made.parameters():
        weights.normal_(std=0.2)
    answer = made(image, torch.tensor([0.4]), drawing)
    for channel in range(3):
        changed = drawing.clone()
        changed[:, channel] += 0.5
        assert not torch.allclose(answer, made(image, torch.tensor([0.4]), changed), atol=1e-4)


def test_norm_scales_and_shifts_each_place() -> None:
    norm = SpadeNorm(8, 4, 1, 2, 2)
    now, told = torch.randn(1, 8, 4, 4), torch.zeros(1, 4)
    with torch.no_grad():
        norm.film.bias.zero_()
        norm.places[0].weight.zero_()
        norm.places[0].weight[:, :, 1, 1] = 1.0
        norm.places[0].bias.zero_()
        norm.places[2].weight.fill_(0.5)
        norm.places[2].bias.zero_()
        drawing = torch.zeros(1, 1, 4, 4)
        drawing[..., 2, 1] = 3.0
        made, plain = norm(now, told, drawing), norm.norm(now)
    torch.testing.assert_close(made[..., 2, 1], plain[..., 2, 1] * 4 + 3)  # 0.5 (3 + 3) = 3 of scale and of shift
    made[..., 2, 1] = plain[..., 2, 1]
    torch.testing.assert_close(made, plain)
