"""Taking stains apart: known mixtures as closed form, scikit-image as oracle, and refusals in place of luck."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import separate_stains

from evaluate.pathology.sections import RUIFROK, crc_tiles, mixture, one_field, turned
from synthassay.errors import NotMeasured
from synthassay.images.stain import (
    amounts_of,
    angle_between,
    checked_rgb,
    optical_density,
    stains_of,
    tissue_of,
)
from synthassay.records.vocabulary import Unit


@pytest.mark.parametrize("vectors", [RUIFROK, turned(8.0), turned(-8.0, 1), turned(-6.0)])
@pytest.mark.parametrize("whole_numbers", [False, True])
def test_known_stains_are_found_within_half_a_degree(vectors, whole_numbers):
    tile = mixture(vectors)
    found = stains_of(np.rint(tile) if whole_numbers else tile)
    assert angle_between(found.haematoxylin, vectors[0]) < 0.5
    assert angle_between(found.eosin, vectors[1]) < 0.5


def test_the_order_of_the_stains_does_not_depend_on_how_much_of_each_there_is():
    for first, second in ((0.3, 1.5), (1.5, 0.3)):
        rng = np.random.default_rng(1)
        amounts = rng.uniform(0, 1, (2, 60 * 60)) ** 3 * np.array([[first], [second]])
        found = stains_of((255 * 10.0 ** -(RUIFROK.T @ amounts)).reshape(3, 60, 60))
        assert angle_between(found.haematoxylin, RUIFROK[0]) < 1.5
        assert angle_between(found.eosin, RUIFROK[1]) < 1.5


def test_amounts_are_those_that_went_in_and_those_of_scikit_image():
    tile = mixture()
    found = stains_of(tile)
    amounts = amounts_of(tile, found)
    known = amounts_of(tile, type(found)(RUIFROK[0], RUIFROK[1], 1))
    assert np.abs(amounts - known).max() < 0.02
    # a third vector across both makes scikit-image's square matrix; its unit of density is natural log / log(1e-6)
    third = np.cross(*RUIFROK)
    inverse = np.linalg.inv(np.vstack([RUIFROK, third / np.linalg.norm(third)]))
    peer = separate_stains(tile.transpose(1, 2, 0) / 255, inverse)[..., :2] * 6
    assert np.allclose(np.clip(known, 0, None), peer.transpose(2, 0, 1), atol=1e-6)


def test_the_input_is_never_changed_and_nan_outside_the_mask_does_no_harm():
    tile = np.rint(mixture()).astype(np.float32)
    before, mask = tile.copy(), np.ones(tile.shape[1:], bool)
    mask[:30] = False
    stains_of(checked_rgb(tile, Unit.RGB, mask))
    assert (tile == before).all()
    spoilt = np.where(mask, tile, np.nan)
    clean, blind = (stains_of(checked_rgb(one, Unit.RGB, mask)) for one in (tile, spoilt))
    assert (clean.matrix == blind.matrix).all()
    with pytest.raises(NotMeasured, match="not finite"):
        checked_rgb(spoilt, Unit.RGB)


@pytest.mark.parametrize(
    ("pixels", "unit", "reason"),
    [
        (mixture() / 255, Unit.RGB, "it is black"),
        (mixture() - 300, Unit.RGB, "RGB goes from 0 to 255"),
        (mixture() * 257, Unit.RGB, "RGB goes from 0 to 255"),
        (mixture(), Unit.ARBITRARY, "not an RGB picture"),
        (mixture()[:1], Unit.RGB, "not an RGB picture"),
    ],
)
def test_what_is_no_rgb_picture_is_refused(pixels, unit, reason):
    with pytest.raises(NotMeasured, match=reason):
        checked_rgb(pixels, unit)


def test_masks_that_miss_are_refused():
    with pytest.raises(NotMeasured, match="its mask is empty"):
        checked_rgb(mixture(), Unit.RGB, np.zeros((96, 96), bool))
    with pytest.raises(NotMeasured, match="but its mask has"):
        checked_rgb(mixture(), Unit.RGB, np.ones((9, 9), bool))


def test_glass_and_tiles_that_are_too_small_have_no_stains():
    with pytest.raises(NotMeasured, match="0 pixels of tissue"):
        stains_of(np.full((3, 80, 80), 243.0))
    with pytest.raises(NotMeasured, match="pixels of tissue; stain vectors need 500"):
        stains_of(mixture(size=20))


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_one_stain_alone_is_not_split_into_two(which, noise):
    rng = np.random.default_rng(3)
    tile = 255 * 10.0 ** -(rng.uniform(0.2, 0.9, (1, 90, 90)) * RUIFROK[which][:, None, None])
    tile = np.clip(np.rint(tile + noise * rng.normal(size=tile.shape)), 0, 255)
    with pytest.raises(NotMeasured, match="one stain only|no second direction"):
        stains_of(tile)


def test_two_dyes_of_which_neither_is_haematoxylin_are_not_named():
    with pytest.raises(NotMeasured, match="take red light alike"):
        stains_of(mixture(np.array([(0.1, 0.9, 0.42), (0.1, 0.42, 0.9)])))


def test_pure_eosin_counts_as_tissue():
    density = optical_density(255 * 10.0 ** -(0.5 * RUIFROK[1])[:, None, None])
    assert density[0, 0, 0] < 0.15
    assert tissue_of(density).all()


def test_a_tile_of_red_blood_cells_is_refused_on_a_real_slide(real_data):
    images, labels, names = crc_tiles(real_data)
    debris = images[labels == names.index("debris/mucus")]
    with pytest.raises(NotMeasured, match="take red light alike"):
        stains_of(debris[-4].astype(float))


def test_most_real_tiles_have_two_stains_and_glass_has_none(real_data):
    images, labels, names = crc_tiles(real_data)
    measured = dict.fromkeys(names, 0)
    for tile, label in zip(images, labels, strict=True):
        try:
            found = stains_of(tile.astype(float))
        except NotMeasured:
            continue
        measured[names[label]] += 1
        if names[label] != "background":
            assert angle_between(found.haematoxylin, RUIFROK[0]) < 25
    cellular = ("tumour", "simple stroma", "complex stroma", "lymphocytes", "mucosal glands")
    of_all = sum((labels == names.index(name)).sum() for name in cellular)
    assert sum(measured[name] for name in cellular) == of_all
    assert measured["background"] < 0.5 * (labels == names.index("background")).sum()


def test_scanners_see_other_stains_in_the_same_tissue(real_data):
    found = {name: stains_of(tile.astype(float)) for name, tile in one_field(real_data).items()}
    apart = [angle_between(found["aperio"].haematoxylin, other.haematoxylin) for other in found.values()]
    assert apart[0] == 0
    assert min(apart[1:]) > 3
