"""Probabilistic principal components against scikit-learn's, and the moments of what they draw."""

from __future__ import annotations

import pytest
import torch
from sklearn.decomposition import PCA

from generators.labelled_pictures import Pictures, filled, rngs
from synthassay.generators.probabilistic_pca import fitted
from synthassay.networks.batch import Batch


@pytest.mark.parametrize("components", [1, 3, 7])
def test_the_covariance_is_that_of_scikit_learn(components):
    images = torch.randn(30, 8, generator=torch.Generator().manual_seed(0)).double() @ torch.randn(8, 8).double()
    mean, weights, sigma = fitted(images, components)
    oracle = PCA(components).fit(images.numpy())
    unbiased = 30 / 29  # scikit-learn's denominator is n - 1, the paper's n
    ours = (weights.T @ weights + sigma**2 * torch.eye(8).double()) * unbiased
    assert mean.numpy() == pytest.approx(oracle.mean_)
    assert ours.numpy() == pytest.approx(oracle.get_covariance(), rel=1e-9, abs=1e-9)


def test_images_have_the_mean_and_the_variance_of_their_class():
    made, pictures = filled("probabilistic_pca", components=12), Pictures()
    for label in (0, 1):
        real = pictures.target[pictures.label == label]
        images = made.sample(Batch(label=torch.full((3000,), label)), rngs(3000))
        assert (images.mean(0) - real.mean(0)).abs().max() < 0.06
        ours, theirs = images.var(0).sum(), real.var(0, unbiased=False).sum()
        assert 0.9 < float(ours / theirs) < 1.02  # clipped to the window, hence a little less


def test_an_image_depends_on_its_seed_and_class_alone():
    made = filled("probabilistic_pca")
    condition = Batch(label=torch.tensor([0, 1, 1, 0]))
    images = made.sample(condition, rngs(4))
    assert torch.equal(images[2:3], made.sample(Batch(label=condition.label[2:3]), [rngs(4)[2]]))
    assert float(images.abs().max()) <= 1


def test_more_components_than_images_allow_are_left_empty_and_one_image_is_refused():
    _, weights, _ = fitted(torch.randn(3, 9).double(), 5)
    assert (weights.square().sum(1) > 1e-9).tolist() == [True, True, False, False, False]

    class One(Pictures):
        def __len__(self) -> int:
            return 4  # one picture of class 1

    made = filled("probabilistic_pca")
    with pytest.raises(ValueError, match="class 1 has 1 training images; 2 are needed"):
        made.prepare(One(), torch.Generator().manual_seed(0))
