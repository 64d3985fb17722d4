"""Nuclear morphometry of sets: scipy as oracle, real tiles at their floor, tumour and merged nuclei away from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import zoom
from scipy.stats import wasserstein_distance

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import crc_tiles, scanned, section, specimens
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.nuclear_morphometry import nuclear_morphometry, nuclear_rows
from synthassay.images.nuclei import FEATURES
from synthassay.records.vocabulary import Better


def tiles(seeds, tissue="normal", lab="harbour-lab"):
    return [scanned(section(seed, tissue), lab, seed) for seed in seeds]


def by_stratum(found):
    return {f.stratum.removeprefix("feature="): f for f in found}


def test_the_value_is_scipys_distance_in_real_standard_deviations():
    real, other = specimens(tiles(range(6))), specimens(tiles(range(20, 26), "tumour"), name="s")
    found = by_stratum(nuclear_morphometry(other, real, 0))
    columns = [np.concatenate([nuclear_rows(s) for s in side])[:, 0] for side in (other, real)]
    assert list(found) == list(FEATURES)
    assert found["area"].value == pytest.approx(wasserstein_distance(*columns) / columns[1].std(), rel=0.1)
    assert found["area"].settings["median_real"] == pytest.approx(np.median(columns[1]), abs=1e-3)
    assert found["area"].settings["nuclei_per_set"] > 100
    assert found["area"].n == 6
    assert found["area"].interval.low > found["area"].floor_interval.high


def test_other_real_sections_lie_at_the_floor():
    found = by_stratum(nuclear_morphometry(specimens(tiles(range(20, 26)), name="s"), specimens(tiles(range(6))), 0))
    for name in ("area", "eccentricity", "solidity", "neighbour_distance"):
        assert found[name].interval.low <= found[name].floor_interval.high, name


def test_another_laboratorys_stain_changes_shapes_far_less_than_another_tissue():
    real, memo = specimens(tiles(range(6))), {}
    stain, tumour = (
        by_stratum(nuclear_morphometry(specimens(other, name="s"), real, 0, real_memo=memo))
        for other in (tiles(range(20, 26), lab="north-lab"), tiles(range(20, 26), "tumour"))
    )
    for name in ("area", "neighbour_distance"):
        assert stain[name].value < 0.5 * tumour[name].value


def test_nuclei_that_grow_are_seen_more_and_more(real_data):
    images, labels, _ = crc_tiles(real_data)
    real = list(images[labels == 3])
    grown = [[zoom(t, (1, f, f), order=1)[:, :150, :150] for t in real] if f > 1 else real for f in (1.0, 1.2, 1.5)]
    memo: dict = {}
    found = [
        by_stratum(
            nuclear_morphometry(specimens(g, mpp=0.495, name="s"), specimens(real, mpp=0.495), 0, real_memo=memo)
        )
        for g in grown
    ]
    assert_worsens([f["area"].value for f in found], Better.LOWER)
    assert found[-1]["area"].interval.low > found[-1]["area"].floor_interval.high


def test_texture_is_not_compared_across_sizes_of_pixels():
    fine = [scanned(section(seed, "normal", 0.4, 200), seed=seed) for seed in range(30, 35)]
    found = by_stratum(nuclear_morphometry(specimens(fine, mpp=0.4, name="s"), specimens(tiles(range(6))), 0))
    assert "texture depends on the size of pixels" in found["chromatin_sd"].not_measured
    assert found["area"].value is not None


def test_without_micrometres_nothing_is_measured():
    with pytest.raises(NotMeasured, match="the first because: no micrometres per pixel"):
        nuclear_morphometry(specimens(tiles([0]), mpp=None), specimens(tiles([1])), 0)


def test_too_few_subjects_are_named_in_every_stratum():
    found = nuclear_morphometry(specimens(tiles([0, 1]), name="s"), specimens(tiles(range(6))), 0)
    assert all("fewer than 4 subjects" in f.not_measured for f in found)
    assert "synthetic nuclei" in found[0].not_measured
