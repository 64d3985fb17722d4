from __future__ import annotations

import numpy as np

from evaluate.features.radiomics.ibsi_phantom import PHANTOM, assert_published, phantom_region
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.glcm import features_of, glcm_features, glcm_matrices
from synthassay.evaluate.features.radiomics.region import region_of

PUBLISHED = {
    "MaximumProbability": 0.509,
    "JointAverage": 2.15,
    "SumSquares": 3.13,
    "JointEntropy": 2.57,
    "DifferenceAverage": 1.38,
    "DifferenceVariance": 3.21,
    "DifferenceEntropy": 1.64,
    "SumAverage": 4.3,
    "SumEntropy": 2.11,
    "JointEnergy": 0.291,
    "Contrast": 5.12,
    "Id": 0.688,
    "Idn": 0.856,
    "Idm": 0.631,
    "Idmn": 0.902,
    "InverseVariance": 0.0574,
    "Correlation": 0.183,
    "Autocorrelation": 5.19,
    "ClusterTendency": 7.41,
    "ClusterShade": 17.4,
    "ClusterProminence": 147,
    "Imc1": -0.0288,
    "Imc2": 0.269,
}


def test_glcm_of_the_digital_phantom_is_as_published():
    region = phantom_region()
    assert_published(features_of(glcm_matrices(region).sum(0, keepdims=True), region.levels), PUBLISHED)


def test_slice_counts_equal_the_published_matrix():
    # arXiv 1612.07003v11, section 8.2 (2D merged, first slice)
    counts = glcm_matrices(region_of(PHANTOM[0], None, Binning(width=1.0))).sum(0)
    published = {(1, 1): 22, (1, 4): 17, (1, 6): 6, (4, 4): 16, (4, 6): 11, (6, 6): 4}
    assert {(i + 1, j + 1): int(counts[i, j]) for i, j in np.argwhere(counts) if i <= j} == published


def test_a_flat_region_has_declared_values():
    found = glcm_features(region_of(np.full((5, 5), 3.0), None, Binning(count=8)))
    assert (found["Correlation"], found["MCC"], found["Imc1"], found["Imc2"], found["Contrast"]) == (1, 1, 0, 0, 0)


def test_elements_that_do_not_touch_have_no_texture():
    mask = np.zeros((5, 5), bool)
    mask[0, 0] = mask[4, 4] = True
    found = glcm_features(region_of(np.arange(25.0).reshape(5, 5), mask, Binning(width=1.0)))
    assert np.isnan(list(found.values())).all()
