"""ms_ssim (scales: synthassay.evaluate.fidelity.multi_scale, windows: .windows): MONAI and torchmetrics as oracles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.metrics import structural_similarity

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity import multi_scale
from synthassay.evaluate.fidelity.ms_ssim import ms_ssim
from synthassay.evaluate.fidelity.multi_scale import WEIGHTS, combine, scale_means, scales_that_fit, weights_of
from synthassay.evaluate.fidelity.windows import Window, halved, halved_mask, window_means
from synthassay.records.vocabulary import Better

UNIT_RANGE = (0.0, 1.0)
UNIFORM, GAUSSIAN = Window(7, sample=False), Window(11, sigma=1.5, sample=False)


def tensor(field, dtype):
    return torch.from_numpy(field[None].astype(dtype))


@pytest.mark.parametrize(
    ("shape", "window", "kernel", "scales"),
    [
        ((1, 180, 190), GAUSSIAN, "gaussian", 5),
        ((2, 130, 117), UNIFORM, "uniform", 5),
        ((1, 60, 58, 57), UNIFORM, "uniform", 3),
    ],
)
def test_means_equal_monais_within_single_precision(shape, window, kernel, scales):
    from monai.metrics.regression import compute_ms_ssim  # imported here: slow

    # around 0, where squares and means of single precision lose least
    real = np.stack([smooth(shape[1:], seed) for seed in range(shape[0])]) - 0.5
    synthetic = noisy(real)
    theirs = compute_ms_ssim(
        tensor(synthetic, np.float32),
        tensor(real, np.float32),
        spatial_dims=real.ndim - 1,
        kernel_type=kernel,
        kernel_size=window.size,
        weights=WEIGHTS[:scales],
    )
    means = scale_means(synthetic, real, UNIT_RANGE, None, window, scales)
    ours = np.prod([mean**weight for mean, weight in zip(means, WEIGHTS, strict=False)])
    assert ours == pytest.approx(theirs.item(), abs=2e-6)


@pytest.mark.parametrize(("window", "gaussian"), [(UNIFORM, False), (GAUSSIAN, True)])
def test_means_equal_torchmetrics_but_for_its_mirrored_border_at_the_coarsest_scale(window, gaussian):
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as theirs

    real = smooth((1, 180, 200))
    synthetic = noisy(real)
    expected = theirs(
        tensor(synthetic, np.float64),
        tensor(real, np.float64),
        gaussian_kernel=gaussian,
        kernel_size=window.size,
        data_range=1.0,
    ).item()
    means = scale_means(synthetic, real, UNIT_RANGE, None, window, 5)
    coarse = [synthetic[0], real[0]]
    for _ in range(4):
        coarse = [halved(v) for v in coarse]
    mirrored = [np.pad(v, window.size // 2, mode="reflect")[None] for v in coarse]
    means[-1] = scale_means(*mirrored, UNIT_RANGE, None, window, 1)[0]
    assert combine(means) == pytest.approx(expected, abs=1e-7)  # torchmetrics keeps its weights in single precision


def test_one_scale_is_the_structural_similarity_of_scikit_image():
    real = smooth((30, 33, 29))
    synthetic = noisy(real)
    found = scale_means(synthetic[None], real[None], UNIT_RANGE, None, Window(), 1)[0]
    assert found == pytest.approx(structural_similarity(synthetic, real, data_range=1.0), abs=1e-12)


def by_definition(synthetic, real, mask):
    """Wang et al. 2003 written plainly with whole arrays, for one channel and a range from 0 to 1."""
    product, scales = 1.0, scales_that_fit(real.shape, 7)
    n = 7**real.ndim
    for scale, weight in enumerate(weights_of(scales)):
        means = [ndimage.uniform_filter(v, 7) for v in (synthetic, real, synthetic**2, real**2, synthetic * real)]
        variances = (means[2] + means[3] - means[0] ** 2 - means[1] ** 2) * n / (n - 1)
        covariance = (means[4] - means[0] * means[1]) * n / (n - 1)
        found = (2 * covariance + 0.03**2) / (variances + 0.03**2)
        if scale == scales - 1:
            found = found * (2 * means[0] * means[1] + 0.01**2) / (means[0] ** 2 + means[1] ** 2 + 0.01**2)
        cut = (slice(3, -3),) * real.ndim
        product *= found[cut][mask[cut]].mean() ** weight
        blocks = tuple(v for n_ in real.shape for v in (n_ // 2, 2))
        even = tuple(slice(0, n_ // 2 * 2) for n_ in real.shape)
        odd_axes = tuple(range(1, 2 * real.ndim, 2))
        synthetic, real = (v[even].reshape(blocks).mean(odd_axes) for v in (synthetic, real))
        mask = mask[even].reshape(blocks).all(odd_axes)
    return product


@pytest.mark.parametrize("shape", [(113, 120), (45, 40), (41, 36, 30)])
def test_masked_it_follows_the_definition_at_every_scale(shape):
    real = smooth(shape)
    synthetic = noisy(real)
    for mask in (ball(shape), np.ones(shape, bool)):
        expected = by_definition(synthetic, real, mask)
        assert ms_ssim(synthetic[None], real[None], UNIT_RANGE, mask) == pytest.approx(expected, abs=1e-10)


def test_without_a_mask_it_is_the_mask_of_everything():
    real = smooth((60, 64))
    whole = ms_ssim(noisy(real)[None], real[None], UNIT_RANGE, np.ones(real.shape, bool))
    assert ms_ssim(noisy(real)[None], real[None], UNIT_RANGE) == pytest.approx(whole, abs=1e-12)


def test_scales_follow_from_the_shortest_axis():
    shortest = {112: 5, 111: 4, 56: 4, 55: 3, 28: 3, 27: 2, 14: 2, 13: 1, 7: 1, 6: 0, 1000: 5}
    assert {n: scales_that_fit((n, 2 * n), 7) for n in shortest} == shortest
    assert weights_of(5) == WEIGHTS
    assert sum(weights_of(3)) == pytest.approx(sum(WEIGHTS))


def test_pictures_too_small_for_two_scales_are_refused():
    with pytest.raises(NotMeasured, match="13 pixels.* need 14"):
        ms_ssim(np.zeros((1, 13, 40)), np.zeros((1, 13, 40)), UNIT_RANGE)
    assert ms_ssim(np.zeros((1, 14, 40)), np.zeros((1, 14, 40)), UNIT_RANGE) == 1.0


def test_a_mask_in_the_corner_is_a_reason_and_never_nan():
    real = smooth((64, 64, 64))
    corner = np.zeros(real.shape, bool)
    corner[:20, :20, :20] = True
    with pytest.raises(NotMeasured, match="at scale 4"):
        ms_ssim(noisy(real)[None], real[None], UNIT_RANGE, corner)
    with pytest.raises(NotMeasured, match="empty"):
        ms_ssim(real[None], real[None], UNIT_RANGE, np.zeros(real.shape, bool))


def test_sizes_that_differ_are_refused():
    with pytest.raises(NotMeasured, match="its reference has"):
        ms_ssim(np.zeros((1, 20, 20)), np.zeros((1, 20, 21)), UNIT_RANGE)
    with pytest.raises(NotMeasured, match="its mask has"):
        ms_ssim(np.zeros((1, 20, 20)), np.zeros((1, 20, 20)), UNIT_RANGE, np.ones((20, 21), bool))


def test_not_a_number_stays_outside_the_mask():
    real, mask = smooth((60, 60)), np.zeros((60, 60), bool)
    mask[12:48, 12:48] = True
    synthetic = noisy(real)
    expected = ms_ssim(synthetic[None], real[None], UNIT_RANGE, mask)
    torn = synthetic.copy()
    torn[0] = np.nan
    # the coarsest windows look beyond the mask, where both now show the background: the number is near, and finite
    assert ms_ssim(torn[None], real[None], UNIT_RANGE, mask) == pytest.approx(expected, abs=5e-3)
    torn[20, 20] = np.nan
    with pytest.raises(NotMeasured, match="not finite"):
        ms_ssim(torn[None], real[None], UNIT_RANGE, mask)


def test_an_inverted_picture_scores_nothing_rather_than_nan():
    real = smooth((40, 40), sigma=1)
    assert ms_ssim(1 - real[None], real[None], UNIT_RANGE) == 0.0


def test_it_counts_from_the_low_end_of_the_range():
    real = smooth((40, 40)) * 100 - 50
    synthetic = noisy(real, scale=20) + 60
    shifted = ms_ssim(synthetic[None] + 1024, real[None] + 1024, (0.0, 4095.0))
    assert ms_ssim(synthetic[None], real[None], (-1024.0, 3071.0)) == pytest.approx(shifted, abs=1e-12)


@pytest.mark.parametrize("values", [1, 700, 10**9])
def test_slabs_of_any_size_give_the_same_number(values, monkeypatch):
    real = smooth((30, 32, 29))
    expected = ms_ssim(noisy(real)[None], real[None], UNIT_RANGE, ball(real.shape))
    monkeypatch.setattr(multi_scale, "SLAB_VALUES", values)
    assert ms_ssim(noisy(real)[None], real[None], UNIT_RANGE, ball(real.shape)) == pytest.approx(expected, abs=1e-13)


def test_single_precision_pictures_are_measured_in_double():
    real = smooth((40, 40)).astype(np.float32)
    synthetic = noisy(real).astype(np.float32)
    exact = ms_ssim(synthetic[None].astype(np.float64), real[None].astype(np.float64), UNIT_RANGE)
    assert ms_ssim(synthetic[None], real[None], UNIT_RANGE) == pytest.approx(exact, abs=1e-13)


def test_window_means_and_halving_by_hand():
    values = np.arange(20.0).reshape(4, 5)
    assert window_means(values, Window(3)).tolist() == [[6.0, 7.0, 8.0], [11.0, 12.0, 13.0]]
    assert halved(values).tolist() == [[3.0, 5.0], [13.0, 15.0]]
    mask = values > 5
    assert halved_mask(mask).tolist() == [[False, False], [True, True]]
    gaussian = ndimage.gaussian_filter(values := smooth((30, 30)), 1.5, radius=5)[5:-5, 5:-5]
    assert window_means(values, Window(11, sigma=1.5)) == pytest.approx(gaussian, abs=1e-12)


def test_equal_and_constant_pictures_score_one():
    real = smooth((40, 40))[None]
    assert ms_ssim(real, real, UNIT_RANGE) == pytest.approx(1.0, abs=1e-12)
    assert ms_ssim(0 * real + 0.5, 0 * real + 0.5, UNIT_RANGE) == pytest.approx(1.0, abs=1e-12)


def test_it_falls_with_every_damage():
    real = smooth((64, 64))[None]
    assert_worsens_with_damage(lambda damaged: ms_ssim(damaged, real, UNIT_RANGE), real, Better.HIGHER)
