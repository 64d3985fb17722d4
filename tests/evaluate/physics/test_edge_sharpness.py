"""Edge sharpness (and its transfer function): Gaussian blur has a known one; shift, contrast and noise are not blur."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens
from evaluate.physics.phantoms import disc, white
from synthassay.errors import NotMeasured
from synthassay.evaluate.physics.edge_sharpness import edge_sharpness
from synthassay.evaluate.physics.transfer import (
    clean_edges,
    edge_places,
    edge_spread,
    half_frequency,
    profiles,
    transfer_function,
)
from synthassay.records.vocabulary import Better

MM = (1.0, 1.0)


def half_of(picture, spacing=1.0):
    points, normals = edge_places(picture[0], np.ones(picture.shape[1:], bool))
    drawn = profiles(picture[0], points, normals)
    return half_frequency(*transfer_function(edge_spread(drawn[clean_edges(drawn)]), 0.25 * spacing))


@pytest.mark.parametrize("sigma", [0.7, 1.0, 1.5])
def test_a_blurred_disc_has_the_transfer_function_of_its_gaussian(sigma):
    known = np.sqrt(np.log(2) / 2) / (np.pi * sigma)
    assert half_of(disc(sigma)) == pytest.approx(known, rel=0.025)
    assert half_of(disc(sigma), spacing=0.5) == pytest.approx(2 * known, rel=0.025)


def test_the_ratio_is_that_of_the_blurs():
    assert edge_sharpness(disc(1.4), disc(0.7), MM) == pytest.approx(0.5, abs=0.02)
    assert edge_sharpness(disc(0.7), disc(1.4), MM) == pytest.approx(2.0, abs=0.08)
    assert edge_sharpness(disc(1.0), disc(1.0), MM) == 1.0


def test_shift_contrast_and_noise_are_not_taken_for_blur():
    real = disc(1.0)
    assert edge_sharpness(disc(1.0, shift=0.6), real, MM) == pytest.approx(1, abs=0.03)
    assert edge_sharpness(0.4 * real + 30, real, MM) == pytest.approx(1, abs=1e-6)
    assert edge_sharpness(real + white(scale=5.0), real, MM) == pytest.approx(1, abs=0.06)


def test_it_worsens_with_growing_blur_and_sharpening():
    real = disc(1.0)
    blurred = [edge_sharpness(ndimage.gaussian_filter(real, (0, s, s)), real, MM) for s in (0, 0.5, 1.0, 1.6)]
    assert_worsens(blurred, Better.TARGET, target=1.0)
    soft = ndimage.gaussian_filter(real, (0, 1, 1))
    assert_worsens(
        [edge_sharpness(real + a * (real - soft), real, MM) for a in (0, 0.5, 1.5)], Better.TARGET, target=1.0
    )


def test_volumes_are_followed_slice_by_slice_inside_the_mask():
    real = np.stack([disc(0.8, radius=r)[0] for r in (20, 24, 28)], axis=-1)[None]
    soft = np.stack([disc(1.6, radius=r)[0] for r in (20, 24, 28)], axis=-1)[None]
    assert edge_sharpness(soft, real, (1.0, 1.0, 4.0)) == pytest.approx(0.5, abs=0.02)
    mask = np.zeros(real.shape[1:], bool)
    mask[48:] = True
    torn = soft.copy()
    torn[:, :30] = np.nan
    assert edge_sharpness(torn, real, (1.0, 1.0, 4.0), mask) == pytest.approx(0.5, abs=0.03)


def test_what_has_no_edges_is_refused():
    with pytest.raises(NotMeasured, match="0 clean edges"):
        edge_sharpness(np.zeros((1, 64, 64)), np.zeros((1, 64, 64)), MM)
    with pytest.raises(NotMeasured, match="from one material to another"):
        edge_sharpness(np.zeros((1, 96, 96)), disc(1.0), MM)
    with pytest.raises(NotMeasured, match="voxel size is unknown"):
        edge_sharpness(disc(1.0), disc(1.0), ())
    with pytest.raises(NotMeasured, match="no one sharpness"):
        edge_sharpness(disc(1.0), disc(1.0), (1.0, 2.0))
    with pytest.raises(NotMeasured, match="not finite"):
        edge_sharpness(np.full((1, 96, 96), np.nan), disc(1.0), MM)
    with pytest.raises(NotMeasured, match="empty"):
        edge_sharpness(disc(1.0), disc(1.0), MM, np.zeros((96, 96), bool))
    assert np.isnan(half_frequency(np.arange(3.0), np.ones(3)))
