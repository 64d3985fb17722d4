from __future__ import annotations

import numpy as np
import pytest

from evaluate.features.radiomics.ibsi_phantom import assert_published, phantom_region
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.first_order import first_order
from synthassay.evaluate.features.radiomics.region import region_of

PUBLISHED = {
    "Mean": 2.15,
    "Variance": 3.05,
    "Skewness": 1.08,
    "Median": 1,
    "Minimum": 1,
    "Maximum": 6,
    "InterquartileRange": 3,
    "Range": 5,
    "MeanAbsoluteDeviation": 1.55,
    "RobustMeanAbsoluteDeviation": 1.11,
    "Energy": 567,
    "RootMeanSquared": 2.77,
    "Entropy": 1.27,
    "Uniformity": 0.512,
    "Kurtosis": 2.645,
}


def test_first_order_of_the_digital_phantom_is_as_published():
    assert_published(first_order(phantom_region()), PUBLISHED)


def test_kurtosis_is_not_excess():
    # the initiative prints the excess, -0.355
    assert first_order(phantom_region())["Kurtosis"] - 3 == pytest.approx(-0.355, abs=5e-4)


def test_a_flat_region_has_no_skew_and_no_texture():
    found = first_order(region_of(np.full((4, 4), 7.0), None, Binning(width=1.0)))
    assert (found["Skewness"], found["Kurtosis"], found["Entropy"], found["Uniformity"]) == (0, 0, 0, 1)


def test_total_energy_scales_with_the_voxel():
    region = phantom_region()
    assert first_order(region, 8.0)["TotalEnergy"] == 8 * first_order(region)["Energy"]
