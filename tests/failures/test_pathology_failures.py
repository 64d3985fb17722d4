"""Failures of stained sections (failures.stain_shift, failures.nuclei_lost): doses are what the measures read back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from evaluate.pathology.sections import crc_tiles, mixture, scanned, section, slide_tiles, specimens
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.nuclear_count_error import nuclear_count_error
from synthassay.evaluate.pathology.nuclear_f1 import nuclear_f1
from synthassay.evaluate.pathology.stain_angle import stain_angle
from synthassay.evaluate.pathology.stain_concentration_distance import stain_concentration_distance
from synthassay.failures.failure import FAILURES
from synthassay.failures.nuclei_lost import nuclei_merged, nuclei_removed
from synthassay.failures.stain_shift import stain_fading, stain_shift
from synthassay.images.nuclei import nuclei_of
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit

NAMES = ("stain_shift", "stain_fading", "nuclei_removed", "nuclei_merged")


def carrier(folder):
    return specimens([slide_tiles(folder)[1]], mpp=0.499)[0]


def rng(seed=5):
    return np.random.default_rng(seed)


def distance(a, b):
    return float(np.sqrt(np.mean((a.pixels.astype(float) - b.pixels) ** 2)))


@pytest.mark.parametrize("name", NAMES)
def test_it_grows_from_nothing_and_repeats_on_a_real_tile(name, real_data):
    entry, specimen = FAILURES.get(name), carrier(real_data)
    before = specimen.pixels.copy()
    pairs = [entry.inject(specimen, dose, rng()) for dose in (0.0, *entry.severities)]
    assert pairs[0].synthetic is specimen
    assert np.array_equal(specimen.pixels, before)
    damage = [distance(pair.synthetic, specimen) for pair in pairs]
    assert all(b > a for a, b in pairwise(damage)), damage
    again = entry.inject(specimen, entry.severities[2], rng())
    assert np.array_equal(again.synthetic.pixels, pairs[3].synthetic.pixels)
    for pair in pairs:
        assert pair.synthetic.pixels.dtype == np.float32
        assert np.isfinite(pair.synthetic.pixels).all()
        assert pair.synthetic.pixels.min() >= 0
        assert pair.synthetic.pixels.max() <= 255


@pytest.mark.parametrize("degrees", [2.0, 8.0, 20.0])
def test_both_vectors_turn_by_the_stated_degrees(degrees):
    specimen = specimens([mixture()])[0]
    found = stain_shift(specimen, degrees, rng())
    angles = stain_angle(found.pixels, specimen.pixels, Unit.RGB)
    assert list(angles.values()) == pytest.approx([degrees] * 2, abs=0.4)
    amounts = stain_concentration_distance(found.pixels, specimen.pixels, Unit.RGB)
    assert max(amounts.values()) < 0.03


def test_a_shift_is_read_back_on_real_tiles_and_nuclei_stay(real_data):
    for tile in specimens(list(slide_tiles(real_data)[1:4]), mpp=0.499):
        found = stain_shift(tile, 10.0, rng())
        angles = stain_angle(found.pixels, tile.pixels, Unit.RGB)
        assert angles["stain=haematoxylin"] == pytest.approx(10, abs=2)
        assert nuclear_f1(found.pixels, tile.pixels, Unit.RGB, 0.499) > 0.9


def test_fading_takes_the_stated_share_of_both_stains():
    specimen = specimens([mixture()])[0]
    found = stain_fading(specimen, 30.0, rng())
    assert np.allclose(found.pixels, mixture(strength=0.7), atol=0.5)


def test_removed_nuclei_are_missed_in_the_stated_number(real_data):
    for tile in (specimens([scanned(section(2))])[0], carrier(real_data)):
        losses = [
            nuclear_count_error(nuclei_removed(tile, share, rng()).pixels, tile.pixels, Unit.RGB, tile.mpp)
            for share in (5.0, 20.0, 40.0)
        ]
        assert losses == sorted(losses)
        assert losses[1] == pytest.approx(20, abs=7)


def test_larger_doses_take_what_smaller_ones_took_and_leave_the_rest_untouched(real_data):
    tile = carrier(real_data)
    some, more = (nuclei_removed(tile, share, rng()).pixels != tile.pixels for share in (10.0, 40.0))
    assert not (some & ~more).any()
    assert 0.5 < 1 - more.any(axis=0).mean() < 1


def test_merged_nuclei_are_fewer_and_larger(real_data):
    tile = carrier(real_data)
    before, after = (nuclei_of(t.pixels.astype(float), 0.499)[0] for t in (tile, nuclei_merged(tile, 60.0, rng())))
    assert after.max() < before.max()
    assert np.bincount(after.ravel())[1:].mean() > 1.1 * np.bincount(before.ravel())[1:].mean()


def test_tiles_that_cannot_carry_it_say_why(real_data):
    images, labels, names = crc_tiles(real_data)
    glass = specimens([images[labels == names.index("background")][-1]], mpp=0.495)[0]
    for name in NAMES:
        with pytest.raises(NotMeasured, match="pixels of tissue"):
            FAILURES.get(name).inject(glass, 10.0, rng())
        with pytest.raises(NotMeasured, match="needs a picture"):
            FAILURES.get(name).inject(Specimen(np.zeros((1, 8, 8, 8), np.float32)), 10.0, rng())
    for name in NAMES[2:]:
        with pytest.raises(NotMeasured, match="no micrometres per pixel"):
            FAILURES.get(name).inject(carrier(real_data).replace(mpp=None), 10.0, rng())
