"""The downstream classifier: learns what is there, nothing that is not, the same from the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from networks.test_classifier import striped
from synthassay.networks.classifying import fit_network, new_network, one_thread, probabilities
from synthassay.stats.roc import mean_auc


def trained(dimensions=2, seed=1, steps=30, augment=False):
    pixels, labels = striped(64, 0, dimensions)
    model = new_network(1, 2, dimensions, seed)
    return fit_network(model, pixels, labels.astype(np.intp), steps=steps, seed=seed, augment=augment)


@pytest.mark.parametrize(("dimensions", "augment"), [(2, False), (2, True), (3, False), (3, True)])
def test_classes_that_differ_are_told_apart(dimensions, augment):
    pixels, labels = striped(60, 5, dimensions)
    found = probabilities(trained(dimensions, augment=augment), pixels)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert mean_auc(found.astype(float), labels)[0] > 0.9


def test_equal_seeds_give_equal_networks():
    pixels, _ = striped(20, 5)
    one, two, other = (probabilities(trained(seed=seed, steps=3), pixels) for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_noise_teaches_nothing():
    rng = np.random.default_rng(3)
    pixels = rng.normal(size=(200, 1, 16, 16)).astype(np.float32)
    labels = np.arange(200) % 2
    model = fit_network(new_network(1, 2, 2, 1), pixels[:100], labels[:100], steps=30, seed=1, augment=False)
    assert abs(mean_auc(probabilities(model, pixels[100:]).astype(float), labels[100:])[0] - 0.5) < 0.15


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
