from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from evaluate.set_measures import (
    PATIENTS,
    REAL,
    assert_real_images_pass,
    assert_worsens_step_by_step,
    draw,
    found,
    repeating,
    shifted,
    shrinking,
)
from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.gaussian_mmd import discrepancy_of
from synthassay.evaluate.distribution.kernel_mmd import gaussian, kernel_discrepancy, median_distance


def alone(rows):
    return Sample.of(rows, [str(i) for i in range(len(rows))])


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("gaussian_mmd")


@pytest.mark.parametrize("damage", [shifted, shrinking, repeating])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("gaussian_mmd", damage())


def test_it_equals_the_formula_with_scikit_learns_kernel():
    x, y, s = draw(60, 1), draw(80, 2) + 0.3, 1.7
    inside = [
        (k.sum() - np.trace(k)) / (len(k) * (len(k) - 1))
        for k in (rbf_kernel(a, gamma=1 / (2 * s * s)) for a in (x, y))
    ]
    expected = sum(inside) - 2 * rbf_kernel(x, y, gamma=1 / (2 * s * s)).mean()
    assert kernel_discrepancy(alone(x), alone(y), gaussian(s)).value == pytest.approx(expected, rel=1e-10)


def test_the_bandwidth_is_that_of_real_images_whatever_is_judged():
    near, far = (found("gaussian_mmd", draw() + step) for step in (0.0, 50.0))
    assert near.settings["bandwidth"] == far.settings["bandwidth"]
    assert near.settings["bandwidth"] == pytest.approx(median_distance(Sample.of(REAL, PATIENTS)))
    # with the bandwidth of the pair, as is usual, a set 50 SD away would look no further than one 20 SD away
    assert far.value == pytest.approx(found("gaussian_mmd", draw() + 20.0).value, rel=1e-6)


def test_the_statistic_takes_its_bandwidth_from_the_comparator():
    judged, comparator = alone(draw(80, 3) + 1), alone(REAL[:100])
    expected = kernel_discrepancy(judged, comparator, gaussian(median_distance(comparator))).value
    assert discrepancy_of(judged, comparator) == expected


def test_images_of_one_patient_do_not_shrink_the_bandwidth():
    rows = np.repeat(draw(60, 4), 20, axis=0)
    assert median_distance(Sample.of(rows, np.repeat(range(60), 20).astype(str))) == pytest.approx(
        median_distance(alone(draw(60, 4))), rel=1e-6
    )


def test_equal_real_images_have_no_bandwidth():
    with pytest.raises(NotMeasured, match="no median distance"):
        median_distance(alone(np.ones((20, 3))))


def test_one_distant_image_outweighs_all_others_in_the_cubic_kernel_only():
    spoilt = draw()
    spoilt[0] = 1e3
    assert found("gaussian_mmd", spoilt).value < 0.02
    assert found("kernel_distance", spoilt).value > 1e3
