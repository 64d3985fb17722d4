"""Noise texture, and the regions that it is read in (regions)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens
from evaluate.physics.phantoms import WHOLE, blurred_noise, white
from synthassay.errors import NotMeasured
from synthassay.evaluate.physics.noise_power import noise_power
from synthassay.evaluate.physics.noise_texture import GRAIN, PEAK, STRENGTH, noise_texture
from synthassay.evaluate.physics.regions import uniform_regions
from synthassay.records.vocabulary import Better

MM = (1.0, 1.0)


def texture(synthetic, reference, mask=WHOLE, spacing=MM):
    return noise_texture(synthetic, reference, mask, spacing)


def test_the_same_image_has_ratios_of_one_and_other_noise_of_the_same_kind_nearly():
    same = texture(white(), white())
    assert same == {GRAIN: 1.0, STRENGTH: 1.0, PEAK: 1.0}
    other = texture(white(1), white(2))
    assert other[GRAIN] == pytest.approx(1, abs=0.05)
    assert other[STRENGTH] == pytest.approx(1, abs=0.06)


def test_noise_of_known_filters_has_the_ratio_of_their_mean_frequencies():
    """Squares picked by the real image's structure have the mean frequency of all squares of that noise."""

    def everywhere(sigma):
        pictures = [blurred_noise(sigma, 100 + s)[0].reshape(12, 8, 12, 8).swapaxes(1, 2) for s in range(20)]
        return noise_power(np.concatenate(pictures).reshape(-1, 8, 8), MM).mean_frequency

    found = [texture(blurred_noise(0.8, s + 50), blurred_noise(0.4, s))[GRAIN] for s in range(6)]
    assert np.mean(found) == pytest.approx(everywhere(0.8) / everywhere(0.4), rel=0.06)


def test_grain_and_strength_worsen_with_growing_blur_and_noise():
    real = white()
    blurred = [texture(ndimage.gaussian_filter(real, (0, s, s)), real) for s in (0, 0.4, 0.7, 1.2)]
    for name in (GRAIN, STRENGTH):
        assert_worsens([found[name] for found in blurred], Better.TARGET, target=1.0)
    louder = [texture(real + white(9) * share, real)[STRENGTH] for share in (0, 0.3, 0.8, 2.0)]
    assert_worsens(louder, Better.TARGET, target=1.0)


def test_blotches_and_removed_noise_are_told_apart():
    real = white()
    weaker = texture(real * 0.5, real)
    assert weaker[GRAIN] == pytest.approx(1)
    assert weaker[STRENGTH] == pytest.approx(0.5)
    blotches = texture(blurred_noise(1.0, 4), real)
    assert blotches[STRENGTH] == pytest.approx(1, abs=0.3)
    assert blotches[GRAIN] < 0.75


def test_an_image_without_noise_has_no_grain():
    assert texture(np.zeros((1, 96, 96)), white()) == {STRENGTH: 0.0}
    with pytest.raises(NotMeasured, match="no noise"):
        texture(white(), np.zeros((1, 96, 96)))


def test_regions_shun_structure_and_stay_inside_the_mask():
    real = white()
    real[:, :, 60:] += 500 * (np.arange(36) // 2 % 2)
    synthetic = real.copy()
    synthetic[:, :, 60:] = 0
    assert texture(synthetic, real)[STRENGTH] == pytest.approx(1, abs=0.02)
    mask = WHOLE.copy()
    mask[:, 80:] = False
    torn = real.copy()
    torn[:, :, 80:] = np.nan
    regions = uniform_regions(torn, torn, mask, MM)
    assert np.isfinite(regions.synthetic).all()
    assert (regions.depth_mm > 0).all()
    torn[0, 5, 5] = np.nan
    with pytest.raises(NotMeasured, match="not finite"):
        texture(torn, real, mask)


def test_volumes_are_read_slice_by_slice_and_spacing_does_not_change_a_ratio():
    real = np.random.default_rng(0).normal(size=(1, 32, 32, 6))
    blotchy = ndimage.gaussian_filter(real, (0, 0.7, 0.7, 0))
    mask = np.ones((32, 32, 6), bool)
    one, two = (noise_texture(blotchy, real, mask, spacing) for spacing in ((1.0, 1.0, 3.0), (0.5, 0.5, 5.0)))
    assert one == pytest.approx(two)
    assert one[GRAIN] < 0.9


def test_small_masks_unknown_spacing_and_other_sizes_are_refused():
    small = np.zeros((96, 96), bool)
    small[:20, :20] = True
    with pytest.raises(NotMeasured, match="squares of 8 pixels"):
        texture(white(), white(), small)
    with pytest.raises(NotMeasured, match="voxel size is unknown"):
        texture(white(), white(), spacing=())
    with pytest.raises(NotMeasured, match="empty"):
        texture(white(), white(), np.zeros((96, 96), bool))
    with pytest.raises(NotMeasured, match="size"):
        texture(white(side=64), white())
