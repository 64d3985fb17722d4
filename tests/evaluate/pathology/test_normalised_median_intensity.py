"""Normalised median intensity: the published formula; its spread over a set beside that of real tiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import crc_tiles, mixture, one_field, specimens
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.normalised_median_intensity import median_intensity, normalised_median_intensity
from synthassay.images.stain import optical_density, tissue_of
from synthassay.records.vocabulary import Better


def test_a_tile_has_its_median_over_its_95th_percentile():
    tile = mixture()
    inside = tile.mean(axis=0)[tissue_of(optical_density(tile))]
    assert median_intensity(specimens([tile])[0]) == pytest.approx(np.median(inside) / np.percentile(inside, 95))


def test_the_mask_decides_and_nan_outside_it_does_no_harm():
    tile, mask = mixture(), np.zeros((96, 96), bool)
    mask[10:60, 10:60] = True
    inside = median_intensity(specimens([tile[:, 10:60, 10:60]])[0])
    spoilt = specimens([np.where(mask, tile, np.nan)])[0].replace(mask=mask)
    assert median_intensity(spoilt) == pytest.approx(inside)


def test_the_value_is_scipys_distance_between_the_sets(real_data):
    tiles = list(crc_tiles(real_data)[0][crc_tiles(real_data)[1] < 4][:40])
    found = normalised_median_intensity(specimens([255 - 0.6 * (255 - t) for t in tiles], name="s"),
                                        specimens(tiles), 1)  # fmt: skip
    per_set = [[median_intensity(s) for s in specimens(list(side))] for side in (
        [255 - 0.6 * (255 - t) for t in tiles], tiles)]  # fmt: skip
    assert found.interval.low < wasserstein_distance(*per_set) < found.interval.high
    assert found.settings["cv_real"] == pytest.approx(np.std(per_set[1], ddof=1) / np.mean(per_set[1]), abs=1e-3)
    assert found.value > found.floor_interval.high
    assert found.n == 40


def test_real_tiles_lie_at_their_floor_and_flattened_ones_above_it(real_data):
    tiles = list(crc_tiles(real_data)[0][:100])
    memo: dict = {}
    found = [
        normalised_median_intensity(
            specimens([255 - share * (255 - t) for t in tiles[:50]], name="s"), specimens(tiles[50:]), 3, real_memo=memo
        )
        for share in (1.0, 0.8, 0.5)
    ]
    assert found[0].interval.low <= found[0].floor_interval.high
    assert_worsens([f.value for f in found], Better.LOWER)
    assert found[-1].interval.low > found[-1].floor_interval.high


def test_scanners_have_other_values_for_one_field(real_data):
    values = [median_intensity(s) for s in specimens(list(one_field(real_data).values()))]
    assert max(values) - min(values) > 0.05


def test_glass_is_named_and_left_out_of_a_set():
    tiles = [mixture(seed=i) for i in range(30)] + [np.full((3, 96, 96), 250.0)]
    found = normalised_median_intensity(specimens(tiles, name="s"), specimens(tiles[:30]), 0)
    assert found.n == 30
    assert "0 pixels of tissue" in found.failed_cases["s30"]
    with pytest.raises(NotMeasured, match="none of 2 tiles could be measured"):
        normalised_median_intensity(specimens(tiles[30:] * 2), specimens(tiles), 0)


def test_one_case_is_too_few():
    tiles = [mixture(seed=i) for i in range(30)]
    found = normalised_median_intensity(specimens(tiles[:1]), specimens(tiles), 0)
    assert "fewer than 4 subjects" in found.not_measured
