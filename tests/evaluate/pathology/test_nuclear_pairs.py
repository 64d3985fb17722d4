"""Nuclei of a pair (evaluate.pathology.nuclear_pairs, nuclear_count_error, nuclear_f1): known losses, one to one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import RUIFROK, scanned, section, slide_tiles, without_nuclei
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.nuclear_count_error import nuclear_count_error
from synthassay.evaluate.pathology.nuclear_f1 import nuclear_f1
from synthassay.evaluate.pathology.nuclear_pairs import matched
from synthassay.images.stain import amounts_of, stains_of
from synthassay.records.vocabulary import Better, Unit


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_as_many_as_the_assignment_problem_allows(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(0, 20, (30, 2)), rng.uniform(0, 20, (25, 2))
    near = np.linalg.norm(one[:, None] - other[None], axis=2) <= 3
    rows, columns = linear_sum_assignment(-near.astype(float))
    assert matched(one, other, 3.0) == near[rows, columns].sum()


def test_equal_places_are_pairs_and_a_place_has_one_partner():
    places = np.array([[0.0, 0.0], [10.0, 0.0]])
    assert matched(places, places, 3.0) == 2
    assert matched(np.repeat(places[:1], 4, axis=0), places, 3.0) == 1
    assert matched(np.empty((0, 2)), places, 3.0) == 0


def test_lost_nuclei_are_seen_more_and_more():
    drawn = section(2)
    real = scanned(drawn)
    tiles = [scanned(without_nuclei(drawn, share)) for share in (0.0, 0.1, 0.3, 0.6)]
    counts = [nuclear_count_error(tile, real, Unit.RGB, 0.5) for tile in tiles]
    scores = [nuclear_f1(tile, real, Unit.RGB, 0.5) for tile in tiles]
    assert_worsens(counts, Better.LOWER)
    assert_worsens(scores, Better.HIGHER)
    assert counts[0] == 0
    assert scores[0] == 1
    assert counts[2] == pytest.approx(30, abs=12)


def test_nuclei_elsewhere_are_a_loss_that_the_count_cannot_see():
    real = scanned(section(2))
    moved = np.roll(real, 20, axis=2)
    assert nuclear_count_error(moved, real, Unit.RGB, 0.5) < 15
    assert nuclear_f1(moved, real, Unit.RGB, 0.5) < 0.6


def test_another_laboratorys_stain_keeps_the_nuclei():
    drawn = section(2)
    score = nuclear_f1(scanned(drawn, "north-lab"), scanned(drawn, "harbour-lab"), Unit.RGB, 0.5)
    assert score > 0.9
    assert nuclear_count_error(scanned(drawn, "north-lab"), scanned(drawn), Unit.RGB, 0.5) < 10


def test_a_real_tile_restained_keeps_its_nuclei_and_a_blurred_one_loses_them(real_data):
    tile = slide_tiles(real_data)[1].astype(float)
    stains = stains_of(tile)
    turned = stains.matrix + np.array([[0.06, -0.06, 0.0], [0.05, 0.0, -0.05]])
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    amounts = np.clip(amounts_of(tile, stains), 0, None)
    restained = np.clip(255 * 10.0 ** -np.einsum("sc,sij->cij", turned, 0.85 * amounts), 0, 255)
    assert nuclear_f1(restained, tile, Unit.RGB, 0.499) > 0.85
    from scipy.ndimage import gaussian_filter

    scores = [nuclear_f1(gaussian_filter(tile, (0, s, s)), tile, Unit.RGB, 0.499) for s in (0.0, 1.0, 3.0, 6.0)]
    assert_worsens(scores, Better.HIGHER)


@pytest.mark.parametrize("measure", [nuclear_count_error, nuclear_f1])
def test_no_micrometres_no_number(measure):
    tile = scanned(section(2))
    with pytest.raises(NotMeasured, match="no micrometres per pixel"):
        measure(tile, tile, Unit.RGB, None)
    with pytest.raises(NotMeasured, match="cannot be told apart"):
        measure(tile, tile, Unit.RGB, 2.0)
    with pytest.raises(NotMeasured, match="the reference: it has 0 pixels of tissue"):
        measure(tile, np.full_like(tile, 250.0), Unit.RGB, 0.5)
    with pytest.raises(NotMeasured, match="the synthetic tile: it has"):
        measure(tile[:, :20, :20], tile[:, :20, :20], Unit.RGB, 0.5)


def test_tiles_without_nuclei_are_told_apart_from_lost_ones():
    # haematoxylin gives way to eosin over 100 micrometres: two stains, and nothing like a nucleus
    line = np.broadcast_to(np.linspace(0.4, 0.9, 200), (200, 200))
    slope = 255 * 10.0 ** -np.einsum("sc,sij->cij", RUIFROK, np.stack([line, line[:, ::-1]]))
    tile = scanned(section(2))
    with pytest.raises(NotMeasured, match="no nucleus is found in its reference"):
        nuclear_count_error(tile, slope, Unit.RGB, 0.5)
    with pytest.raises(NotMeasured, match="no nucleus is found in either tile"):
        nuclear_f1(slope, slope, Unit.RGB, 0.5)
    assert nuclear_count_error(slope, tile, Unit.RGB, 0.5) == 100
    assert nuclear_f1(slope, tile, Unit.RGB, 0.5) == 0
