"""gradient_error (gradients and neighbours: synthassay.evaluate.fidelity.stencil): numpy as oracle, spacing, edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity import stencil
from synthassay.evaluate.fidelity.gradient_error import gradient_error
from synthassay.evaluate.fidelity.stencil import with_block, with_neighbours
from synthassay.records.vocabulary import Better


def oracle(synthetic, real, spacing, mask):
    steep = [np.sqrt(sum(g**2 for g in np.gradient(v, *spacing))) for v in (synthetic, real)]
    inner = ndimage.binary_erosion(mask)  # by the cross; beyond the border counts as outside
    return np.abs(steep[0] - steep[1])[inner].mean()


@pytest.mark.parametrize(("shape", "spacing"), [((40, 37), (0.7, 1.3)), ((20, 24, 18), (1.0, 0.5, 3.0))])
def test_it_equals_numpys_gradients_with_and_without_a_mask(shape, spacing):
    real = smooth(shape)
    synthetic = noisy(real)
    for mask in (ball(shape), np.ones(shape, bool)):
        found = gradient_error(synthetic[None], real[None], spacing, mask)
        assert found == pytest.approx(oracle(synthetic, real, spacing, mask), rel=1e-12)
    assert gradient_error(synthetic[None], real[None], spacing) == pytest.approx(found, rel=1e-12)


def test_a_ramp_of_another_slope_is_wrong_by_the_difference_per_mm():
    ramp = np.arange(8.0)[:, None, None] * np.ones((8, 8, 8)) * 100
    assert gradient_error(1.5 * ramp[None], ramp[None], (4.0, 1.0, 1.0)) == pytest.approx(12.5)
    assert gradient_error(ramp[None] + 300, ramp[None], (4.0, 1.0, 1.0)) == 0.0


@pytest.mark.parametrize("values", [1, 900, 10**9])
def test_slabs_of_any_size_give_the_same_number(values, monkeypatch):
    real = smooth((20, 18, 17))
    args = noisy(real)[None], real[None], (1.0, 2.0, 3.0), ball(real.shape)
    expected = gradient_error(*args)
    monkeypatch.setattr(stencil, "SLAB_VALUES", values)
    assert gradient_error(*args) == pytest.approx(expected, rel=1e-13)


def test_neither_the_outline_of_the_mask_nor_what_lies_beyond_it_counts():
    real, mask = smooth((30, 30)), ball((30, 30))
    expected = gradient_error(noisy(real)[None], real[None], (1.0, 1.0), mask)
    for garbage in (np.nan, np.inf, 1e6):
        torn = np.where(mask, noisy(real), garbage)
        assert gradient_error(torn[None], real[None], (1.0, 1.0), mask) == pytest.approx(expected, rel=1e-12)


def test_neighbours_and_blocks_are_erosions():
    mask = smooth((20, 21, 19), 3) > 0.4
    cross = ndimage.generate_binary_structure(3, 1)
    assert (with_neighbours(mask) == ndimage.binary_erosion(mask, cross)).all()
    assert (with_block(mask) == ndimage.binary_erosion(mask, np.ones((3, 3, 3)))).all()


def test_channels_are_averaged():
    one, two = smooth((20, 20), 1), smooth((20, 20), 2)
    a, b = noisy(one), noisy(two, scale=0.3)
    alone = [gradient_error(s[None], r[None], (1.0, 1.0)) for s, r in ((a, one), (b, two))]
    assert gradient_error(np.stack([a, b]), np.stack([one, two]), (1.0, 1.0)) == pytest.approx(np.mean(alone))


def test_what_has_no_number_is_a_reason():
    real = smooth((20, 20))[None]
    with pytest.raises(NotMeasured, match="in mm is unknown"):
        gradient_error(real, real, ())
    with pytest.raises(NotMeasured, match="impossible"):
        gradient_error(real, real, (1.0, 1.0, 1.0))
    with pytest.raises(NotMeasured, match="impossible"):
        gradient_error(real, real, (1.0, 0.0))
    line = np.zeros((20, 20), bool)
    line[5] = True
    with pytest.raises(NotMeasured, match="all its neighbours"):
        gradient_error(real, real, (1.0, 1.0), line)
    with pytest.raises(NotMeasured, match="all its neighbours"):
        gradient_error(real[:, :2], real[:, :2], (1.0, 1.0))
    with pytest.raises(NotMeasured, match="empty"):
        gradient_error(real, real, (1.0, 1.0), np.zeros((20, 20), bool))
    with pytest.raises(NotMeasured, match="its reference has"):
        gradient_error(real, real[:, :10], (1.0, 1.0))
    with pytest.raises(NotMeasured, match="not finite"):
        gradient_error(real * np.nan, real, (1.0, 1.0))


def test_constant_pictures_are_equal_and_a_constant_one_misses_every_gradient():
    real = smooth((20, 20))[None]
    assert gradient_error(0 * real, 0 * real + 7, (1.0, 1.0)) == 0.0
    assert gradient_error(0 * real, real, (1.0, 1.0)) > 0


def test_it_grows_with_noise_blur_and_shift():
    real = smooth((48, 48))[None]
    assert_worsens_with_damage(
        lambda damaged: gradient_error(damaged, real, (1.0, 1.0)), real, Better.LOWER, kinds=("noise", "blur", "shift")
    )
