"""The Fréchet radiomics distance as published, beside what we do instead; covers features.wavelet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import sqrtm

from oracles.make_frd import by_pyradiomics, ellipse, picture
from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.features.frd import FrdOptions, frd_features, frd_v1
from synthassay.evaluate.features.wavelet import HIGH, LOW, wavelet_bands

STORED = json.loads((Path(__file__).resolve().parents[2] / "oracles" / "frd.json").read_text())
CASES = {
    "whole picture": (None, FrdOptions()),
    "ellipse": (ellipse(), FrdOptions()),
    "ellipse, not resampled": (ellipse(), FrdOptions(resample_mm=None)),
}


@pytest.mark.parametrize("name", CASES)
def test_features_equal_pyradiomics_with_the_authors_settings(name):
    mask, options = CASES[name]
    ours, theirs = frd_features(picture(), mask, options=options), STORED[name]
    assert set(ours) == set(theirs)
    wrong = {k: (ours[k], theirs[k]) for k in theirs if ours[k] != pytest.approx(theirs[k], rel=1e-5, abs=1e-6)}
    assert not wrong


def test_the_stored_numbers_are_still_what_pyradiomics_gives():
    pytest.importorskip("radiomics", reason="pip install synthassay[peers]")
    again = by_pyradiomics(picture(), ellipse())
    assert again == pytest.approx(STORED["ellipse"])


def test_a_picture_loses_its_laplacians_in_silence_and_a_volume_does_not():
    published = frd_features(picture())
    radiomic = [name for name in published if not name.startswith("diagnostics")]
    assert (len(published), len(radiomic), len(published) - len(radiomic)) == (398, 385, 13)
    assert not any(name.startswith("log") for name in published)
    whole = frd_features(picture(), options=FrdOptions(skip_log_in_2d=False, diagnostics=False))
    assert len(whole) == 385 + 4 * 77
    volume = np.random.default_rng(0).normal(size=(16, 16, 14)).cumsum(0)
    options = FrdOptions(resample_mm=None, diagnostics=False)
    assert len(frd_features(volume, options=options)) == 1001


def test_a_shift_in_hounsfield_units_is_seen_by_the_diagnostics_alone():
    before, after = frd_features(picture()), frd_features(picture() + 200.0)
    changed = {name for name in before if before[name] != pytest.approx(after[name], rel=1e-6, abs=1e-6)}
    assert changed == {f"diagnostics_Image-original_{what}" for what in ("Mean", "Minimum", "Maximum")}
    kept = FrdOptions(normalise=False)
    before, after = frd_features(picture(), options=kept), frd_features(picture() + 200.0, options=kept)
    assert after["original_firstorder_Mean"] - before["original_firstorder_Mean"] == pytest.approx(200.0)


def test_a_picture_without_spacing_is_halved():
    counted = frd_features(picture((128, 128)))["diagnostics_Mask-interpolated_VoxelNum"]
    assert counted == 64 * 64
    stated = frd_features(picture((128, 128)), spacing_mm=(2.0, 2.0))
    assert stated["diagnostics_Mask-interpolated_VoxelNum"] == 128 * 128 - 1


def test_the_distance_is_the_published_formula():
    rng = np.random.default_rng(1)
    first, second = rng.normal(3, 2, (80, 5)), rng.normal(4, 3, (70, 5))
    mean, deviation = first.mean(0), first.std(0)
    one, two = (first - mean) / deviation, (second - mean) / deviation
    a, b = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    squared = ((one.mean(0) - two.mean(0)) ** 2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frd_v1(first, second) == pytest.approx(np.log(squared), rel=1e-5)
    assert frd_v1(first, second, as_in_paper=True) == pytest.approx(np.log(squared) / 2, rel=1e-5)
    assert frd_v1(first, second) != pytest.approx(frd_v1(second, first), rel=0.05)  # not a distance


def test_dimensions_depend_on_which_set_comes_first():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(60, 3)), rng.normal(size=(60, 3)) + 1
    first[:, 2] = 7.0
    assert frd_v1(first, second) == pytest.approx(frd_v1(first[:, :2], second[:, :2]))
    spoilt = second.copy()
    spoilt[:10, 0] = np.nan
    assert frd_v1(first, spoilt) == pytest.approx(frd_v1(first, second[10:]))


def test_standardising_each_set_by_itself_hides_the_difference_of_the_means():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(300, 20)), rng.normal(size=(300, 20)) + 5.0
    assert np.exp(frd_v1(first, second)) > 450
    assert np.exp(frd_v1(first, second, by_first_alone=False)) < 2


def test_too_little_is_said():
    with pytest.raises(NotMeasured, match="fewer than two images"):
        frd_v1(np.full((5, 2), np.nan), np.ones((5, 2)))
    with pytest.raises(NotMeasured, match="no feature varies"):
        frd_v1(np.ones((5, 2)), np.ones((5, 2)))
    with pytest.raises(ImageError, match="two nor three"):
        frd_features(np.zeros(4))


def test_wavelet_bands_equal_pywavelets():
    pywt = pytest.importorskip("pywt", reason="PyWavelets comes with synthassay[peers]")
    wavelet = pywt.Wavelet("coif1")
    assert pytest.approx(wavelet.dec_lo) == LOW
    assert pytest.approx(wavelet.dec_hi) == HIGH
    image = np.random.default_rng(0).normal(size=(12, 10, 8))
    theirs = pywt.swtn(image, wavelet, level=1, axes=(2, 1, 0))[0]
    for name, band in wavelet_bands(image).items():
        np.testing.assert_allclose(band, theirs[name.replace("L", "a").replace("H", "d")], atol=1e-12)
