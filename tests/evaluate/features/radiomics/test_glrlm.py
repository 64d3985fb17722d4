from __future__ import annotations

import numpy as np

from evaluate.features.radiomics.ibsi_phantom import assert_published, phantom_region
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.glrlm import features_of, glrlm_matrices
from synthassay.evaluate.features.radiomics.region import region_of

PUBLISHED = {
    "ShortRunEmphasis": 0.729,
    "LongRunEmphasis": 2.76,
    "LowGrayLevelRunEmphasis": 0.607,
    "HighGrayLevelRunEmphasis": 9.64,
    "ShortRunLowGrayLevelEmphasis": 0.372,
    "ShortRunHighGrayLevelEmphasis": 8.67,
    "LongRunLowGrayLevelEmphasis": 2.16,
    "LongRunHighGrayLevelEmphasis": 15.6,
    "GrayLevelNonUniformity": 281,
    "GrayLevelNonUniformityNormalized": 0.43,
    "RunLengthNonUniformity": 328,
    "RunLengthNonUniformityNormalized": 0.501,
    "GrayLevelVariance": 3.48,
    "RunVariance": 0.598,
    "RunEntropy": 2.62,
}


def test_glrlm_of_the_digital_phantom_is_as_published():
    region = phantom_region()
    assert_published(features_of(glrlm_matrices(region).sum(0, keepdims=True)), PUBLISHED)


def test_a_direction_without_company_is_left_out():
    mask = np.zeros((5, 5), bool)
    mask[2] = True  # one row: only its own direction holds two elements in a line
    assert len(glrlm_matrices(region_of(np.zeros((5, 5)), mask, Binning(width=1.0)))) == 1
