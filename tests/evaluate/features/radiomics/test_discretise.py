from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthassay.errors import SpecError
from synthassay.evaluate.features.radiomics.discretise import Binning


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.floats(-3000, 3000), min_size=2, max_size=40),
    st.one_of(st.floats(1.5, 200).map(lambda w: Binning(width=w)), st.integers(2, 64).map(lambda n: Binning(count=n))),
)
def test_levels_are_what_digitize_gives(values, binning):
    values = np.array(values)
    levels = binning.levels(values)
    np.testing.assert_array_equal(levels, np.digitize(values, binning.edges(values.min(), values.max())))
    assert levels.min() == 1
    assert levels.max() == 1 or np.ptp(values) > 0


def test_a_fixed_width_gives_a_unit_one_level_wherever_the_image_begins():
    step = Binning(width=25.0).levels(np.array([-1000.0, 30.0, 49.9, 50.0]))
    assert step[1] == step[2] == step[3] - 1
    assert step[1] - step[0] == 41


def test_a_flat_region_has_one_level():
    for binning in (Binning(width=25.0), Binning(count=32)):
        assert set(binning.levels(np.full(5, 50.0))) == {1}


@pytest.mark.parametrize("bad", [{}, {"width": 1.0, "count": 4}, {"width": 0.0}, {"width": float("nan")}, {"count": 1}])
def test_impossible_bins_are_refused(bad):
    with pytest.raises(SpecError, match="bin"):
        Binning(**bad)


def test_a_width_that_would_give_a_level_per_value_is_refused():
    with pytest.raises(SpecError, match="more than 4096 grey levels"):
        Binning(width=0.001).levels(np.array([-1000.0, 3000.0]))
