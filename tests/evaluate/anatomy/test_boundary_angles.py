"""Frayed and over-smooth borders leave the distribution of angles of real patients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import binomtest, wasserstein_distance

from evaluate.examination import assert_worsens
from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.boundary_angles import angle_distance, boundary_angles
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.records.vocabulary import Better


def frayed(specimen, strength):
    """Move the border of the drawing by noise of so many millimetres."""
    drawn = specimen.structures
    depth = ndimage.distance_transform_edt(drawn > 0) - ndimage.distance_transform_edt(drawn == 0)
    noise = np.random.default_rng(int(specimen.case[5:])).normal(size=depth.shape)
    nearest = ndimage.distance_transform_edt(drawn == 0, return_indices=True)[1]
    moved = np.where(depth + strength * noise > 0, drawn[tuple(nearest)], 0)
    return specimen.replace(structures=moved)


def smoothed(specimen, radius):
    del radius
    return specimen.replace(
        structures=(ndimage.gaussian_filter((specimen.structures > 0).astype(float), 2) > 0.5).astype(int)
    )


def test_the_distance_is_that_of_scipy_between_mean_histograms():
    rng = np.random.default_rng(0)
    one, other = rng.dirichlet(np.ones(90), 4), rng.dirichlet(np.ones(90), 6)
    middles = np.arange(1.0, 181.0, 2.0)
    expected = wasserstein_distance(middles, middles, one.mean(axis=0), other.mean(axis=0))
    found = angle_distance(Sample.of(one, list("abcd")), Sample.of(other, list("abcdef")))
    assert found == pytest.approx(expected)


def test_it_worsens_as_borders_fray_and_names_the_share_of_images(hippocampi):
    memo = {}
    found = [
        boundary_angles([frayed(s, step) for s in hippocampi[:24]], hippocampi[40:80], 0, real_memo=memo)[0]
        for step in (0.0, 0.5, 1.5)
    ]
    assert_worsens([f.value for f in found], Better.LOWER)
    assert found[0].interval.low <= found[0].floor_interval.high
    assert found[-1].interval.low > found[-1].floor_interval.high
    # The reach is the 39th of 40 real distances, so 1 in 20 undamaged images lies beyond it. By beta-binomial chance
    # 7 or more of 24 do so in 3 of 1000 trials.
    assert found[0].settings["outlying_images"] <= 6 / 24
    # Calibration bounds false alarms only; which damage is found is a question of power. With 22 of 24 found, the true
    # share is above 3 in 4 with 95 % confidence (exact binomial bound), where it is 1 in 20 undamaged.
    caught = round(24 * found[-1].settings["outlying_images"])
    assert binomtest(caught, 24, alternative="greater").proportion_ci(0.95).low > 0.75


def test_borders_that_are_too_smooth_are_found_as_well(hippocampi):
    found = boundary_angles([smoothed(s, 2) for s in hippocampi[:24]], hippocampi[40:80], 0)
    assert found[0].interval.low > found[0].floor_interval.high


def test_few_images_or_no_border_are_not_measured(hippocampi):
    with pytest.raises(NotMeasured, match="halves by subject hold only"):
        boundary_angles(hippocampi[:6], hippocampi[40:80], 0)
    bare = [s.replace(structures=np.zeros_like(s.structures)) for s in hippocampi[:24]]
    with pytest.raises(NotMeasured, match="no border"):
        boundary_angles(bare, hippocampi[40:80], 0)
