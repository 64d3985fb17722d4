"""Neighbouring slices, pair by pair, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import Footing
from synthassay.evaluate.volume.slices import Volume, against_neighbours, drift_along, steps_along, volume_of


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_steps_equal_plain_loops_on_a_real_volume(brains, axis):
    volume = volume_of(brains[0], Footing(True, True, (2.0, 2.0, 2.0)))
    values, body = np.moveaxis(volume.values, axis, 0), np.moveaxis(volume.body, axis, 0)
    found = steps_along(volume, axis)
    for i in range(len(body) - 1):
        both = body[i] & body[i + 1]
        one, two = values[i][both], values[i + 1][both]
        assert found.difference[i] == pytest.approx(np.sqrt(np.mean((two - one) ** 2)) / 2.0)
        assert found.shift[i] == pytest.approx(two.mean() - one.mean(), abs=1e-12)
        assert found.unlikeness[i] == pytest.approx(1 - np.corrcoef(one, two)[0, 1])


def test_scaling_and_shifting_intensities_changes_nothing(brains):
    footing = Footing(True, True, (2.0, 2.0, 2.0))
    louder = brains[0].replace(pixels=3 * brains[0].pixels + 40)
    one, other = (steps_along(volume_of(s, footing), 2) for s in (brains[0], louder))
    assert other.difference == pytest.approx(one.difference, rel=1e-5)
    assert other.unlikeness == pytest.approx(one.unlikeness, rel=1e-4, abs=1e-6)


def test_a_repeated_slice_and_a_jump_stand_out():
    profile = np.array([1.0, 1.1, 0.9, 0.0, 1.0, 1.1, 8.0, 1.0, 0.9])
    found = against_neighbours(profile)
    assert (found.argmin(), found.argmax()) == (3, 6)
    assert found.max() == pytest.approx(np.log(8), abs=0.15)


def test_few_slices_are_not_measured():
    thin = Volume(np.random.default_rng(0).normal(size=(20, 20, 6)), np.ones((20, 20, 6), bool), (1.0, 1.0, 5.0))
    with pytest.raises(NotMeasured, match="only 5 neighbouring slices"):
        steps_along(thin, 2)


@pytest.mark.parametrize("shift_mm", [(0.6, 0.0), (-0.4, 0.8), (1.5, -1.0)])
def test_displacements_equal_those_that_were_made(shift_mm):
    picture = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(80, 80)), 2.5)
    moved = ndimage.shift(picture, np.array(shift_mm) / (1.0, 2.0), order=3, mode="reflect")
    values = np.stack([picture] * 5 + [moved] * 5, axis=-1)
    body = np.zeros(values.shape, bool)
    body[8:72, 8:72] = True
    found = drift_along(Volume(values / values.std(), body, (1.0, 2.0, 3.0)), 2)
    assert found[4] == pytest.approx(shift_mm, abs=0.15)
    assert np.delete(found, 4, axis=0) == pytest.approx(0, abs=1e-9)
