from __future__ import annotations

import pytest

from evaluate.set_measures import assert_real_images_pass, assert_worsens_step_by_step, repeating, shifted, shrinking


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("sliced_wasserstein")


@pytest.mark.parametrize("damage", [shifted, shrinking, repeating])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("sliced_wasserstein", damage())
