"""Agreement of outlines, against an independent implementation; learning curves and their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.meandice import compute_dice

from synthassay.errors import NotMeasured
from synthassay.evaluate.utility.arms import Arm, Outlines, agreement, known_distances, paired_p, weighted_mean, worth


def one_hot(labels: np.ndarray, classes: int):
    import torch

    return torch.from_numpy(np.stack([labels == i for i in range(classes + 1)])[None].astype(np.float32))


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("seed", range(3))
def test_dice_and_distance_are_those_of_monai(seed):
    rng = np.random.default_rng(seed)
    drawn, found = np.zeros((2, 24, 22, 20), int)
    for label, at in ((1, 3), (2, 12)):
        shift = rng.integers(-2, 3, 3)
        drawn[at : at + 6, 4:12, 4:11] = label
        found[tuple(slice(a + s, b + s) for a, b, s in zip((at, 4, 4), (at + 6, 12, 11), shift, strict=True))] = label
    dice, distance = agreement(found, drawn, 2, (1.0, 1.0, 1.0))
    theirs = compute_dice(one_hot(found, 2), one_hot(drawn, 2), include_background=False)[0]
    np.testing.assert_allclose(dice, theirs.numpy(), atol=1e-6)
    hausdorff = compute_hausdorff_distance(one_hot(found, 2), one_hot(drawn, 2), percentile=95)[0]
    # theirs counts voxels of the border, ours areas of the surface between voxels: near, not equal
    np.testing.assert_allclose(distance, hausdorff.numpy(), atol=1.01)


def test_a_missing_structure_has_the_worst_value_and_agreed_absence_the_best():
    drawn, found = np.zeros((2, 12, 9), int)
    drawn[2:6, 2:6] = 1
    found[2:6, 2:6] = 2
    dice, distance = agreement(found, drawn, 3, (1.0, 2.0))
    assert dice == [0.0, 0.0, 1.0]
    assert distance == [pytest.approx(np.hypot(12, 18)), pytest.approx(np.hypot(12, 18)), 0.0]
    assert agreement(drawn * 0, drawn * 0, 2, (1.0, 2.0)) == ([1.0, 1.0], [0.0, 0.0])


def test_a_distance_without_spacing_is_not_measured():
    drawn = np.zeros((8, 8), int)
    drawn[2:5, 2:5] = 1
    dice, distance = agreement(drawn, drawn, 1, ())
    assert dice == [1.0]
    with pytest.raises(NotMeasured, match="unknown"):
        known_distances(Outlines(np.array([[dice]]), np.array([[distance]])))


def test_arms_say_what_they_need():
    assert Arm(0.0).needs_synthetic and Arm(0.5, first=True).needs_synthetic and Arm(0.5, 1.0).needs_synthetic
    assert not Arm(0.5).needs_synthetic and not Arm(0.5, classical=True).needs_synthetic
    assert Arm(0.5, 1.0, classical=True).without == Arm(0.5, classical=True)
    assert Arm(0.5, first=True).without == Arm(0.5)


def test_a_learning_curve_that_dips_is_made_to_rise():
    assert worth([(2, 0.5), (8, 0.4), (32, 0.9)], 0.7) == worth([(2, 0.5), (8, 0.5), (32, 0.9)], 0.7)
    assert worth([(4, 0.5), (16, 0.7)], 0.7) == (16.0, "at least")


def test_weighted_means_are_numpys():
    rng = np.random.default_rng(0)
    values, weights = rng.random(9), rng.integers(0, 4, (5, 9)).astype(float)
    expected = [np.average(values, weights=w) for w in weights]
    np.testing.assert_allclose(weighted_mean(values, np.zeros(9, int), weights), expected)


def test_p_is_of_patients_mean_differences():
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 3, 10))
    subjects = [f"s{i // 2}" for i in range(10)]
    assert 0 < paired_p(one, other, subjects) <= 1
    assert paired_p(one + 1, other, subjects) < 0.01
