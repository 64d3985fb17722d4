"""C_T; covers leakage.cells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors

from evaluate.examination import assert_worsens
from evaluate.leakage.leakage_features import TRAINING, UNSEEN, copying, found, normal
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.cells import cells_for, data_copying, mann_whitney_z, nearest_distance, training_cells
from synthassay.records.vocabulary import Better


def distances(rows, training):
    return NearestNeighbors(n_neighbors=1).fit(training).kneighbors(rows)[0][:, 0]


def z_by_scipy(near, far):
    n, m = len(near), len(far)
    u = mannwhitneyu(near, far, alternative="less").statistic
    return (u - (n * m / 2 - 0.5)) / np.sqrt(n * m * (n + m + 1) / 12)


def test_one_cell_is_scipys_mann_whitney_statistic():
    judged = normal(90, 11) * 0.8
    expected = z_by_scipy(distances(judged, TRAINING), distances(UNSEEN, TRAINING))
    centre = training_cells(TRAINING, 1)
    assert data_copying(judged, UNSEEN, TRAINING, centre).value == pytest.approx(expected)


def test_cells_are_weighted_by_their_held_out_images():
    centres, judged = training_cells(TRAINING, 3), normal(200, 12)
    cells = [NearestNeighbors(n_neighbors=1).fit(centres).kneighbors(x)[1][:, 0] for x in (judged, UNSEEN, TRAINING)]
    zs, weights = [], []
    for cell in range(3):
        own, other, base = (x[at == cell] for x, at in zip((judged, UNSEEN, TRAINING), cells, strict=True))
        zs.append(z_by_scipy(distances(own, base), distances(other, base)))
        weights.append(len(other))
    assert min(weights) >= 10
    assert data_copying(judged, UNSEEN, TRAINING, centres).value == pytest.approx(np.average(zs, weights=weights))


def test_held_out_patients_lie_at_zero_and_copies_far_below():
    memo = {}
    honest, copied = found("c_t", normal(200, 8), memo), found("c_t", copying()[-1], memo)
    assert honest.interval.low < 0 < honest.interval.high
    assert honest.floor_interval.low < 0 < honest.floor_interval.high
    assert copied.interval.high < copied.floor_interval.low
    assert found("c_t", normal(200, 8) * 3, memo).value > 3


def test_more_copies_are_worse():
    memo = {}
    assert_worsens([found("c_t", rows, memo).value for rows in copying()], Better.TARGET, target=0.0)


def test_copies_in_one_region_are_not_made_up_for_by_distance_in_another():
    training = np.concatenate([normal(150, 1), normal(150, 2) + 30])
    unseen = np.concatenate([normal(100, 3), normal(100, 4) + 30])
    judged = np.concatenate([training[:50] + 0.01, 3 * normal(50, 5) + 30])
    whole = data_copying(judged, unseen, training, training_cells(training, 1)).value
    copied_half = data_copying(judged[:50], unseen[:100], training[:150], training_cells(training[:150], 1)).value
    assert abs(whole) < 2
    assert copied_half < -8


def test_a_cell_without_held_out_images_is_merged_and_one_without_judged_images_left_out():
    training = np.concatenate([normal(100, 1), normal(100, 2) + 40, normal(100, 3) - 40])
    centres = np.stack([training[i : i + 100].mean(0) for i in (0, 100, 200)])
    unseen = np.concatenate([normal(60, 4), normal(60, 5) + 40])
    judged = np.concatenate([normal(60, 6), normal(3, 7) + 40])
    result = data_copying(judged, unseen, training, centres)
    assert (result.merged, result.left_out) == (1, 1)
    assert abs(result.value) < 3
    with pytest.raises(NotMeasured, match="holds 10 synthetic"):
        data_copying(judged[60:], unseen, training, centres)


def test_settings_tell_what_became_of_the_cells():
    settings = found("c_t", normal(200, 8)).settings
    assert settings["cells"] == cells_for(100)
    assert {"cells_merged", "cells_left_out", "c_t_of_all_images"} <= set(settings)


def test_distances_and_ties():
    assert nearest_distance(UNSEEN, TRAINING) == pytest.approx(distances(UNSEEN, TRAINING) ** 2)
    tied = np.array([1.0, 2.0, 2.0, 3.0])
    assert mann_whitney_z(tied, tied) == pytest.approx(z_by_scipy(tied, tied))
