"""Reinhard statistics: the CIE's own formulas as oracle; tissue alone counts."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import mixture, one_field
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.reinhard_distance import reinhard_distance
from synthassay.images.stain import optical_density, tissue_of
from synthassay.records.vocabulary import Better, Unit

MEAN, SD = "statistic=mean", "statistic=SD"
TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)  # ITU-R BT.709 primaries, D65


def lab(picture):
    """CIE 15:2004 from sRGB (IEC 61966-2-1), ``3 pixels``."""
    light = picture.reshape(3, -1) / 255
    linear = np.where(light > 0.04045, ((light + 0.055) / 1.055) ** 2.4, light / 12.92)
    ratio = TO_XYZ @ linear / np.array([[0.95047], [1.0], [1.08883]])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_it_follows_the_formulas_of_the_cie():
    real, other = mixture(seed=1), mixture(seed=2, strength=0.7)
    colours = [lab(tile)[:, tissue_of(optical_density(tile)).ravel()] for tile in (other, real)]
    found = reinhard_distance(other, real, Unit.RGB)
    assert found[MEAN] == pytest.approx(np.linalg.norm(colours[0].mean(1) - colours[1].mean(1)), abs=1e-3)
    assert found[SD] == pytest.approx(np.linalg.norm(colours[0].std(1) - colours[1].std(1)), abs=1e-3)


def test_more_glass_beside_the_same_tissue_changes_nothing():
    tile, white = mixture(), np.full((3, 96, 200), 255.0)
    wide = np.concatenate([tile, white], axis=2)
    padded = np.concatenate([np.rint(tile), white], axis=2)
    assert reinhard_distance(padded, wide, Unit.RGB)[MEAN] < 0.1
    whole = np.linalg.norm(lab(wide).mean(1) - lab(tile).mean(1))
    assert whole > 20


def test_it_grows_as_the_colour_drifts():
    real = mixture()
    tiles = [np.clip(real + step * np.array([1.0, -1.0, 0.5])[:, None, None], 0, 255) for step in (0, 4, 12, 30)]
    found = [reinhard_distance(tile, real, Unit.RGB) for tile in tiles]
    assert_worsens([one[MEAN] for one in found], Better.LOWER)
    assert found[0] == {MEAN: 0.0, SD: 0.0}


def test_scanners_differ_by_far_more_than_is_visible(real_data):
    field = one_field(real_data)
    for name in ("nz210", "nz2", "3dhistech", "leica"):
        assert reinhard_distance(field[name], field["aperio"], Unit.RGB)[MEAN] > 5


def test_glass_has_no_colour_of_tissue():
    with pytest.raises(NotMeasured, match="0 pixels of tissue"):
        reinhard_distance(np.full((3, 60, 60), 245.0), np.full((3, 60, 60), 245.0), Unit.RGB)
