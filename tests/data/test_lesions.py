"""Lesions drawn into CT: their volume and place, and room for them in soft tissue alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synthassay.data.lesions import lesion_kinds, lesion_signal, lesion_sites, patch_reach
from synthassay.errors import ImageError


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.9, 2.5), (2.0, 2.0, 5.0)])
def test_a_lesion_has_the_volume_of_a_ball_whatever_the_spacing(spacing):
    signal = lesion_signal((60, 50, 30), spacing, (30, 25, 15), 16.0, 40.0)
    volume = float(signal.astype(np.float64).sum()) / 40 * math.prod(spacing)
    assert volume == pytest.approx(math.pi / 6 * 16**3, rel=0.02)
    assert signal.max() == 40
    centroid = [float((signal * axis).sum() / signal.sum()) for axis in np.indices(signal.shape)]
    assert centroid == pytest.approx([30, 25, 15], abs=1e-4)


def test_a_lesion_in_a_picture_is_a_disc():
    signal = lesion_signal((64, 64), (0.5, 0.5), (30, 31), 8.0, -10.0)
    assert float(signal.sum()) / -10 * 0.25 == pytest.approx(math.pi * 16, rel=0.01)


def test_a_lesion_at_the_border_is_cut_and_outside_refused():
    half = math.pi / 12 * 10**3 + math.pi * 25 / 2  # its centre lies in the middle of the first slice
    cut = lesion_signal((40, 40, 40), (1.0,) * 3, (20, 20, 0), 10.0, 1.0)
    assert float(cut.sum()) == pytest.approx(half, rel=0.02)
    with pytest.raises(ImageError, match="outside"):
        lesion_signal((40, 40, 40), (1.0,) * 3, (20, 20, 40), 10.0, 1.0)
    with pytest.raises(ImageError, match="one spacing"):
        lesion_signal((40, 40), (1.0,) * 3, (20, 20), 10.0, 1.0)


def test_sizes_follow_the_pixels():
    assert {diameter for diameter, _ in lesion_kinds((0.7, 0.7, 2.5))} == {2.0, 3.0, 4.0}
    assert {diameter for diameter, _ in lesion_kinds((3.0, 3.0, 5.0))} == {6.0, 8.0, 12.0}


def head():
    volume = np.full((80, 70, 20), -1000.0)
    volume[20:62, 18:52] = 40.0
    volume[20:38, 18:52] = -100.0  # fat
    return volume


def test_sites_have_room_in_soft_tissue_and_keep_apart():
    volume, spacing = head(), (2.0, 2.0, 4.0)
    sites = lesion_sites(volume, volume > -300, spacing, 3, np.random.default_rng(0))
    largest = max(diameter for diameter, _ in lesion_kinds(spacing))
    assert len(sites) == 3
    for at in sites:
        for change in (-largest, largest):
            assert volume[at[0] + int(change / 2 * 0.9), at[1], at[2]] == 40
        assert patch_reach(largest, 2.0) <= at[0] < 80 - patch_reach(largest, 2.0)
    for i, one in enumerate(sites):
        for other in sites[:i]:
            assert math.dist(np.multiply(one, spacing), np.multiply(other, spacing)) >= 2 * largest


def test_the_same_stream_gives_the_same_sites_and_no_room_gives_none():
    volume = head()
    one, two = (lesion_sites(volume, volume > -300, (2.0, 2.0, 4.0), 2, np.random.default_rng(5)) for _ in range(2))
    assert one == two
    assert lesion_sites(np.full((80, 70, 20), -90.0), volume > -300, (2.0, 2.0, 4.0), 2, np.random.default_rng(0)) == ()


def test_noise_does_not_hide_soft_tissue_of_fine_pixels():
    rng = np.random.default_rng(1)
    volume = np.full((120, 120), 40.0) + rng.normal(scale=60, size=(120, 120))
    assert len(lesion_sites(volume, np.ones((120, 120), bool), (0.7, 0.7), 2, rng)) == 2
