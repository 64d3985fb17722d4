from __future__ import annotations

import pytest

from evaluate.set_measures import assert_real_images_pass, assert_worsens_step_by_step, shifted


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("precision")


@pytest.mark.parametrize("damage", [shifted])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("precision", damage(), slack=0.02)
