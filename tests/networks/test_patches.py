"""Blended patches: weights sum to one, a pointwise network answers as to the whole, and MONAI agrees."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from monai.inferers import sliding_window_inference

from synthassay.networks.patches import axis_starts, axis_weights, blended

SIDES, SPACE = (4, 5, 6), (9, 13, 8)


def volume(channels: int = 2) -> torch.Tensor:
    return torch.randn(1, channels, *SPACE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("length", "side", "overlap"), [(9, 4, 0.5), (13, 5, 0.25), (8, 8, 0.5), (30, 7, 0.9), (9, 4, 0)]
)
def test_patches_reach_both_ends_and_weights_of_each_place_sum_to_one(length, side, overlap) -> None:
    starts, sums = axis_starts(length, side, overlap), torch.zeros(length, dtype=torch.float64)
    assert (starts[0], starts[-1]) == (0, length - side)
    least = min(side * overlap, side - 1)
    assert all(side - (b - a) >= least - 1e-9 for a, b in pairwise(starts))
    for start, weight in axis_weights(length, side, overlap):
        assert bool((weight > 0).all())
        sums[start : start + side] += weight
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-15)


def test_weights_fall_towards_borders_within_the_image_and_not_at_its_ends() -> None:
    first, second, *_ = (weight for _, weight in axis_weights(13, 5, 0.5))
    assert first[0] == 1 and bool((first.diff() <= 0).all()) and first[-1] < 0.5
    assert second[0] < 0.5


@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.5, 0.75])
def test_a_network_of_single_pixels_answers_as_to_the_whole(overlap) -> None:
    def pointwise(image: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return (image * 3 - other[:, :1]).tanh().sum(1, keepdim=True)

    image, other = volume(), volume(3)
    torch.testing.assert_close(
        blended(pointwise, [image, other], SIDES, overlap), pointwise(image, other), rtol=0, atol=1e-6
    )


def test_a_constant_stays_that_constant_bit_by_bit() -> None:
    constant = torch.full((1, 1, *SPACE), 0.1)
    assert torch.equal(blended(lambda patch: patch, [constant], SIDES, 0.6), constant)


def test_an_image_of_one_patch_is_the_networks_own_answer() -> None:
    image = volume()
    assert torch.equal(blended(torch.tanh, [image], SPACE, 0.5), torch.tanh(image))


def test_seams_between_patches_that_disagree_are_ramps() -> None:
    calls = iter(range(10))
    made = blended(lambda patch: torch.full_like(patch, float(next(calls))), [torch.zeros(1, 1, 1, 12)], (1, 8), 0.5)
    steps = made[0, 0, 0].diff()
    assert made[0, 0, 0, 0] == 0 and made[0, 0, 0, -1] == 1
    assert float(steps.min()) >= 0 and float(steps.max()) < 0.25


def test_monai_blends_a_local_network_to_the_same_where_patches_hold_what_it_sees() -> None:
    blur = torch.nn.AvgPool3d(3, stride=1, padding=1, count_include_pad=False)
    image = torch.randn(1, 1, 24, 24, 24, generator=torch.Generator().manual_seed(2))
    own = blended(blur, [image], (12, 12, 12), 0.5)
    theirs = sliding_window_inference(image, (12, 12, 12), 1, blur, overlap=0.5, mode="gaussian")
    whole = blur(image)
    # patches begin at 0, 6 and 12: away from all of their borders all three are the whole network
    inner = torch.tensor([z for z in range(24) if z not in (5, 6, 11, 12, 17, 18)])
    for made in (own, theirs):
        at = made[..., inner, :, :][..., inner, :][..., inner]
        torch.testing.assert_close(at, whole[..., inner, :, :][..., inner, :][..., inner], rtol=0, atol=1e-5)
    assert float((own - theirs).abs().mean()) < 0.01


def test_patches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit an axis of 9"):
        blended(torch.tanh, [volume()], (10, 5, 6), 0.5)
    with pytest.raises(ValueError, match="overlap 1"):
        axis_starts(8, 4, 1.0)
