"""Stain vectors and amounts of sets (evaluate.pathology.stain_rows, stain_vector_distance, stain_amount_distance)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import crc_tiles, mixture, specimens, turned
from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.pathology.stain_amount_distance import stain_amount_distance
from synthassay.evaluate.pathology.stain_rows import AMOUNT_OF, VECTOR_OF, amount_distance, matched_angle, stain_row
from synthassay.evaluate.pathology.stain_vector_distance import stain_vector_distance
from synthassay.evaluate.pathology.tiles import wasserstein
from synthassay.records.vocabulary import Better, Unit


def sample(rows):
    return Sample.of(np.asarray(rows, float), [str(i) for i in range(len(rows))])


def cellular(folder):
    images, labels, _ = crc_tiles(folder)
    return [tile for tile, label in zip(images, labels, strict=True) if label < 4]


def test_the_matched_angle_is_the_least_over_all_matchings():
    rng = np.random.default_rng(0)
    one, other = (rng.normal(size=(5, 3)) for _ in range(2))
    one, other = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (one, other))
    angles = np.degrees(np.arccos(np.clip(one @ other.T, -1, 1)))
    least = min(angles[range(5), list(order)].mean() for order in itertools.permutations(range(5)))
    assert matched_angle(sample(one), sample(other)) == pytest.approx(least)


def test_a_row_holds_vectors_of_length_one_and_rising_quantiles():
    row = stain_row(specimens([mixture()])[0])[0]
    for columns in VECTOR_OF.values():
        assert np.linalg.norm(row[list(columns)]) == pytest.approx(1)
    for columns in AMOUNT_OF.values():
        assert (np.diff(row[list(columns)]) >= 0).all()


def test_distances_between_numbers_are_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=50), rng.normal(1, 2, size=50)
    assert wasserstein(one, other) == pytest.approx(wasserstein_distance(one, other))
    assert wasserstein(one, other[:30]) == pytest.approx(wasserstein_distance(one, other[:30]))
    assert amount_distance(sample(one[:, None]), sample(other[:, None])) == pytest.approx(wasserstein(one, other))


def test_it_tells_the_turn_of_a_whole_set_and_grows_with_it():
    real = specimens([mixture(seed=i) for i in range(24)])
    memo: dict = {}
    found = [
        stain_vector_distance(specimens([mixture(turned(d), seed=50 + i) for i in range(24)], name="s"), real, 0,
                              real_memo=memo)[0]
        for d in (0.0, 2.0, 6.0)
    ]  # fmt: skip
    assert_worsens([f.value for f in found], Better.LOWER)
    assert found[2].value == pytest.approx(6.0, abs=0.5)
    assert found[0].interval.low <= found[0].floor_interval.high
    assert [f.floor for f in found] == [found[0].floor] * 3


def test_one_colour_where_real_tiles_have_many_is_seen(real_data):
    tiles = cellular(real_data)
    one_colour = specimens([tiles[0]] * 30, name="s")
    found = stain_vector_distance(one_colour, specimens(tiles[1:]), 1)
    assert all(f.interval.low > f.floor for f in found)


def test_real_tiles_lie_at_the_floor_of_both(real_data):
    tiles = cellular(real_data)
    order = np.random.default_rng(0).permutation(len(tiles))
    sides = [specimens([tiles[i] for i in part], name=n) for n, part in (("s", order[:30]), ("p", order[30:]))]
    memo: dict = {}
    for measure in (stain_vector_distance, stain_amount_distance):
        for found in measure(*sides, 2, real_memo=memo):
            assert found.interval.low <= found.floor_interval.high, found.stratum
            assert found.interval.high >= found.floor_interval.low, found.stratum


def test_dilution_grows_in_amounts():
    real = specimens([mixture(seed=i) for i in range(24)])
    found = [
        stain_amount_distance(specimens([mixture(seed=50 + i, strength=s) for i in range(24)], name="s"), real, 0)
        for s in (1.0, 0.9, 0.6)
    ]
    for k in range(2):
        assert_worsens([f[k].value for f in found], Better.LOWER)
        assert found[-1][k].interval.low > found[-1][k].floor_interval.high


def test_holdout_tiles_join_the_real_side_and_failed_tiles_are_named():
    tiles = [mixture(seed=i) for i in range(50)]
    synthetic = specimens([*tiles[:20], np.full((3, 96, 96), 250.0)], name="s")
    found = stain_vector_distance(
        synthetic, specimens(tiles[20:34], name="t"), 0, holdout_specimens=specimens(tiles[34:], name="h")
    )[0]
    assert found.n == 20
    assert list(found.failed_cases) == ["s20"]
    assert found.settings["real_tiles"] == 30


@pytest.mark.parametrize("measure", [stain_vector_distance, stain_amount_distance])
def test_sets_without_stains_or_subjects_are_refused(measure):
    tiles = [mixture(seed=i) for i in range(24)]
    with pytest.raises(NotMeasured, match="none of 3 tiles could be measured; the first because: it has 0 pixels"):
        measure(specimens([np.full((3, 96, 96), 250.0)] * 3), specimens(tiles), 0)
    with pytest.raises(NotMeasured, match="not an RGB picture"):
        measure(specimens(tiles[:2], unit=Unit.ARBITRARY), specimens(tiles), 0)
    assert "fewer than 4 subjects" in measure(specimens(tiles[:3]), specimens(tiles), 0)[0].not_measured
