"""Stain angle (synthassay.evaluate.pathology.pair holds what paired measures share): a known turn is the angle."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import RUIFROK, mixture, one_field, scanned, section, turned
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.stain_angle import stain_angle
from synthassay.images.stain import angle_between
from synthassay.records.vocabulary import Better, Unit

H, E = "stain=haematoxylin", "stain=eosin"


@pytest.mark.parametrize("degrees", [2.0, 5.0, 10.0])
def test_a_turn_of_one_stain_is_measured_and_the_other_stays(degrees):
    found = stain_angle(mixture(turned(degrees), seed=1), mixture(seed=2), Unit.RGB)
    assert found[H] == pytest.approx(degrees, abs=0.3)
    assert found[E] == pytest.approx(0, abs=0.3)
    found = stain_angle(mixture(turned(-degrees, 1), seed=1), mixture(seed=2), Unit.RGB)
    assert found[E] == pytest.approx(degrees, abs=0.3)


def test_it_grows_with_the_turn_and_is_zero_for_a_copy():
    real = mixture()
    tiles = [real, *(mixture(turned(degrees)) for degrees in (2, 4, 8, 14))]
    assert_worsens([stain_angle(tile, real, Unit.RGB)[H] for tile in tiles], Better.LOWER)
    assert stain_angle(real, real, Unit.RGB) == {H: 0.0, E: 0.0}


def test_more_of_the_same_stain_hardly_turns_it():
    found = stain_angle(mixture(strength=0.7), mixture(strength=1.0), Unit.RGB)
    assert max(found.values()) < 0.5


def test_laboratories_of_the_phantom_differ_as_their_dyes_do():
    drawn = section(1)
    same = stain_angle(scanned(drawn, seed=1), scanned(drawn, seed=2), Unit.RGB)
    other = stain_angle(scanned(drawn, "north-lab"), scanned(drawn), Unit.RGB)
    assert max(same.values()) < 1
    assert min(other.values()) > 5


def test_five_scanners_of_one_field_differ_and_the_same_picture_does_not(real_data):
    field = one_field(real_data)
    for name in ("nz210", "nz2", "3dhistech", "leica"):
        found = stain_angle(field[name], field["aperio"], Unit.RGB)
        assert 3 < found[H] < 30, name
        assert found[E] > 3, name


def test_nan_outside_the_mask_stays_outside():
    real, mask = mixture(), np.ones((96, 96), bool)
    mask[:, :40] = False
    spoilt = np.where(mask, mixture(turned(5.0)), np.nan)
    assert stain_angle(spoilt, real, Unit.RGB, mask)[H] == pytest.approx(5.0, abs=0.5)


def test_what_has_no_two_stains_says_on_which_side():
    glass, tile = np.full((3, 96, 96), 240.0), mixture()
    with pytest.raises(NotMeasured, match="the synthetic tile: it has 0 pixels of tissue"):
        stain_angle(glass, tile, Unit.RGB)
    with pytest.raises(NotMeasured, match="the reference: it has 0 pixels of tissue"):
        stain_angle(tile, glass, Unit.RGB)
    with pytest.raises(NotMeasured, match="but its reference has"):
        stain_angle(tile, tile[:, :90], Unit.RGB)
    with pytest.raises(NotMeasured, match="its reference is not an RGB picture|it is not an RGB picture"):
        stain_angle(tile, tile, Unit.ARBITRARY)


def test_small_angles_keep_their_digits():
    near = RUIFROK[0] + 1e-9 * RUIFROK[1]
    assert 0 < angle_between(RUIFROK[0], near) < 1e-7
