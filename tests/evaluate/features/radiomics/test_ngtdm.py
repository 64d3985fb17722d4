from __future__ import annotations

from itertools import product

import numpy as np

from evaluate.features.radiomics.ibsi_phantom import assert_published, phantom_region
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.ngtdm import ngtdm_features, ngtdm_matrix
from synthassay.evaluate.features.radiomics.region import region_of

PUBLISHED = {
    "Coarseness": 0.0296,
    "Contrast": 0.584,
    "Busyness": 6.54,
    "Complexity": 13.5,
    "Strength": 0.763,
}


def test_ngtdm_of_the_digital_phantom_is_as_published():
    assert_published(ngtdm_features(phantom_region()), PUBLISHED)


def by_definition(image, mask):
    """n_i and s_i after arXiv 1612.07003v11, section 3.10: elements without a neighbour in the region do not count."""
    counts, differences = np.zeros(image.max(), int), np.zeros(image.max())
    for at in np.argwhere(mask):
        around = [tuple(at + step) for step in product((-1, 0, 1), repeat=image.ndim) if any(step)]
        levels = [image[p] for p in around if all(0 <= x < n for x, n in zip(p, image.shape, strict=True)) and mask[p]]
        if levels:
            counts[image[tuple(at)] - 1] += 1
            differences[image[tuple(at)] - 1] += abs(image[tuple(at)] - np.mean(levels))
    return counts, differences


def test_lonely_elements_do_not_count():
    rng = np.random.default_rng(5)
    image, mask = rng.integers(1, 6, (12, 12)), rng.random((12, 12)) < 0.25
    image[tuple(np.argwhere(mask)[0])] = 1
    counts, differences = ngtdm_matrix(region_of(image, mask, Binning(width=1.0)))
    expected = by_definition(image, mask)
    assert counts.sum() < mask.sum()
    np.testing.assert_array_equal(counts, expected[0][: len(counts)])
    np.testing.assert_allclose(differences, expected[1][: len(counts)])


def test_a_flat_region_is_as_coarse_as_can_be():
    found = ngtdm_features(region_of(np.full((5, 5), 3.0), None, Binning(width=1.0)))
    assert found == {"Coarseness": 1e6, "Contrast": 0, "Busyness": 0, "Complexity": 0, "Strength": 0}
