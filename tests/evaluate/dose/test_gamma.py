"""The gamma index: closed forms, a search by brute force, and pymedphys as oracles; and what must not be left out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from evaluate.dose.phantom_doses import box_dose
from evaluate.examination import assert_worsens
from synthassay.errors import NotMeasured
from synthassay.evaluate.dose.gamma import Criterion, above_cutoff, gamma_index, pass_rate
from synthassay.records.vocabulary import Better

# theirs searches spheres in steps of DTA / steps: the steeper the dose in units of the tolerance, the more it needs
CASES = [
    ((40, 44), (2.0, 3.0), Criterion(2, 2), 30),
    ((40, 44), (2.0, 3.0), Criterion(2, 2, local=True), 60),
    ((16, 14, 12), (2.5, 2.0, 3.0), Criterion(2, 2), 10),
    ((18, 17), (2.5, 2.0), Criterion(3, 3), 30),
]


def pymedphys_gamma(synthetic, reference, spacing, criterion, steps=10):
    from pymedphys import gamma  # imported here: slow

    axes = tuple(np.arange(n) * s for n, s in zip(reference.shape, spacing, strict=True))
    return gamma(
        axes, reference, axes, synthetic, criterion.percent, criterion.mm, max_gamma=2.0, interp_fraction=steps,
        lower_percent_dose_cutoff=criterion.cutoff_percent, local_gamma=criterion.local,
    )  # fmt: skip


@pytest.mark.parametrize(("shape", "spacing", "criterion", "steps"), CASES)
def test_gamma_equals_pymedphys_within_the_steps_of_its_search(shape, spacing, criterion, steps):
    reference = box_dose(shape, spacing, edge_mm=8)
    synthetic = box_dose(shape, spacing, edge_mm=8, shift_mm=2.2, attenuation=0.0055)
    ours = gamma_index(synthetic, reference, spacing, criterion)
    theirs = pymedphys_gamma(synthetic, reference, spacing, criterion, steps)
    judged = ~np.isnan(ours)
    assert (judged == ~np.isnan(theirs)).all()
    assert np.abs(ours - theirs)[judged].max() < 0.07
    assert (ours - theirs)[judged].max() < 0.02  # where they differ, ours found the nearer point
    assert pass_rate(ours) == pytest.approx(100 * (theirs[judged] <= 1).mean(), abs=0.1)
    assert 30 < pass_rate(ours) < 99  # or the comparison would prove nothing


def test_gamma_equals_a_search_of_every_point_in_steps_of_a_hundredth_of_a_millimetre():
    spacing, criterion = (2.0, 3.0), Criterion(2, 2, local=True)
    reference = box_dose((30, 26), spacing)
    synthetic = reference * 1.01 + np.random.default_rng(0).normal(0, 0.5, reference.shape)
    ours = gamma_index(synthetic, reference, spacing, criterion)
    axes = tuple(np.arange(n) * s for n, s in zip(reference.shape, spacing, strict=True))
    dose = RegularGridInterpolator(axes, synthetic, bounds_error=False, fill_value=np.inf)
    offsets = np.stack(np.meshgrid(*[np.arange(-4, 4.001, 0.01)] * 2, indexing="ij"), -1).reshape(-1, 2)
    for at in np.argwhere(~np.isnan(ours))[::17]:
        here = reference[tuple(at)]
        difference = (dose(offsets + at * spacing) - here) / (0.02 * here)
        expected = min(2.0, np.sqrt((offsets**2).sum(1) / 4 + difference**2).min())
        assert ours[tuple(at)] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("shape", [(9, 11), (9, 7, 8), (5, 6, 1), (1, 6, 5)])
def test_a_constant_dose_off_by_the_tolerance_has_gamma_one(shape):
    reference = np.full(shape, 60.0)
    spacing = (2.0, 3.0, 2.5)[: len(shape)]
    for shift, expected in ((0.0, 0.0), (0.6, 0.5), (1.2, 1.0), (-1.2, 1.0), (9.0, 2.0)):
        assert gamma_index(reference + shift, reference, spacing, Criterion(2, 2)) == pytest.approx(expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_linear_ramp_moved_by_the_distance_to_agreement_has_the_gamma_of_the_formula(axis):
    spacing, slope = (2.0, 3.0, 2.5), 0.8  # Gy per mm
    position = np.moveaxis(np.ones((30, 9, 9)) * np.arange(30)[:, None, None] * spacing[axis], 0, axis)
    reference = 20 + slope * position
    criterion = Criterion(2, 2)
    tolerance = 0.02 * reference.max()
    moved = 1.5  # mm
    # distance from a point to a line in (x / 2 mm, dose / tolerance)
    expected = (slope * moved / tolerance) / np.hypot(1, slope * 2 / tolerance)
    found = gamma_index(reference - slope * moved, reference, spacing, criterion)
    inner = np.moveaxis(found, axis, 0)[3:-3]
    assert inner == pytest.approx(expected, abs=1e-9)


def test_the_cut_off_decides_what_is_judged_and_a_point_without_agreement_fails():
    reference = box_dose((30, 30), (2.5, 2.5))
    criterion = Criterion(2, 2)
    synthetic = np.where(reference > 40, reference * 2, reference)
    found = gamma_index(synthetic, reference, (2.5, 2.5), criterion)
    judged = above_cutoff(reference, criterion, reference.max())
    assert (~np.isnan(found) == judged).all()
    assert pass_rate(found) == pytest.approx(100 * (found[judged] <= 1).mean())
    assert pass_rate(found) < 100 * (reference[judged] <= 40).mean() + 1
    theirs = pymedphys_gamma(synthetic, reference, (2.5, 2.5), criterion)
    assert np.nanmax(found) == 2.0
    assert (theirs[judged & (found > 1)] > 1).all()


def test_voxels_may_have_any_shape_and_axes_any_order():
    spacing, shape = (1.5, 4.0, 2.5), (24, 12, 16)
    reference = box_dose(shape, spacing, half_mm=14)
    synthetic = box_dose(shape, spacing, half_mm=14, shift_mm=1.0)
    found = gamma_index(synthetic, reference, spacing, Criterion(3, 2))
    turned = gamma_index(synthetic.T, reference.T, spacing[::-1], Criterion(3, 2))
    np.testing.assert_allclose(found, turned.T, atol=1e-12)


def test_the_pass_rate_falls_with_shift_and_offset():
    spacing, shape = (2.5, 2.5, 3.0), (20, 20, 16)
    reference = box_dose(shape, spacing, half_mm=14)
    rate = lambda dose: pass_rate(gamma_index(dose, reference, spacing, Criterion(2, 2)))  # noqa: E731
    assert_worsens([rate(box_dose(shape, spacing, half_mm=14, shift_mm=mm)) for mm in (0, 2.5, 4, 6)], Better.HIGHER)
    assert_worsens([rate(reference * (1 + share)) for share in (0, 0.06, 0.12, 0.3)], Better.HIGHER)


def test_noise_in_the_synthetic_dose_hides_a_difference_from_gamma_as_low_said():
    reference = np.full((16, 16), 50.0)
    noise = np.random.default_rng(0).normal(0, 1.0, reference.shape)
    rates = [
        pass_rate(gamma_index(0.97 * reference + n, reference, (2.5, 2.5), Criterion(2, 2))) for n in (0 * noise, noise)
    ]
    assert rates[0] == 0
    assert rates[1] > 30


def test_more_steps_only_lower_gamma_and_hardly():
    spacing, shape = (2.5, 2.0, 3.0), (16, 16, 14)
    reference = box_dose(shape, spacing, half_mm=12)
    synthetic = box_dose(shape, spacing, half_mm=12, shift_mm=1.5) * 1.02
    coarse = gamma_index(synthetic, reference, spacing, Criterion(2, 2))
    fine = gamma_index(synthetic, reference, spacing, Criterion(2, 2), steps=100)
    difference = (coarse - fine)[~np.isnan(fine)]
    assert difference.min() > -1e-9
    assert difference.max() < 0.02


def test_values_that_are_not_finite_stay_where_they_are():
    spacing = (2.0, 2.0)
    reference = box_dose((40, 40), spacing)
    synthetic = box_dose((40, 40), spacing, shift_mm=1.0)
    whole = gamma_index(synthetic, reference, spacing, Criterion(2, 2))
    torn, torn_reference = synthetic.copy(), reference.copy()
    torn[:, 20:] = np.nan
    torn_reference[:, 20:] = np.nan
    found = gamma_index(torn, torn_reference, spacing, Criterion(2, 2), normalisation=float(reference.max()))
    assert np.isnan(found[:, 20:]).all()
    np.testing.assert_array_equal(found[:, :16], whole[:, :16])


def test_grids_without_a_common_size_a_spacing_or_a_dose_are_refused():
    dose = np.ones((5, 5))
    with pytest.raises(NotMeasured, match=r"size \(5, 5\) but the reference dose has \(5, 6\)"):
        gamma_index(dose, np.ones((5, 6)), (1.0, 1.0), Criterion(2, 2))
    with pytest.raises(NotMeasured, match="voxel size"):
        gamma_index(dose, dose, (), Criterion(2, 2))
    with pytest.raises(NotMeasured, match="nowhere above 0 Gy"):
        gamma_index(dose, 0 * dose, (1.0, 1.0), Criterion(2, 2))
    with pytest.raises(NotMeasured, match="two or three axes"):
        gamma_index(np.ones(5), np.ones(5), (1.0,), Criterion(2, 2))
    with pytest.raises(NotMeasured, match="above the cut-off"):
        pass_rate(np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="positive"):
        Criterion(0, 2)
    with pytest.raises(ValueError, match="max_gamma must exceed 1"):
        gamma_index(dose, dose, (1.0, 1.0), Criterion(2, 2), max_gamma=1.0)
