"""mind_distance, mind_distance_to_source (descriptor: synthassay.evaluate.fidelity.mind): a plain oracle; contrasts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity import mind
from synthassay.evaluate.fidelity.mind_distance import mind_distance
from synthassay.evaluate.fidelity.mind_distance_to_source import mind_distance_to_source
from synthassay.records.vocabulary import Better


def descriptor(values, where):
    """Eqs. 4 and 5 of Heinrich et al. 2012 with whole arrays, a convolution and rolled copies."""
    side = np.exp(-2.0)
    kernel = np.array(1.0)
    for _ in range(values.ndim):
        kernel = np.multiply.outer(kernel, np.array([side, 1, side]) / (1 + 2 * side))
    distances = np.stack(
        [
            ndimage.convolve((values - np.roll(values, step, axis)) ** 2, kernel)
            for axis in range(values.ndim)
            for step in (1, -1)
        ]
    )
    variance = distances.mean(axis=0)
    middle = variance[where].mean()
    found = np.exp(-distances / np.clip(variance, 0.001 * middle, 1000 * middle))
    return found / found.max(axis=0)


def oracle(one, two, mask):
    where = ndimage.binary_erosion(ndimage.binary_erosion(mask), np.ones((3,) * mask.ndim))
    return np.abs(descriptor(one, where) - descriptor(two, where))[:, where].mean()


@pytest.mark.parametrize("shape", [(40, 37), (20, 22, 19)])
def test_it_equals_the_descriptor_written_plainly(shape):
    real = smooth(shape, sigma=1)
    synthetic = noisy(real)
    for mask in (ball(shape), np.ones(shape, bool)):
        expected = oracle(synthetic, real, mask)
        assert mind_distance(synthetic[None], real[None], mask) == pytest.approx(expected, rel=1e-10)
    assert mind_distance(synthetic[None], real[None]) == pytest.approx(expected, rel=1e-10)


def test_offset_factor_and_inverted_contrast_do_not_count_and_another_structure_does():
    real = smooth((40, 40), sigma=1)[None]
    for other in (real + 900, 7 * real, 3 - 2 * real):
        assert mind_distance(other, real) == pytest.approx(0.0, abs=1e-9)
    assert mind_distance(smooth((40, 40), 9, sigma=1)[None], real) > 0.2


def test_another_contrast_of_one_anatomy_is_nearer_than_another_anatomy(real_data):
    with np.load(real_data / "mri-ljubljana-ms-multicontrast" / "ljubljana_ms_2mm.npz") as archive:
        t1, t2 = (archive[name][:5, 20:60, 25:71, 30:50].astype(np.float64) for name in ("t1", "t2"))
    own = mind_distance_to_source(t1[:1], t2[:1])
    other = mind_distance_to_source(t1[:1], t2[4:5])
    assert own < 0.9 * other


@pytest.mark.parametrize("values", [1, 900, 10**9])
def test_slabs_of_any_size_give_the_same_number(values, monkeypatch):
    real = smooth((15, 14, 13))
    expected = mind_distance(noisy(real)[None], real[None], ball(real.shape))
    monkeypatch.setattr(mind, "SLAB_VALUES", values)
    assert mind_distance(noisy(real)[None], real[None], ball(real.shape)) == pytest.approx(expected, rel=1e-12)


def test_what_lies_beyond_the_mask_does_not_count():
    real, mask = smooth((30, 30)), ball((30, 30))
    expected = mind_distance(noisy(real)[None], real[None], mask)
    for garbage in (np.nan, -np.inf, 1e6):
        torn = np.where(mask, noisy(real), garbage)[None]
        assert mind_distance(torn, real[None], mask) == pytest.approx(expected, rel=1e-12)
        assert mind_distance_to_source(torn, real[None], mask) == pytest.approx(expected, rel=1e-12)


def test_channels_go_with_their_own_and_with_all_where_their_numbers_differ():
    one, two, three = (smooth((20, 20), seed) for seed in (1, 2, 3))
    d = lambda a, b: mind_distance_to_source(a[None], b[None])  # noqa: E731
    assert mind_distance(np.stack([one, two]), np.stack([two, three])) == pytest.approx(
        (d(one, two) + d(two, three)) / 2
    )
    found = mind_distance_to_source(one[None], np.stack([one, two, three]))
    assert found == pytest.approx((d(one, two) + d(one, three)) / 3)


@pytest.mark.parametrize("measure", [mind_distance, mind_distance_to_source])
def test_what_has_no_number_is_a_reason(measure):
    real = smooth((20, 20))[None]
    other = "its reference" if measure is mind_distance else "its source"
    with pytest.raises(NotMeasured, match="it is constant"):
        measure(0 * real, real)
    with pytest.raises(NotMeasured, match=f"{other} is constant"):
        measure(real, 0 * real)
    thin = np.zeros((20, 20), bool)
    thin[5:9] = True
    with pytest.raises(NotMeasured, match="all its surroundings"):
        measure(real, real, thin)
    with pytest.raises(NotMeasured, match="all its surroundings"):
        measure(real[:, :4], real[:, :4])
    with pytest.raises(NotMeasured, match="empty"):
        measure(real, real, thin & False)
    with pytest.raises(NotMeasured, match=f"{other} has"):
        measure(real, real[:, :10])
    with pytest.raises(NotMeasured, match="mask has"):
        measure(real, real, np.ones((20, 10), bool))
    with pytest.raises(NotMeasured, match="400 values that are not finite"):
        measure(real * np.nan, real)
    with pytest.raises(NotMeasured, match=f"{other} has .* inside the mask that are not finite"):
        measure(real, real * np.nan, np.ones((20, 20), bool))


def test_single_precision_hounsfield_values_keep_their_digits():
    real = (smooth((20, 20, 20)) * 2000 - 1000).astype(np.float32)
    synthetic = noisy(real, scale=50).astype(np.float32)
    exact = mind_distance(synthetic[None].astype(np.float64), real[None].astype(np.float64))
    assert mind_distance(synthetic[None], real[None]) == pytest.approx(exact, rel=1e-12)


def test_it_grows_with_noise_blur_and_shift():
    real = smooth((64, 64), sigma=1)[None]
    assert_worsens_with_damage(
        lambda damaged: mind_distance(damaged, real), real, Better.LOWER, kinds=("noise", "blur", "shift")
    )
    assert_worsens_with_damage(
        lambda damaged: mind_distance_to_source(damaged, 1 - real), real, Better.LOWER, kinds=("noise", "blur", "shift")
    )
