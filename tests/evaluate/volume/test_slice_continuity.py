"""Jumps, blanks and repeats between slices are found; real volumes are not accused."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.volume.volumes import (
    assert_edges_are_said,
    assert_nan_outside_the_mask_changes_nothing,
    assert_real_volumes_lie_at_the_floor,
    assert_worsens_until_found,
)
from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import Footing
from synthassay.evaluate.volume.slice_continuity import continuity
from synthassay.evaluate.volume.slices import volume_of
from synthassay.images.specimen import Specimen


def test_real_volumes_lie_at_the_floor(judge):
    assert_real_volumes_lie_at_the_floor(judge, "slice_continuity")


def test_edges_are_said_and_not_guessed(brains):
    assert_edges_are_said("slice_continuity", brains)


def test_nan_outside_the_mask_changes_nothing(brains):
    assert_nan_outside_the_mask_changes_nothing("slice_continuity", brains)


@pytest.mark.parametrize(
    ("failure", "severities"),
    [
        ("slice_jitter", (0.0, 1.0, 4.0)),
        ("slice_dropout", (0.0, 2.0, 10.0)),
        ("slice_repetition", (0.0, 2.0, 10.0)),
        ("volume_discontinuity", (0.0, 2.0, 8.0)),
    ],
)
def test_failures_between_slices_are_found(judge, failure, severities):
    assert_worsens_until_found(judge, "slice_continuity", failure, severities)


def test_a_failure_along_one_axis_shows_along_that_axis(judge):
    found = {f.stratum: f.value for f in judge("slice_continuity", "slice_repetition", 5.0)}
    assert max(found, key=found.get) == "axis=z"


def test_differences_are_per_millimetre(brains):
    volume = volume_of(brains[0], Footing(True, False, (2.0, 2.0, 2.0)))
    thick = volume_of(brains[0], Footing(True, False, (2.0, 2.0, 4.0)))
    assert continuity(thick, 2)[:3] == pytest.approx(continuity(volume, 2)[:3] - np.log(2))
    assert continuity(thick, 2)[3:] == pytest.approx(continuity(volume, 2)[3:], rel=1e-2)


def test_a_body_too_thin_to_tell_a_drift_is_not_measured():
    pixels = np.random.default_rng(0).normal(size=(1, 24, 24, 24))
    thin = np.zeros((24, 24, 24), bool)
    thin[:, ::2, ::2] = True  # enough places in each slice, and none with a neighbour on either side
    specimen = Specimen(pixels, case="hole", subject="hole", mask=thin)
    with pytest.raises(NotMeasured, match="too thin within its slices"):
        continuity(volume_of(specimen, Footing(masks=True, structures=False, spacing_mm=())), 0)
