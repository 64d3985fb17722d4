"""Flicker is told from drift, and found as it grows."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.volume.volumes import (
    assert_edges_are_said,
    assert_nan_outside_the_mask_changes_nothing,
    assert_real_volumes_lie_at_the_floor,
    assert_worsens_until_found,
)
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.volume.slice_flicker import flicker
from synthassay.evaluate.volume.slices import Volume


def test_real_volumes_lie_at_the_floor(judge):
    assert_real_volumes_lie_at_the_floor(judge, "slice_flicker")


def test_edges_are_said_and_not_guessed(brains):
    assert_edges_are_said("slice_flicker", brains)


def test_nan_outside_the_mask_changes_nothing(brains):
    assert_nan_outside_the_mask_changes_nothing("slice_flicker", brains)


def flickering(specimen, strength, rng):
    spread = specimen.pixels[0][specimen.mask].std()
    return specimen.replace(pixels=specimen.pixels + strength * spread * rng.normal(size=specimen.space[2]))


def test_flicker_is_found_as_it_grows_and_along_its_axis(brains):
    memo, found = {}, []
    for strength in (0.0, 0.05, 0.2):
        rng = np.random.default_rng(1)
        images = [flickering(s, strength, rng) for s in brains[:20]]
        found.append(METRICS.get("slice_flicker").compute(images, brains[20:], 0, real_memo=memo))
    values = [f[0].value for f in found]
    assert values == sorted(values)
    assert found[-1][0].interval.low > found[-1][0].floor_interval.high
    assert found[-1][0].settings["outlying_images"] == 1.0
    by_axis = {f.stratum: f.value for f in found[-1][1:]}
    assert max(by_axis, key=by_axis.get) == "axis=z"


def test_blank_slices_are_found(judge):
    assert_worsens_until_found(judge, "slice_flicker", "slice_dropout", (0.0, 2.0, 10.0))


def test_a_drift_is_no_flicker_and_an_alternation_is_one():
    base = np.random.default_rng(0).normal(size=(16, 16, 16))
    body = np.ones((16, 16, 16), bool)
    plain, drift, other = (
        flicker(Volume(base + extra, body, (1.0, 1.0, 1.0)), 2)
        for extra in (0.0, np.arange(16) / 2, 0.5 * (-1.0) ** np.arange(16))
    )
    assert drift == pytest.approx(plain, abs=1e-9)
    assert np.exp(other[0]) == pytest.approx(1.0, rel=0.1), "gain 2 of an amplitude of a half"
