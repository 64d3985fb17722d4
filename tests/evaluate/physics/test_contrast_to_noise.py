"""Contrast-to-noise against closed forms: halved noise doubles it, halved contrast halves it."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.physics.phantoms import WHOLE, white
from synthassay.errors import NotMeasured
from synthassay.evaluate.physics.contrast_to_noise import DRAWN, TISSUES, contrast_to_noise
from synthassay.records.vocabulary import Better, Unit

MM = (1.0, 1.0)
TISSUE = np.where(np.arange(96) < 48, -90.0, 50.0) * np.ones((1, 96, 1))
STRUCTURES = np.zeros((96, 96), int)
STRUCTURES[40:56, 60:76] = 3


def ratio(synthetic, reference, structures=None, unit=Unit.HU):
    return contrast_to_noise(synthetic, reference, WHOLE, MM, unit, structures)


def test_halved_noise_doubles_and_halved_contrast_halves():
    noise = white()
    real = TISSUE + noise
    assert ratio(real, real) == {TISSUES: 1.0}
    assert ratio(TISSUE + noise / 2, real)[TISSUES] == pytest.approx(2, abs=0.02)
    assert ratio(TISSUE / 2 + noise, real)[TISSUES] == pytest.approx(0.5, abs=0.02)


def test_structures_are_held_against_what_surrounds_them():
    noise = white(scale=4.0)
    lifted = np.where(STRUCTURES == 3, 60.0, 0.0)[None]
    found = ratio(lifted / 3 + noise, lifted + noise, STRUCTURES, Unit.ARBITRARY)
    assert found == {DRAWN: pytest.approx(1 / 3, abs=0.03)}


def test_it_worsens_as_contrast_is_lost_and_as_noise_grows():
    noise = white()
    real = TISSUE + noise
    assert_worsens([ratio(TISSUE * s + noise, real)[TISSUES] for s in (1, 0.8, 0.4, 0.1)], Better.TARGET, target=1.0)
    assert_worsens([ratio(TISSUE + noise * s, real)[TISSUES] for s in (1, 1.5, 3, 9)], Better.TARGET, target=1.0)


def test_what_has_no_ratio_says_why():
    real = TISSUE + white()
    with pytest.raises(NotMeasured, match="fat and soft tissue, or structures"):
        ratio(real, real, unit=Unit.ARBITRARY)
    with pytest.raises(NotMeasured, match="fat and soft tissue, or structures"):
        ratio(white(), white() + 500)
    with pytest.raises(NotMeasured, match="without any noise"):
        ratio(np.zeros((1, 96, 96)), real)
    assert ratio(real, real, np.zeros((96, 96), int)) == {TISSUES: 1.0}
