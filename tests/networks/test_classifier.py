"""The classifier learns what can be learnt, forgets nothing between equal runs, and leaves torch as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from synthassay.networks.classifier import class_probabilities, fit_classifier, on_grid
from synthassay.stats.roc import mean_auc


def striped(count, seed, dimensions=2):
    """Class 1 has stripes along the last axis, class 0 along the one before."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    wave = np.sin(np.arange(16) * 1.3)
    shape = (1,) * dimensions
    along = wave.reshape(*shape[:-1], 16)
    across = wave.reshape(*shape[:-2], 16, 1)
    pictures = [np.broadcast_to(along if label else across, (16,) * dimensions) for label in labels]
    noise = rng.normal(scale=1.0, size=(count, 1, *(16,) * dimensions))
    return (np.stack(pictures)[:, None] * 0.5 + noise).astype(np.float32), labels


@pytest.mark.parametrize("dimensions", [2, 3])
def test_classes_that_differ_are_told_apart(dimensions):
    model = fit_classifier(*striped(64, 0, dimensions), 2, steps=40, seed=1)
    images, truth = striped(60, 1, dimensions)
    assert mean_auc(class_probabilities(model, images), truth)[0] > 0.95


def test_labels_without_meaning_teach_nothing():
    images, _ = striped(200, 0)
    meaningless = np.random.default_rng(9).integers(0, 2, 200)
    model = fit_classifier(images, meaningless, 2, steps=15, seed=1)
    fresh, _ = striped(200, 5)
    truth = np.random.default_rng(10).integers(0, 2, 200)
    assert 0.35 < mean_auc(class_probabilities(model, fresh), truth)[0] < 0.65


def test_the_same_seed_gives_the_same_classifier_and_another_seed_another():
    def scores(seed):
        return class_probabilities(fit_classifier(*striped(32, 0), 2, steps=5, seed=seed), striped(8, 1)[0])

    np.testing.assert_array_equal(scores(3), scores(3))
    assert (scores(3) != scores(4)).any()


def test_torchs_own_stream_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    fit_classifier(*striped(16, 0), 2, steps=1, seed=3)
    assert torch.equal(torch.rand(1), expected)


def test_a_rare_class_is_shown_as_often_as_a_common_one():
    images, labels = striped(120, 0)
    kept = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:6]])
    model = fit_classifier(images[kept], labels[kept], 2, steps=40, seed=1)
    fresh, truth = striped(100, 1)
    share = (class_probabilities(model, fresh).argmax(1)[truth == 1] == 1).mean()
    assert share > 0.5


def test_large_images_are_averaged_to_the_grid_and_the_range_becomes_one():
    images = np.random.default_rng(0).uniform(0, 255, (2, 1, 128, 96)).astype(np.float32)
    small = on_grid(images, (0.0, 255.0))
    assert small.shape == (2, 1, 64, 64)
    oracle = functional.adaptive_avg_pool2d(torch.from_numpy(images), (64, 64)).numpy() / 127.5 - 1
    np.testing.assert_allclose(small, oracle, atol=1e-5)
    np.testing.assert_allclose(on_grid(np.array([[[[-1024.0, 3071.0]]]]), (-1024.0, 3071.0)), [[[[-1, 1]]]])
