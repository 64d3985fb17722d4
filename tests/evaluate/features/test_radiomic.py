from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import ImageError
from synthassay.evaluate.features.embedding import EMBEDDINGS, Standardiser
from synthassay.evaluate.features.radiomic import RadiomicEmbedding, laplacian_of_gaussian
from synthassay.records.vocabulary import Unit

RADIOMIC = RadiomicEmbedding()


def textures(n, *space, seed=0):
    return np.random.default_rng(seed).normal(100, 20, (n, 1, *space)).astype(np.float32)


def test_it_is_registered_as_the_default():
    assert isinstance(EMBEDDINGS.get("radiomic"), RadiomicEmbedding)


@pytest.mark.parametrize("space", [(16, 16), (9, 10, 8)])
def test_every_filter_survives_in_two_and_three_dimensions(space):
    # extractors exist that drop the Laplacian of Gaussian of pictures without a word
    images = textures(2, *space)
    names, features = RADIOMIC.names((1, *space)), RADIOMIC.features(images)
    assert features.shape == (2, len(names)) == (2, 210)
    assert len(set(names)) == 210
    assert {name.split("_")[0] for name in names} == {"original", "log1", "log2", "log4"}
    assert np.isfinite(features).all()


def test_channels_are_described_one_by_one():
    rgb = np.concatenate([textures(2, 12, 12, seed=s) for s in range(3)], axis=1)
    assert len(RADIOMIC.names((3, 12, 12))) == 630
    one = RADIOMIC.features(rgb[:, 1:2])
    np.testing.assert_array_equal(RADIOMIC.features(rgb)[:, 210:420], one)


def test_each_row_depends_on_its_image_alone():
    images = textures(5, 16, 16)
    np.testing.assert_array_equal(RADIOMIC.features(images)[3], RADIOMIC.features(images[3:4])[0])


def test_hu_have_levels_of_one_width_everywhere_and_other_units_do_not():
    quiet, loud = textures(1, 24, 24), 100 + 5 * (textures(1, 24, 24) - 100)
    column = RADIOMIC.names((1, 24, 24)).index("original_glcm_Contrast")
    hu = [RADIOMIC.features(i, unit=Unit.HU)[0, column] for i in (quiet, loud)]
    other = [RADIOMIC.features(i)[0, column] for i in (quiet, loud)]
    assert hu[1] > 10 * hu[0]
    assert other[0] == pytest.approx(other[1], rel=0.01)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.25)])
def test_the_filter_sees_a_blob_alike_whatever_the_spacing(spacing):
    # sigma^2 times the Laplacian of a Gaussian blob of width s, smoothed by sigma, is in closed form at its centre
    sigma, width = 4.0, 6.0
    axes = np.meshgrid(*(np.arange(-30, 30.01, step) for step in spacing), indexing="ij")
    blob = np.exp(-sum(x**2 for x in axes) / (2 * width**2))
    elements = min(spacing) / np.array(spacing)
    response = laplacian_of_gaussian(blob, sigma / min(spacing), elements)
    total = sigma**2 + width**2
    expected = -2 * sigma**2 * width**2 / total**2
    assert response[tuple(n // 2 for n in blob.shape)] == pytest.approx(expected, rel=0.01)


def test_spacing_changes_the_details_and_nothing_else():
    images = textures(1, 16, 16)
    square, oblong = (RADIOMIC.features(images, spacing=s)[0] for s in ((1.0, 1.0), (1.0, 4.0)))
    np.testing.assert_array_equal(square[:90], oblong[:90])
    assert (square[90:] != oblong[90:]).mean() > 0.9


def test_a_mask_leaves_everything_else_unread_by_the_features_of_the_image_itself():
    images = textures(2, 16, 16)
    mask = np.zeros((16, 16), bool)
    mask[4:12, 4:12] = True
    changed = np.where(mask, images, images + 500)
    original = slice(0, 90)
    np.testing.assert_array_equal(
        RADIOMIC.features(images, mask=mask)[:, original], RADIOMIC.features(changed, mask=mask)[:, original]
    )


def test_a_blank_image_has_finite_features_far_from_the_real_ones():
    images = textures(30, 16, 16)
    scale = Standardiser.fit(RADIOMIC.features(images), RADIOMIC.names((1, 16, 16)))
    blank = scale.apply(RADIOMIC.features(np.full((1, 1, 16, 16), 100.0, np.float32)))
    assert np.isfinite(blank).all()
    assert np.abs(blank).mean() > 5 * np.abs(scale.apply(RADIOMIC.features(images))).mean()


def test_bad_input_is_refused():
    with pytest.raises(ImageError, match="cases, channels"):
        RADIOMIC.features(np.zeros((4, 8, 8), np.float32))
    with pytest.raises(ImageError, match="spacing"):
        RADIOMIC.features(textures(1, 8, 8), spacing=(1.0, 1.0, 1.0))
    with pytest.raises(ImageError, match="not finite"):
        RADIOMIC.features(np.full((1, 1, 8, 8), np.nan, np.float32))
