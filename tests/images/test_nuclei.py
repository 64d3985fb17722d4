"""Nuclei: phantoms whose nuclei are known, scikit-image's regionprops as oracle, refusals without micrometres."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label, regionprops_table

from evaluate.pathology.sections import crc_tiles, scanned, section, slide_tiles
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.nuclear_pairs import matched
from synthassay.images.nuclei import FEATURES, centres_of, measured_nuclei, nuclei_of, require_mpp


def f1(nuclei, drawn):
    true = centres_of(label(drawn.nuclei > 0) if drawn.nuclei.max() == 0 else renumbered(drawn.nuclei), drawn.mpp)
    found = centres_of(nuclei, drawn.mpp)
    return 2 * matched(found, true, 3.0) / (len(found) + len(true))


def renumbered(labels):
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


@pytest.mark.parametrize(
    ("tissue", "mpp", "lab", "least"),
    [
        ("normal", 0.5, "north-lab", 0.85),
        ("normal", 0.5, "valley-lab", 0.8),
        ("normal", 0.25, "harbour-lab", 0.85),
        ("tumour", 0.5, "harbour-lab", 0.6),
        ("tumour", 0.5, "valley-lab", 0.55),
    ],
)
def test_nuclei_that_were_drawn_are_found(tissue, mpp, lab, least):
    drawn = section(1, tissue, mpp, round(100 / mpp))
    nuclei, _ = nuclei_of(scanned(drawn, lab).astype(float), mpp)
    assert f1(nuclei, drawn) > least


def test_features_equal_those_of_scikit_image_on_a_real_tile(real_data):
    images, labels, names = crc_tiles(real_data)
    tile = images[labels == names.index("lymphocytes")][-1].astype(float)
    nuclei, amount = nuclei_of(tile, 0.495)
    found = measured_nuclei(nuclei, amount, 0.495)
    wanted = ("area", "eccentricity", "solidity", "intensity_std", "centroid")
    peer = regionprops_table(nuclei, amount, properties=wanted)
    assert len(found["area"]) > 60
    assert np.allclose(found["area"], peer["area"] * 0.495**2)
    assert np.allclose(found["eccentricity"], peer["eccentricity"], atol=1e-9)
    assert np.array_equal(found["solidity"], peer["solidity"])
    assert np.allclose(found["chromatin_sd"], peer["intensity_std"], atol=1e-9)
    centres = (np.stack([peer["centroid-0"], peer["centroid-1"]], 1) + 0.5) * 0.495
    assert np.allclose(centres_of(nuclei, 0.495), centres)


@pytest.mark.parametrize("seed", range(4))
def test_solidity_of_ragged_shapes_equals_scikit_image(seed):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(80, 80)), 1.3)
    nuclei = label(noise > 0.08).astype(np.int32)
    found = measured_nuclei(nuclei, noise, 1.0)
    assert np.allclose(found["solidity"], regionprops_table(nuclei, properties=("solidity",))["solidity"])


def test_features_of_shapes_drawn_by_hand():
    nuclei = np.zeros((40, 60), np.int32)
    nuclei[5:15, 5:15], nuclei[5:15, 30:50] = 1, 2
    amount = np.where(nuclei == 2, np.indices(nuclei.shape)[1] % 2, 0.7)
    found = measured_nuclei(nuclei, amount, 0.5)
    assert list(found) == list(FEATURES)
    assert found["area"].tolist() == [25.0, 50.0]
    assert found["solidity"].tolist() == [1.0, 1.0]
    assert found["eccentricity"][0] == pytest.approx(0, abs=1e-7)
    assert found["neighbour_distance"].tolist() == [15.0, 15.0]
    assert found["chromatin_sd"].tolist() == pytest.approx([0.0, 0.5])
    # 190 of 370 neighbouring pairs lie along a row, and each of them differs by one
    assert found["chromatin_contrast"].tolist() == pytest.approx([0.0, 190 / 370])


def test_one_nucleus_has_no_neighbour_and_none_have_no_features():
    nuclei = np.zeros((9, 9), np.int32)
    assert all(len(values) == 0 for values in measured_nuclei(nuclei, np.zeros((9, 9)), 0.5).values())
    nuclei[3:6, 3:6] = 1
    assert np.isnan(measured_nuclei(nuclei, np.zeros((9, 9)), 0.5)["neighbour_distance"]).all()


def test_the_size_of_nuclei_in_micrometres_does_not_depend_on_the_pixels():
    areas = []
    for mpp in (0.25, 0.5):
        drawn = section(3, "normal", mpp, round(100 / mpp))
        nuclei, amount = nuclei_of(scanned(drawn).astype(float), mpp)
        areas.append(np.median(measured_nuclei(nuclei, amount, mpp)["area"]))
    assert areas[0] == pytest.approx(areas[1], rel=0.15)


@pytest.mark.parametrize("mpp", [None, 0.0, -1.0, float("nan"), 1.2])
def test_without_usable_micrometres_per_pixel_nothing_is_measured(mpp):
    with pytest.raises(NotMeasured, match="micrometres per pixel"):
        require_mpp(mpp)


def test_tiles_cut_from_a_slide_have_nuclei(real_data):
    for tile in slide_tiles(real_data)[:3]:
        nuclei, _ = nuclei_of(tile.astype(float), 0.499)
        assert 10 < nuclei.max() < 200


def test_one_uniform_tile_has_no_nuclei_but_a_reason():
    with pytest.raises(NotMeasured, match="no second direction"):
        nuclei_of(np.full((3, 60, 60), 120.0), 0.5)
