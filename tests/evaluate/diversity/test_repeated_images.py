import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.sets import fields, images
from synthassay.errors import NotMeasured
from synthassay.evaluate.diversity.repeated_images import repeated_images
from synthassay.evaluate.leakage.prints import take_prints
from synthassay.records.vocabulary import Better

REAL = fields(60, 1, size=32)


def prints(pixels, subjects=None):
    made = images("any", np.asarray(pixels, np.float32))
    return take_prints(made, subjects or made.cases)


def with_repeats(share, *, noise=2.0):
    out = fields(40, 2, size=32)
    rng = np.random.default_rng(3)
    for i in range(1, round(share * 40)):
        out[i] = out[0] + rng.normal(0, noise, out[0].shape)
    return out


def test_real_images_of_different_patients_repeat_nothing():
    found = repeated_images(prints(fields(40, 2, size=32)), prints(REAL))
    assert found.value == 0
    assert found.floor == 0
    assert found.interval.low == 0


def test_it_is_the_share_that_repeats():
    values = [repeated_images(prints(with_repeats(s)), prints(REAL)).value for s in (0, 0.1, 0.25, 0.5, 1.0)]
    assert values == pytest.approx([0, 0.1, 0.25, 0.5, 1.0])
    assert_worsens(values, Better.LOWER)


def test_equal_pixels_count_whatever_the_bound():
    flat = np.zeros((4, 1, 32, 32))
    found = repeated_images(prints(flat), prints(REAL))
    assert found.value == 1
    assert found.settings["repeats_pixel_by_pixel"] == 4


def test_images_of_one_patient_are_not_repeats():
    found = repeated_images(prints(with_repeats(1.0), ["p"] * 40), prints(REAL))
    assert found.value == 0


def test_patients_who_are_alike_by_nature_raise_the_bound():
    alike = np.concatenate([REAL, REAL[:1] + np.random.default_rng(5).normal(0, 2, REAL[:1].shape)])
    strict, calibrated = (repeated_images(prints(with_repeats(0.5, noise=6)), prints(r)) for r in (REAL, alike))
    assert strict.value > 0
    assert calibrated.settings["bound"] > strict.settings["bound"]
    assert calibrated.value <= strict.value
    assert calibrated.floor == 0


def test_correlation_equals_numpys():
    found = repeated_images(prints(with_repeats(0.1)), prints(REAL))
    rows = with_repeats(0.1).reshape(40, -1)
    expected = (np.corrcoef(rows) - 2 * np.eye(40)).max()
    assert found.settings["highest_correlation"] == pytest.approx(expected, abs=1e-5)


def test_what_makes_no_pairs_is_not_measured():
    with pytest.raises(NotMeasured, match="1 synthetic and 60 real"):
        repeated_images(prints(REAL[:1]), prints(REAL))
    with pytest.raises(NotMeasured, match="differ in size"):
        repeated_images(prints(fields(4, 1, size=20)), prints(REAL))
