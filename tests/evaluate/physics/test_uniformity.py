"""Uniformity: shading between rim and centre, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.physics.phantoms import WHOLE, white
from synthassay.errors import NotMeasured
from synthassay.evaluate.physics.regions import uniform_regions
from synthassay.evaluate.physics.uniformity import uniformity
from synthassay.records.vocabulary import Better

MM = (1.0, 1.0)
AXIS = np.abs(np.linspace(-1, 1, 96))
CUP = np.maximum(AXIS[:, None], AXIS[None])


def test_cupping_is_positive_capping_negative_and_a_shift_nothing():
    real = white()
    assert uniformity(real + 30 * CUP, real, WHOLE, MM) == pytest.approx(-uniformity(real - 30 * CUP, real, WHOLE, MM))
    assert uniformity(real + 30 * CUP, real, WHOLE, MM) > 5
    assert uniformity(real + 25, real, WHOLE, MM) == pytest.approx(0, abs=1e-9)
    assert uniformity(real + 30 * np.linspace(-1, 1, 96), real, WHOLE, MM) == pytest.approx(0, abs=4)


def test_it_equals_the_means_of_the_regions_themselves():
    real = white()
    shaded = real + 30 * CUP
    regions = uniform_regions(shaded, real, WHOLE, MM)
    order = regions.depth_mm.argsort(kind="stable")
    half = len(order) // 2
    means = [(regions.synthetic - regions.reference)[part].mean() for part in (order[:half], order[-half:])]
    assert uniformity(shaded, real, WHOLE, MM) == pytest.approx(means[0] - means[1])


def test_it_worsens_with_growing_shading():
    real = white()
    values = [uniformity(real + depth * CUP, real, WHOLE, MM) for depth in (0, 5, 20, 60)]
    assert_worsens(values, Better.TARGET, target=0.0)


def test_edges_are_declared():
    with pytest.raises(NotMeasured, match="squares"):
        uniformity(white(side=12), white(side=12), np.ones((12, 12), bool), MM)
    with pytest.raises(NotMeasured, match="not finite"):
        uniformity(np.full((1, 96, 96), np.nan), white(), WHOLE, MM)
