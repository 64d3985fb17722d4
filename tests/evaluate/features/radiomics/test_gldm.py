from __future__ import annotations

from evaluate.features.radiomics.ibsi_phantom import assert_published, phantom_region
from synthassay.evaluate.features.radiomics.gldm import gldm_features

PUBLISHED = {
    "SmallDependenceEmphasis": 0.045,
    "LargeDependenceEmphasis": 109,
    "LowGrayLevelEmphasis": 0.693,
    "HighGrayLevelEmphasis": 7.66,
    "SmallDependenceLowGrayLevelEmphasis": 0.00963,
    "SmallDependenceHighGrayLevelEmphasis": 0.736,
    "LargeDependenceLowGrayLevelEmphasis": 102,
    "LargeDependenceHighGrayLevelEmphasis": 235,
    "GrayLevelNonUniformity": 37.9,
}


def test_gldm_of_the_digital_phantom_is_as_published():
    assert_published(gldm_features(phantom_region()), PUBLISHED)
