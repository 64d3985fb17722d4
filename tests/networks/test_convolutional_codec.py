"""Encoder and decoder of grids agree in size, in 2D and 3D, and every part takes part."""

from __future__ import annotations

import pytest
import torch

from synthassay.errors import SpecError
from synthassay.networks.axes import fold, require_multiples, unfold
from synthassay.networks.convolutional_codec import GridDecoder, GridEncoder, shrinkage


@pytest.mark.parametrize(("space", "widths", "folded"), [((16, 24), (8, 16), 2), ((8, 16, 8), (8,), 4)])
def test_sizes_agree_and_no_part_is_dead(space: tuple[int, ...], widths: tuple[int, ...], folded: int) -> None:
    torch.manual_seed(0)
    encoder, decoder = (kind(2, 3, widths, len(space), folded) for kind in (GridEncoder, GridDecoder))
    for weights in [*encoder.parameters(), *decoder.parameters()]:
        weights.data.normal_(std=0.2)
    grid = encoder(torch.randn(2, 2, *space))
    assert grid.shape == (2, 3, *(side // shrinkage(widths, folded) for side in space))
    image = decoder(grid)
    assert image.shape == (2, 2, *space)
    image.square().mean().backward()
    dead = [n for part in (encoder, decoder) for n, p in part.named_parameters() if not bool(p.grad.abs().any())]
    assert not dead


def test_folding_volumes_keeps_neighbours_together() -> None:
    volume = torch.arange(64.0).reshape(1, 1, 4, 4, 4)
    folded = fold(volume, 2)
    assert folded[0, :, 0, 0, 0].tolist() == volume[0, 0, :2, :2, :2].flatten().tolist()
    assert torch.equal(unfold(folded, 2), volume)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SpecError, match="two or three multiples of 4"):
        require_multiples((16, 18), 4, "test")
    with pytest.raises(SpecError, match="two multiples of 4"):
        require_multiples((16, 16, 16), 4, "test", axes=(2,))
