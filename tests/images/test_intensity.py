"""Values to the model's scale and back, percentiles inside masks, and what HU cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.examination import ct_volume, grey_picture, rgb_picture
from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale, percentile_normalise, require_hu, to_grey, to_integers
from synthassay.records.vocabulary import Unit


@given(low=st.floats(-3000, 0), width=st.floats(1, 6000), value=st.floats(0, 1))
def test_what_is_inside_the_window_comes_back(low, width, value):
    scale = IntensityScale(low, low + width)
    hu = np.array([[low + value * width]])
    there = scale.to_model(hu)
    assert -1 <= there.min() <= there.max() <= 1
    np.testing.assert_allclose(scale.to_physical(there), hu, atol=width * 1e-6 + abs(low) * 1e-6)


def test_ends_are_minus_one_and_one_and_outside_is_clipped_both_ways():
    scale = IntensityScale(-1000, 1500)
    assert scale.to_model(np.array([[-1000.0, 250.0, 1500.0, -1001.0, 4000.0]])).tolist() == [[-1, 0, 1, -1, 1]]
    assert scale.to_physical(np.array([[-1.0, 0.0, 1.0, 1.3]])).tolist() == [[-1000, 250, 1500, 1500]]


def test_integers_do_not_wrap():
    assert IntensityScale(-1000, 1000).to_model(np.array([[-1000, 1000]], np.int16)).tolist() == [[-1, 1]]
    assert IntensityScale(0, 255).to_model(np.array([[0, 255]], np.uint8)).tolist() == [[-1, 1]]


@pytest.mark.parametrize("bounds", [(1, 1), (2, 1), (np.nan, 1), (0, np.inf)])
def test_impossible_windows_are_refused(bounds):
    with pytest.raises(ImageError, match="finite low < high"):
        IntensityScale(*bounds)


def test_nan_is_refused_before_it_spreads():
    with pytest.raises(ImageError, match="has 1 voxels that are NaN"):
        IntensityScale(0, 1).to_model(np.array([[np.nan, 0.5]]))


def test_percentile_is_taken_inside_the_mask_and_per_channel():
    pixels = np.stack([np.arange(201.0), np.arange(201.0) * 10])
    mask = np.arange(201) <= 100
    found = percentile_normalise(pixels, mask, 50)
    np.testing.assert_allclose(found[:, 50], 1.0)
    np.testing.assert_allclose(found[:, 200], 4.0)


def test_gain_of_the_scanner_cancels():
    pixels = np.abs(np.random.default_rng(0).normal(size=(1, 8, 8)))
    np.testing.assert_allclose(percentile_normalise(pixels * 37.5), percentile_normalise(pixels), rtol=1e-6)


@pytest.mark.parametrize(
    ("pixels", "mask", "message"),
    [
        (np.ones((1, 2, 2)), np.zeros((2, 2), bool), "empty"),
        (np.ones((1, 2, 2)), np.ones((2, 3), bool), "size"),
        (np.zeros((1, 2, 2)), None, "no positive value"),
    ],
)
def test_masks_and_images_without_tissue_are_refused(pixels, mask, message):
    with pytest.raises(ImageError, match=message):
        percentile_normalise(pixels, mask)


def test_ct_in_hu_passes():
    require_hu(ct_volume(), "case-1")
    require_hu(Image(np.full((1, 2, 2), 40, np.int16), unit=Unit.HU), "inside the liver")


def test_arbitrary_units_under_the_ct_protocol_say_what_to_do():
    with pytest.raises(ImageError, match=r"case-1: holds values in arbitrary units.*CT protocol.*Units"):
        require_hu(grey_picture(), "case-1")


def test_normalised_and_shifted_values_are_not_hu(real_data):
    with pytest.raises(ImageError, match="it was normalised"):
        require_hu(Image(np.linspace(0, 1, 9).reshape(1, 3, 3), unit=Unit.HU), "case-1")
    with np.load(real_data / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz") as file:
        stored = file["ct"][:3]
    for volume in stored:  # stored as HU + 1000
        with pytest.raises(ImageError, match="offset was not subtracted"):
            require_hu(Image(volume[None], unit=Unit.HU), "case-1")
        require_hu(Image(volume[None] - np.int16(1000), unit=Unit.HU), "case-1")


def test_rgb_of_equal_channels_becomes_grey_and_colour_does_not():
    grey = grey_picture().pixels
    found = to_grey(Image(np.repeat(grey, 3, axis=0), unit=Unit.RGB))
    np.testing.assert_array_equal(found.pixels, grey)
    assert found.unit is Unit.ARBITRARY
    with pytest.raises(ImageError, match="has colour in 49 pixels"):
        to_grey(rgb_picture())


def test_whole_numbers_keep_their_type_where_it_fits():
    for kind in (np.uint8, np.uint16):
        pixels = to_integers(grey_picture(kind), "a.png", largest=65535)
        assert pixels.dtype == kind
    assert to_integers(Image(np.array([[[300.2]]])), "a.png", largest=65535).dtype == np.uint16
