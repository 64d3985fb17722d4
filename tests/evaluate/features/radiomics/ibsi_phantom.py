"""The digital phantom of the Image Biomarker Standardisation Initiative and its published reference values.

Phantom: 5 x 4 x 4 voxels, 74 in the region; arXiv 1612.07003v11, section 5.1 (here z y x; 9 is outside). Reference
values are the initiative's consensus, printed to three digits; texture for the 3D aggregation, co-occurrence and run
lengths merged over directions.
"""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.evaluate.features.radiomics.discretise import Binning
from synthassay.evaluate.features.radiomics.region import Region, region_of

OUTSIDE = 9
PHANTOM = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [9, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 9, 9], [1, 1, 1, 1, 1], [1, 1, 9, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 9, 9], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)


def phantom_region() -> Region:
    return region_of(PHANTOM, PHANTOM != OUTSIDE, Binning(width=1.0))


def assert_published(found: dict[str, float], published: dict[str, float]) -> None:
    """Equal to the digits that were printed."""
    for name, value in published.items():
        digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 3
        assert round(found[name], digits) == pytest.approx(value, abs=1.01 * 10.0**-digits / 2), name
