"""Rows of descriptors against scipy's Wasserstein distance; memory of real volumes is shared, never the number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.volume.against_real import standardised_wasserstein


def test_the_statistic_is_the_root_mean_square_of_scipys_distances():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(30, 4)), rng.normal(1, 2, size=(40, 4))
    expected = [wasserstein_distance(one[:, j], other[:, j]) / other[:, j].std() for j in range(4)]
    people = [str(i) for i in range(40)]
    found = standardised_wasserstein(Sample.of(one, people[:30]), Sample.of(other, people))
    assert found == pytest.approx(np.sqrt(np.mean(np.square(expected))))


def test_training_volumes_teach_the_detector_and_change_no_value(judge, brains):
    alone = judge("gradient_ratio")[0]
    memo = {}
    more = METRICS.get("gradient_ratio").compute(
        brains[:20], brains[20:45], 0, training_specimens=brains[45:], real_memo=memo
    )[0]
    without = METRICS.get("gradient_ratio").compute(brains[:20], brains[20:45], 0)[0]
    assert more.value == without.value
    assert alone.settings["real_volumes_learnt_from"] == more.settings["real_volumes_learnt_from"] == 50
    again = METRICS.get("gradient_ratio").compute(
        brains[:20], brains[20:45], 0, training_specimens=brains[45:], real_memo=memo
    )[0]
    assert again == more


def test_a_statistic_is_declared_for_who_draws_many_samples():
    for name in ("slice_continuity", "gradient_ratio", "slice_flicker", "structure_continuity", "seam_index"):
        assert METRICS.get(name).statistic is standardised_wasserstein
