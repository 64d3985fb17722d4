from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.records.vocabulary import Unit
from synthassay.tasks.foreground import foreground


def test_a_body_in_hu_is_its_largest_part_with_air_inside():
    hu = np.full((1, 20, 20, 3), -1000.0)
    hu[:, 3:17, 3:17] = 30
    hu[:, 8:11, 8:11] = -1000  # an airway
    hu[:, :, 19] = 50  # the table
    body = foreground(Image(hu, unit=Unit.HU), "case")
    expected = np.zeros((20, 20, 3), bool)
    expected[3:17, 3:17] = True
    np.testing.assert_array_equal(body, expected)


def test_lung_and_fat_lie_on_either_side_of_the_threshold():
    hu = np.full((1, 9, 9), -1000.0)
    hu[0, 1:8, 1:5], hu[0, 1:8, 5:8] = -100, -700
    body = foreground(Image(hu, unit=Unit.HU), "case")
    assert body[4, 3]
    assert not body[4, 6]


def test_a_stripped_brain_is_whatever_is_not_background():
    brain = np.zeros((1, 10, 10, 4))
    brain[0, 2:8, 2:8, 1:3] = np.linspace(0.01, 5, 72).reshape(6, 6, 2)
    np.testing.assert_array_equal(foreground(Image(brain), "case"), brain[0] > 0)


def test_a_head_in_noisy_air_is_found_by_otsu():
    rng = np.random.default_rng(0)
    head = np.zeros((40, 40), bool)
    head[8:33, 6:30] = True
    values = np.abs(rng.normal(0, 3, (40, 40))) + head * rng.uniform(60, 100, (40, 40))
    np.testing.assert_array_equal(foreground(Image(values[None]), "case"), head)


@pytest.mark.parametrize("slices", [3, 4, 5])
def test_a_volume_of_three_or_four_slices_is_no_colour_image(slices):
    rng = np.random.default_rng(0)
    head = np.zeros((20, 20, slices), bool)
    head[4:16, 5:14] = True
    values = np.abs(rng.normal(0, 3, head.shape)) + head * rng.uniform(60, 100, head.shape)
    np.testing.assert_array_equal(foreground(Image(values[None]), "case"), head)


def test_air_alone_and_a_constant_image_are_refused():
    with pytest.raises(ImageError, match=r"case-7.*nothing but background"):
        foreground(Image(np.full((1, 5, 5), -1000.0), unit=Unit.HU), "case-7")
    with pytest.raises(ImageError, match="nothing but background"):
        foreground(Image(np.full((1, 5, 5), 3.0)), "case-7")
