"""Observers with known statistics: equal to dense linear algebra and to what they score on noise drawn."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.observers.gaussian_noise import SIZE, SPACING, covariance, lesion, noise, spectrum
from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.detection import auc_of, dprime_from
from synthassay.evaluate.observers.known import (
    eye_filter,
    frequency_grid,
    hotelling,
    non_prewhitening,
    prewhitening,
    template,
)

KINDS = ("white", "power law")


@pytest.mark.parametrize("kind", KINDS)
def test_the_fourier_form_equals_dense_linear_algebra(kind):
    signal, matrix = lesion().ravel(), covariance(kind)
    dense = np.sqrt(signal @ np.linalg.solve(matrix, signal))
    assert prewhitening(lesion(), spectrum(kind)) == pytest.approx(dense, rel=1e-9)
    assert hotelling(signal, matrix) == pytest.approx(dense, rel=1e-9)
    plain = signal @ signal / np.sqrt(signal @ matrix @ signal)
    assert non_prewhitening(lesion(), spectrum(kind)) == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_ratings_of_drawn_noise_have_the_closed_forms_dprime(kind):
    pictures, signal = noise(kind, 4000, 1).reshape(4000, -1), lesion().ravel()
    for weights, expected in (
        (template(signal, covariance(kind)), prewhitening(lesion(), spectrum(kind))),
        (signal, non_prewhitening(lesion(), spectrum(kind))),
    ):
        without, with_lesion = pictures[:2000] @ weights, (pictures[2000:] + signal) @ weights
        error = np.sqrt(1 / 2000 + expected**2 / 8000) * np.sqrt(2)
        assert dprime_from(without, with_lesion) == pytest.approx(expected, abs=3.5 * error)


def test_prewhitening_gains_in_coloured_noise_alone():
    assert non_prewhitening(lesion(), spectrum("white")) == pytest.approx(prewhitening(lesion(), spectrum("white")))
    assert prewhitening(lesion(), spectrum("power law")) > 1.1 * non_prewhitening(lesion(), spectrum("power law"))


def test_the_eye_sees_most_at_four_cycles_per_degree():
    eye = eye_filter((64, 64), (0.1, 0.1))
    per_degree = frequency_grid((64, 64), (0.1, 0.1)) * 500 * np.tan(np.radians(1))
    assert eye.max() == pytest.approx(1, abs=0.02)
    assert per_degree.ravel()[eye.argmax()] == pytest.approx(4, abs=0.6)
    assert eye[0, 0] == 0


def test_an_eye_never_beats_the_ideal_observer():
    eye = eye_filter((SIZE, SIZE), SPACING)
    for kind in KINDS:
        assert non_prewhitening(lesion(), spectrum(kind), eye) < prewhitening(lesion(), spectrum(kind))


def test_dprime_grows_with_contrast_and_falls_with_noise():
    base = prewhitening(lesion(), spectrum("power law"))
    assert prewhitening(lesion(contrast=2), spectrum("power law")) == pytest.approx(2 * base)
    assert prewhitening(lesion(), 4 * spectrum("power law")) == pytest.approx(base / 2)
    assert 0.5 < auc_of(base) < 1


def test_what_has_no_dprime_says_why():
    with pytest.raises(NotMeasured, match="no power"):
        prewhitening(lesion(), np.zeros((SIZE, SIZE)))
    with pytest.raises(NotMeasured, match="no noise"):
        non_prewhitening(np.zeros((SIZE, SIZE)), 1.0)
    with pytest.raises(NotMeasured, match="singular"):
        hotelling([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(NotMeasured, match="not finite"):
        prewhitening(np.full((4, 4), np.nan), 1.0)
