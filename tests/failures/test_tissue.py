import numpy as np
import pytest
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.tissue import blurred, inside, tissue_sd, with_values, without_nan
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit


def test_blur_equals_a_sampled_gaussian_where_that_is_good_and_is_exact_where_it_is_not():
    plane = np.random.default_rng(0).normal(size=(24, 30))
    sampled = ndimage.gaussian_filter(plane, (2.0, 3.0), mode="reflect", truncate=8)
    assert np.abs(blurred(plane, np.array([2.0, 3.0])) - sampled).max() < 1e-6
    wave = np.cos(np.pi * (np.arange(40) + 0.5) * 10 / 40)[None].repeat(3, 0)  # frequency 1/8 per voxel
    ratio = blurred(wave, np.array([0.2, 0.2])) / wave
    assert np.allclose(ratio, np.exp(-2 * (np.pi * 0.2 / 8) ** 2))
    assert np.array_equal(ndimage.gaussian_filter(wave, 0.1), wave), "a sampled kernel does nothing at all here"


@pytest.mark.parametrize(
    ("unit", "before", "after", "least", "largest"),
    [
        (Unit.HU, [-1000, 500], [-3000, 9000], -1024, 9000),
        (Unit.HU, [-2000, 500], [-3000, 9000], -2000, 9000),
        (Unit.ARBITRARY, [0, 5], [-3, 9], 0, 9),
        (Unit.ARBITRARY, [-1, 5], [-3, 9], -3, 9),
        (Unit.RGB, [0, 200], [-3, 300], 0, 255),
    ],
)
def test_values_stay_within_what_their_unit_can_hold(unit, before, after, least, largest):
    specimen = Specimen(np.array([before], np.float32), unit=unit)
    found = with_values(specimen, np.array([after], np.float64)).pixels
    assert (found.min(), found.max(), found.dtype) == (least, largest, np.float32)


def test_whole_numbers_become_float():
    whole = Specimen(np.array([[0, 5]], np.uint8))
    assert with_values(whole, np.array([[0.5, 5.5]])).pixels.tolist() == [[0.5, 5.5]]


def test_edges_of_masks():
    constant = Specimen(np.ones((2, 3, 3), np.float32), case="flat")
    assert inside(constant).all()
    with pytest.raises(NotMeasured, match="flat is constant inside its mask"):
        tissue_sd(constant)
    with pytest.raises(NotMeasured, match="mask of flat is empty"):
        inside(constant.replace(mask=np.zeros((3, 3), bool)))
    half = constant.replace(pixels=constant.pixels * np.nan, mask=np.zeros((3, 3), bool) | (np.eye(3) > 0))
    with pytest.raises(NotMeasured, match="6 values inside the mask of flat"):
        without_nan(half)
