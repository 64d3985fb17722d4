"""Pictures: the right pixel in the right place with the right grey, and never a number that is not there."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from synthassay.errors import ImageError
from synthassay.images.image import Geometry, Image
from synthassay.images.picture import error_picture, montage, picture
from synthassay.records.vocabulary import Unit


def opened(png: bytes) -> PillowImage.Image:
    found = PillowImage.open(io.BytesIO(png))
    found.load()
    return found


def test_window_ends_are_black_and_white_and_values_between_are_linear():
    image = Image(np.array([[[-1000.0, -160.0, 40.0, 240.0, 3000.0]]]), unit=Unit.HU)
    grey = np.asarray(opened(picture(image, (-160, 240))))
    assert grey.tolist() == [[0, 0, 128, 255, 255]]  # 40 HU is the middle of [-160, 240]: 127.5 rounds to even 128


def test_minus_1000_hu_never_wraps_to_a_grey():
    air = Image(np.full((1, 4, 4), -1000, np.int16), unit=Unit.HU)
    assert np.asarray(opened(picture(air, (0, 255)))).max() == 0  # (x).byte() of -1000 would be 24


def test_volume_shows_patient_right_on_the_left_and_anterior_up():
    volume = np.zeros((1, 5, 7, 3))
    volume[0, 4, 3, 1] = 1  # the voxel most to the patient's right
    volume[0, 2, 6, 1] = 2  # the most anterior voxel
    shown = np.asarray(opened(picture(Image(volume), (0, 2))))
    assert shown.shape == (7, 5)
    assert np.argwhere(shown == 128).tolist() == [[3, 0]]
    assert np.argwhere(shown == 255).tolist() == [[0, 2]]


def test_position_chooses_the_axial_slice():
    volume = np.broadcast_to(np.arange(4.0), (1, 2, 2, 4))
    assert np.asarray(opened(picture(Image(volume), (0, 3), position=3))).min() == 255
    assert np.asarray(opened(picture(Image(volume), (0, 3), position=0))).max() == 0


def test_anisotropic_voxels_keep_physical_proportions():
    image = Image(np.zeros((1, 10, 10, 2)), Geometry(spacing_mm=(1.0, 2.5, 5.0)))
    assert opened(picture(image, (0, 1))).size == (10, 25)
    flat = Image(np.zeros((1, 10, 30)), Geometry(spacing_mm=(3.0, 1.0)))
    assert opened(picture(flat, (0, 1))).size == (30, 30)


def test_not_a_number_is_a_checkerboard_and_not_black():
    pixels = np.ones((1, 4, 4))
    pixels[0, 1:3, 1:3] = np.nan
    shown = np.asarray(opened(picture(Image(pixels), (0, 1))))
    assert set(shown[1:3, 1:3].ravel().tolist()) == {110, 150}
    assert (np.delete(shown.ravel(), [5, 6, 9, 10]) == 255).all()


def test_colour_survives_and_marks_are_written_into_the_file():
    pixels = np.zeros((3, 2, 2))
    pixels[0] = 255
    found = opened(picture(Image(pixels, unit=Unit.RGB), (0, 255), marks={"Synthetic Data": "YES"}))
    assert np.asarray(found)[0, 0].tolist() == [255, 0, 0]
    assert found.info["Synthetic Data"] == "YES"


def test_error_map_is_white_where_equal_blue_where_low_red_where_high():
    reference = Image(np.zeros((1, 1, 3)), unit=Unit.HU)
    synthetic = reference.with_pixels(np.array([[[-500.0, 0.0, 80.0]]]))
    shown = np.asarray(opened(error_picture(synthetic, reference, 80)))
    third = shown.shape[1] // 3
    low, equal, high = (shown[5, third * i + third // 2].astype(int) for i in range(3))
    assert low.tolist() == [5, 48, 97] and high.tolist() == [103, 0, 31]  # ColorBrewer RdBu, its two ends
    assert equal.min() > 240
    assert shown.shape[0] > third  # the bar stands below the map


def test_error_map_refuses_different_sizes_units_and_limits():
    reference = Image(np.zeros((1, 4, 4)), unit=Unit.HU)
    with pytest.raises(ImageError, match="one grid and one unit"):
        error_picture(Image(np.zeros((1, 4, 5)), unit=Unit.HU), reference, 10)
    with pytest.raises(ImageError, match="one grid and one unit"):
        error_picture(Image(np.zeros((1, 4, 4))), reference, 10)
    with pytest.raises(ImageError, match="positive limit"):
        error_picture(reference, reference, 0)


def test_error_map_of_unsigned_pixels_does_not_wrap():
    reference = Image(np.full((1, 4, 4), 10, np.uint8))
    synthetic = Image(np.full((1, 4, 4), 0, np.uint8))
    shown = np.asarray(opened(error_picture(synthetic, reference, 10)))
    assert shown[0, 0].tolist() == [5, 48, 97]  # 0 - 10 is -10, the blue end; uint8 arithmetic would give 246


def test_montage_has_a_row_per_label_and_a_column_per_image():
    bright, dark = Image(np.ones((1, 8, 8))), Image(np.zeros((1, 8, 8)))
    sheet = np.asarray(opened(montage({"synthetic": [dark] * 3, "real": [dark, bright]}, (0, 1), side=32, gap=4)))
    assert sheet.shape[1] == 3 * 36 + 4
    middle_of_row = [23 + 16, 32 + 4 + 23 + 23 + 16]
    assert [sheet[middle_of_row[0], 4 + 36 * c + 16] for c in range(3)] == [0, 0, 0]
    assert sheet[middle_of_row[1], 4 + 16] == 0 and sheet[middle_of_row[1], 4 + 36 + 16] == 255


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ImageError, match="channels 2"):
        picture(Image(np.zeros((2, 4, 4))), (0, 1))
    with pytest.raises(ImageError, match="low < high"):
        picture(Image(np.zeros((1, 4, 4))), (1, 1))
    with pytest.raises(ImageError, match="no images"):
        montage({}, (0, 1))


def test_the_same_image_gives_the_same_bytes():
    image = Image(np.random.default_rng(0).normal(size=(1, 16, 16)))
    assert picture(image, (-2, 2)) == picture(image, (-2, 2))
