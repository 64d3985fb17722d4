"""Structures that end, begin or break off between slices are counted and found."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.volume.volumes import (
    assert_edges_are_said,
    assert_nan_outside_the_mask_changes_nothing,
    assert_real_volumes_lie_at_the_floor,
    assert_worsens_until_found,
)
from synthassay.evaluate.volume.structure_continuity import ends


def test_real_volumes_lie_at_the_floor(judge):
    assert_real_volumes_lie_at_the_floor(judge, "structure_continuity")


def test_edges_are_said_and_not_guessed(brains):
    assert_edges_are_said("structure_continuity", brains)


def test_nan_outside_the_mask_changes_nothing(brains):
    assert_nan_outside_the_mask_changes_nothing("structure_continuity", brains)


@pytest.mark.parametrize("failure", ["slice_dropout", "slice_jitter"])
def test_structures_that_break_off_are_found(judge, failure):
    assert_worsens_until_found(judge, "structure_continuity", failure, (0.0, 3.0, 6.0 if "jitter" in failure else 10.0))


def test_ends_equal_a_count_by_hand():
    structure = np.zeros((6, 6, 8), bool)
    structure[1:3, 1:3, 0:5] = True  # goes on beyond the picture, ends at 4
    structure[4, 4, 2] = True  # an island
    structure[4, 4, 7] = True  # after two empty slices, cut off by the picture
    assert ends(structure, 2, cut=(True, True)).tolist() == [4, 1, 2]
    assert ends(structure, 2).tolist() == [6, 2, 2]


def test_parts_that_touch_only_at_a_corner_between_slices_do_not_go_on():
    diagonal = np.zeros((4, 4, 2), bool)
    diagonal[1, 1, 0] = diagonal[2, 2, 1] = True
    assert ends(diagonal, 2).tolist() == [4, 2, 0]
