from __future__ import annotations

import numpy as np

from evaluate.features.radiomics.ibsi_phantom import assert_published, phantom_region
from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.glszm import glszm_features, glszm_matrix
from synthassay.evaluate.features.radiomics.region import region_of

PUBLISHED = {
    "SmallAreaEmphasis": 0.255,
    "LargeAreaEmphasis": 550,
    "LowGrayLevelZoneEmphasis": 0.253,
    "HighGrayLevelZoneEmphasis": 15.6,
    "SmallAreaLowGrayLevelEmphasis": 0.0256,
    "SmallAreaHighGrayLevelEmphasis": 2.76,
    "LargeAreaLowGrayLevelEmphasis": 503,
    "LargeAreaHighGrayLevelEmphasis": 1490,
    "GrayLevelNonUniformity": 1.4,
    "GrayLevelNonUniformityNormalized": 0.28,
    "SizeZoneNonUniformity": 1,
    "SizeZoneNonUniformityNormalized": 0.2,
    "ZonePercentage": 0.0676,
    "GrayLevelVariance": 2.64,
    "ZoneVariance": 331,
    "ZoneEntropy": 2.32,
}


def test_glszm_of_the_digital_phantom_is_as_published():
    assert_published(glszm_features(phantom_region()), PUBLISHED)


def test_zones_join_across_corners():
    diagonal = np.eye(4)
    counts, sizes = glszm_matrix(region_of(diagonal, None, Binning(width=1.0)))
    assert dict(zip(sizes.tolist(), counts[1].tolist(), strict=True))[4] == 1
