"""PNG and JPEG: no bit is lost, no transparency invented, no scale guessed."""

from __future__ import annotations

import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from PIL import PngImagePlugin

from images.examination import LABEL, ct_volume, grey_picture, rgb_picture
from synthassay.errors import ImageError
from synthassay.images.formats import mark_of, read_image, write_image
from synthassay.images.image import Image
from synthassay.records.vocabulary import Unit


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pixels=hnp.arrays(
        st.sampled_from([np.uint8, np.uint16]), st.tuples(st.just(1), st.integers(1, 9), st.integers(1, 9))
    )
)
def test_grey_pictures_of_any_size_and_value_come_back(tmp_path, pixels):
    path = write_image(tmp_path / "a.png", Image(pixels), LABEL)
    found = read_image(path).pixels
    assert found.dtype == pixels.dtype
    np.testing.assert_array_equal(found, pixels)


def test_other_programs_see_the_mark_and_the_same_pixels(tmp_path):
    path = write_image(tmp_path / "a.png", grey_picture(np.uint16), LABEL)
    np.testing.assert_array_equal(imagecodecs.png_decode(path.read_bytes()), grey_picture(np.uint16).pixels[0])
    with Pillow.open(path) as seen:
        text = seen.text
    assert text["synthassay:synthetic"] == "YES"
    assert text["synthassay:study"] == LABEL.study
    assert text["synthassay:seed"] == str(2**62 + 7)


def test_16_bit_rgb_keeps_16_bits(tmp_path):
    values = np.random.default_rng(0).integers(0, 65536, (5, 4, 3)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(values))
    found = read_image(tmp_path / "a.png")
    assert found.unit is Unit.RGB
    np.testing.assert_array_equal(found.pixels, np.moveaxis(values, -1, 0))


def test_palette_becomes_its_colours(tmp_path):
    picture = Pillow.new("P", (2, 2))
    picture.putdata([0, 1, 2, 0])
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").pixels[:, 0].tolist() == [[10, 40], [20, 50], [30, 60]]


def test_bilevel_is_black_and_white(tmp_path):
    Pillow.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").pixels.tolist() == [[[255, 0]]]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_opaque_alpha_is_dropped_and_transparent_pixels_are_refused(tmp_path, mode):
    picture = Pillow.new(mode, (3, 2), (200, 255) if mode == "LA" else (200, 100, 50, 255))
    picture.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").pixels.shape[0] == len(mode) - 1
    alpha = Pillow.new("L", (3, 2), 255)
    alpha.putpixel((0, 0), 254)
    picture.putalpha(alpha)
    picture.save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="transparent pixels"):
        read_image(tmp_path / "a.png")


def test_a_colour_declared_transparent_is_refused(tmp_path):
    Pillow.new("L", (3, 2), 7).save(tmp_path / "a.png", transparency=7)
    with pytest.raises(ImageError, match="transparent pixels"):
        read_image(tmp_path / "a.png")


def test_an_animation_is_refused(tmp_path):
    frames = [Pillow.new("L", (3, 2), grey) for grey in (0, 200)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match="animation"):
        read_image(tmp_path / "a.png")


def test_cmyk_is_refused(tmp_path):
    Pillow.new("CMYK", (3, 2)).save(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="neither grey nor RGB.*CMYK"):
        read_image(tmp_path / "a.jpg")


def test_jpeg_is_turned_upright_by_its_camera_note(tmp_path):
    picture = Pillow.new("L", (16, 8))
    exif = picture.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    picture.save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").space == (16, 8)


def test_resolution_in_dots_per_inch_is_not_taken_for_a_spacing(tmp_path):
    Pillow.new("L", (3, 2)).save(tmp_path / "a.png", dpi=(72, 72))
    assert read_image(tmp_path / "a.png").geometry.spacing_mm == ()


def test_hu_and_volumes_are_not_pictures(tmp_path):
    with pytest.raises(ImageError, match="one grey or RGB picture only"):
        write_image(tmp_path / "a.png", ct_volume(), LABEL)
    slice_ = Image(ct_volume().pixels[..., 0], unit=Unit.HU)
    with pytest.raises(ImageError, match="cannot hold HU"):
        write_image(tmp_path / "a.png", slice_, LABEL)


def test_grey_levels_are_rounded_and_never_rescaled(tmp_path):
    image = Image(np.array([[[0.4, 0.6, 17.0], [128.5, 254.4, 254.6]]], np.float32))
    assert read_image(write_image(tmp_path / "a.png", image, LABEL)).pixels.tolist() == [[[0, 1, 17], [128, 254, 255]]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.0, 0.5, 1.0], r"within \[0, 1\]"),
        ([-3.0, 5.0, 9.0], "outside"),
        ([0.0, 7e4, 1.0], "outside"),
        ([0.0, np.nan, 9.0], "NaN"),
    ],
)
def test_values_that_grey_levels_cannot_hold_are_refused(tmp_path, values, message):
    with pytest.raises(ImageError, match=message):
        write_image(tmp_path / "a.png", Image(np.array([[values]], np.float32)), LABEL)


def test_a_mark_whose_provenance_was_stripped_is_weakened(tmp_path):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("synthassay:synthetic", "YES")
    Pillow.new("L", (3, 2)).save(tmp_path / "a.png", pnginfo=chunks)
    mark = mark_of(tmp_path / "a.png")
    assert mark
    assert mark.weakened == ("generator is gone", "software is gone", "seed is gone", "identifier is gone")


@pytest.mark.parametrize("note", ["[1, 2", '["a"]', "{}1"])
def test_an_altered_geometry_note_is_a_message(tmp_path, note):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("synthassay:spacing_mm", note)
    Pillow.new("L", (3, 2)).save(tmp_path / "a.png", pnginfo=chunks)
    with pytest.raises(ImageError, match="unreadable geometry note"):
        read_image(tmp_path / "a.png")


def test_an_unknown_unit_note_is_a_message(tmp_path):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("synthassay:unit", "parsec")
    Pillow.new("L", (3, 2)).save(tmp_path / "a.png", pnginfo=chunks)
    with pytest.raises(ImageError, match="unknown unit.*parsec"):
        read_image(tmp_path / "a.png")


def test_key_and_index_select_nothing(tmp_path):
    path = write_image(tmp_path / "a.png", rgb_picture(), LABEL)
    with pytest.raises(ImageError, match="select nothing"):
        read_image(path, index=1)


def test_a_picture_of_bomb_size_is_refused_before_it_is_decoded(tmp_path):
    code = "from PIL import Image; Image.new('1', (12000, 9000)).save('a.png')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    with pytest.raises(ImageError, match="cannot be decoded"):
        read_image(tmp_path / "a.png")
