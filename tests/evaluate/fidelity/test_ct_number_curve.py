"""ct_number_curve: numbers by hand, numpy's least squares as oracle, real CT, edges, damage."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.fidelity.pictures import ball, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.bias import bias
from synthassay.evaluate.fidelity.ct_number_curve import BINS, EDGES_HU, LINE, ct_number_curve
from synthassay.evaluate.metric import METRICS
from synthassay.records.vocabulary import Better, Unit

REAL = np.array([[-1000.0, -201.0, -200.0, -20.0, 19.0, 20.0, 100.0, 250.0, 699.0, 700.0, 3000.0]])
SHIFT = np.array([[1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0, 21.0]])


def test_bins_hold_their_lower_edge_and_follow_the_real_image():
    found = ct_number_curve(REAL + SHIFT, REAL, Unit.HU)
    assert {name: found[name] for name in BINS} == {
        "hu=..-200": 2.0,
        "hu=-200..-20": 5.0,
        "hu=-20..20": 8.0,
        "hu=20..100": 11.0,
        "hu=100..250": 13.0,
        "hu=250..700": 16.0,
        "hu=700..": 20.0,
    }


def test_the_line_equals_numpys_least_squares():
    rng = np.random.default_rng(0)
    real = rng.uniform(-1000, 2000, (1, 20, 20))
    synthetic = 0.9 * real + 30 + rng.normal(scale=40, size=real.shape)
    slope, height = np.polyfit(real.ravel(), synthetic.ravel(), 1)
    found = ct_number_curve(synthetic, real, Unit.HU)
    assert found["line=0"] == pytest.approx(height, abs=1e-8)
    assert found["line=1000"] == pytest.approx(height + 1000 * slope - 1000, abs=1e-8)


def test_errors_of_opposite_sign_that_the_bias_hides_stand_in_their_bins():
    real = np.repeat([-1000.0, 0.0, 1000.0], 100).reshape(1, 300)
    synthetic = real * 0.9
    assert bias(synthetic, real) == pytest.approx(0.0)
    found = ct_number_curve(synthetic, real, Unit.HU)
    assert found["hu=..-200"] == pytest.approx(100.0)
    assert found["hu=700.."] == pytest.approx(-100.0)
    assert found["line=1000"] == pytest.approx(-100.0)


def test_only_what_lies_in_the_mask_counts_whatever_lies_outside():
    real, mask = smooth((20, 20)) * 1000 - 300, ball((20, 20))
    synthetic = np.where(mask, real + 10, np.nan)
    found = ct_number_curve(synthetic[None], real[None], Unit.HU, mask)
    assert found == pytest.approx(dict.fromkeys(found, 10.0))
    assert len(found) > 4


def test_ranges_that_the_reference_does_not_have_are_absent_and_so_is_the_line_of_a_constant():
    flat = np.full((1, 5, 5), 50.0)
    assert ct_number_curve(flat + 3, flat, Unit.HU) == {"hu=20..100": 3.0}
    assert METRICS.get("ct_number_curve").strata == (*BINS, *LINE)
    assert len(BINS) == len(EDGES_HU) + 1


def test_what_has_no_number_is_a_reason():
    with pytest.raises(NotMeasured, match="Hounsfield"):
        ct_number_curve(REAL, REAL, Unit.ARBITRARY)
    with pytest.raises(NotMeasured, match="empty"):
        ct_number_curve(REAL, REAL, Unit.HU, np.zeros(11, bool))
    with pytest.raises(NotMeasured, match="its reference has"):
        ct_number_curve(REAL, REAL[:, :5], Unit.HU)
    with pytest.raises(NotMeasured, match="not finite"):
        ct_number_curve(REAL * np.nan, REAL, Unit.HU)


def test_a_real_ct_with_bone_pressed_towards_water_shows_it_in_the_bone_bins(real_data):
    with np.load(real_data / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz") as archive:
        real = archive["ct"][0].astype(np.float64)[None] - 1000.0
    pressed = np.where(real > 100, 100 + 0.5 * (real - 100), real)
    found = ct_number_curve(pressed, real, Unit.HU, real[0] > -900)
    assert found["hu=20..100"] == 0
    assert found["hu=700.."] < found["hu=250..700"] < found["hu=100..250"] < 0
    assert found["line=1000"] < -50


def test_every_stratum_leaves_its_target_with_a_growing_offset_and_the_ends_with_a_growing_factor():
    found = [ct_number_curve(REAL + shift, REAL, Unit.HU) for shift in (0, 5, 20, 80)]
    for stratum in (*BINS, *LINE):
        assert_worsens([one[stratum] for one in found], Better.TARGET, target=0.0)
    found = [ct_number_curve(REAL * factor, REAL, Unit.HU) for factor in (1.0, 1.01, 1.1, 1.5)]
    for stratum in ("hu=..-200", "hu=700..", "line=1000"):
        assert_worsens([one[stratum] for one in found], Better.TARGET, target=0.0)
