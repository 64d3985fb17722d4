"""Seams at tile borders: period and offset found blind, in pictures and volumes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.volume.volumes import (
    assert_edges_are_said,
    assert_nan_outside_the_mask_changes_nothing,
    assert_real_volumes_lie_at_the_floor,
    assert_worsens_until_found,
)
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.volume.seam_index import seam_along
from synthassay.evaluate.volume.slices import Volume
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit


def test_real_volumes_lie_at_the_floor(judge):
    assert_real_volumes_lie_at_the_floor(judge, "seam_index")


def test_edges_are_said_and_not_guessed(brains):
    assert_edges_are_said("seam_index", brains)


def test_nan_outside_the_mask_changes_nothing(brains):
    assert_nan_outside_the_mask_changes_nothing("seam_index", brains)


def test_seams_are_found_as_they_grow(judge):
    assert_worsens_until_found(judge, "seam_index", "tile_seams", (0.0, 10.0, 40.0))


def tiled(size, offset, *, step=0.3, seed=0):
    """A smooth picture whose tiles of ``size`` begin at ``offset`` and each have a level of their own."""
    rng = np.random.default_rng(seed)
    picture = ndimage.gaussian_filter(rng.normal(size=(96, 96)), 2) * 7
    columns = (np.arange(96) - offset) // size
    levels = step * (-1.0) ** np.arange(columns.max() - columns.min() + 1)
    return picture + levels[columns - columns.min()]


@pytest.mark.parametrize(("size", "offset"), [(16, 0), (24, 5), (11, 3)])
def test_period_and_offset_are_found_blind_and_the_size_may_be_told(size, offset):
    volume = Volume(tiled(size, offset, step=1.0), np.ones((96, 96), bool), (1.0, 1.0))
    blind, told = seam_along(volume, 1), seam_along(volume, 1, tile=size)
    assert (blind.period, blind.offset) == (told.period, told.offset) == (size, offset)
    assert blind.excess > 1
    assert seam_along(volume, 0).strength < blind.strength


def test_pictures_and_stained_sections_are_judged_too():
    def section(i, step):
        pixels = np.stack([tiled(24, 0, step=step, seed=i)] * 3)
        return Specimen(100 + pixels, unit=Unit.RGB, case=str(i), subject=str(i))

    real = [section(i, 0.0) for i in range(40)]
    found = METRICS.get("seam_index").compute([section(100 + i, 0.5) for i in range(20)], real, 0)[0]
    assert found.settings["period_columns"] == 24
    assert found.settings["outlying_images"] >= 0.9
    assert found.interval.low > found.floor_interval.high
