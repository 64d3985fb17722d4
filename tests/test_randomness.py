import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthassay.randomness import derive, stream

names = st.lists(st.one_of(st.text(max_size=8), st.integers(0, 99)), min_size=1, max_size=3)


@given(st.integers(0, 2**62), names)
def test_same_path_same_seed(seed, path):
    assert derive(seed, *path) == derive(seed, *path)
    assert 0 <= derive(seed, *path) < 2**63


@given(st.integers(0, 2**62), names, names)
def test_other_path_other_seed(seed, one, other):
    assert (derive(seed, *one) == derive(seed, *other)) == (one == other)


def test_a_known_value_guards_against_change_of_the_map():
    assert derive(1, "a", 2) == 0x6E9CC97551FFEF83


def test_streams_are_independent():
    one, other = stream(3, "a").standard_normal(20_000), stream(3, "b").standard_normal(20_000)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
