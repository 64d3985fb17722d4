from __future__ import annotations

import pytest

from evaluate.set_measures import assert_real_images_pass, assert_worsens_step_by_step, draw, found, shifted, shrinking


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("kernel_distance")


@pytest.mark.parametrize("damage", [shifted, shrinking])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("kernel_distance", damage())


def test_it_does_not_grow_when_images_are_few():
    few, many = (found("kernel_distance", draw(n, 9) + 1.0).value for n in (30, 400))
    assert few == pytest.approx(many, rel=0.25)


def test_no_difference_may_come_out_below_zero():
    # clipping it at zero would make it biased
    assert min(found("kernel_distance", draw(seed=s)).value for s in range(8)) < 0
