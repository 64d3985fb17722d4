"""The ratio of gradients across and within slices, against numpy and injected failures."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.volume.volumes import (
    assert_edges_are_said,
    assert_nan_outside_the_mask_changes_nothing,
    assert_real_volumes_lie_at_the_floor,
    assert_worsens_until_found,
)
from synthassay.evaluate.anatomy.structures import Footing
from synthassay.evaluate.volume.gradient_ratio import ratios
from synthassay.evaluate.volume.slices import volume_of
from synthassay.images.specimen import Specimen


def test_real_volumes_lie_at_the_floor(judge):
    assert_real_volumes_lie_at_the_floor(judge, "gradient_ratio")


def test_edges_are_said_and_not_guessed(brains):
    assert_edges_are_said("gradient_ratio", brains)


def test_nan_outside_the_mask_changes_nothing(brains):
    assert_nan_outside_the_mask_changes_nothing("gradient_ratio", brains)


@pytest.mark.parametrize(("failure", "severities"), [("slice_jitter", (0.0, 1.0, 3.0))])
def test_slices_that_do_not_fit_raise_the_ratio(judge, failure, severities):
    assert_worsens_until_found(judge, "gradient_ratio", failure, severities)
    settings = judge("gradient_ratio", failure, severities[-1])[0].settings
    assert settings["synthetic_ratio_z"] > settings["real_ratio_z"]


def test_ratios_equal_numpys_gradients_and_know_the_spacing():
    rng = np.random.default_rng(0)
    pixels = rng.normal(size=(1, 12, 12, 12))
    specimen = Specimen(pixels, (1.0, 1.0, 3.0), mask=np.ones((12, 12, 12), bool))
    slopes = [np.abs(np.diff(pixels[0], axis=a)).mean() / mm for a, mm in enumerate(specimen.spacing_mm)]
    expected = [slopes[a] / np.mean([slopes[b] for b in range(3) if b != a]) for a in range(3)]
    found = ratios(volume_of(specimen, Footing(True, False, specimen.spacing_mm)))
    assert found == pytest.approx(expected)
