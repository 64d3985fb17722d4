"""Dose-volume histograms: counting by hand as the oracle."""

import numpy as np
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.dose.dvh import POINTS, histogram


def test_points_equal_counting_voxels_by_hand():
    rng = np.random.default_rng(0)
    dose = rng.gamma(9, 6, (9, 8, 7))
    where = rng.random((9, 8, 7)) < 0.4
    found = histogram(dose, where, (2.0, 2.0, 5.0))
    doses = dose[where]
    for percent in (98, 95, 50, 2):
        enough = [d for d in doses if 100 * (doses >= d).mean() >= percent - 1e-9]
        assert found.dose_at(percent) == max(enough)
    for gray in (0.0, 30.0, 57.0, 500.0, doses[3]):
        assert found.volume_at(gray) == pytest.approx(100 * (doses >= gray).mean())
    assert found.mean == pytest.approx(doses.mean())
    assert found.volume_cc == pytest.approx(where.sum() * 0.02)
    assert found.dose_at(100) == doses.min()


def test_a_single_voxel_and_an_even_dose_are_their_own_points():
    one = np.zeros((3, 3, 3), bool)
    one[1, 1, 1] = True
    dose = np.full((3, 3, 3), 42.0)
    assert {of(histogram(dose, one, (1.0, 1.0, 1.0))) for of in POINTS.values()} == {42.0}


def test_what_has_no_histogram_says_why():
    dose = np.ones((3, 3))
    with pytest.raises(NotMeasured, match="empty"):
        histogram(dose, np.zeros((3, 3), bool), (1.0, 1.0))
    with pytest.raises(NotMeasured, match="voxel size"):
        histogram(dose, np.ones((3, 3), bool), ())
    with pytest.raises(NotMeasured, match="size"):
        histogram(dose, np.ones((3, 4), bool), (1.0, 1.0))
    dose[0, 0] = np.nan
    with pytest.raises(NotMeasured, match="unknown in 1 of the structure's 9 voxels"):
        histogram(dose, np.ones((3, 3), bool), (1.0, 1.0))
    with pytest.raises(ValueError, match="share"):
        histogram(np.ones((3, 3)), np.ones((3, 3), bool), (1.0, 1.0)).dose_at(0)
