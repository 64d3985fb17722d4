from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthassay.reading.orders import (
    balanced_positions,
    choose_repeats,
    insert_repeats,
    spread,
    spread_places,
    williams_square,
)


@given(st.integers(1, 60), st.integers(2, 8), st.integers(0, 99))
def test_positions_are_balanced_to_one(trials, positions, seed):
    counts = Counter(balanced_positions(trials, positions, np.random.default_rng(seed)))
    numbers = [counts[position] for position in range(positions)]
    assert max(numbers) - min(numbers) <= 1


def test_a_reader_who_always_clicks_right_is_at_chance():
    """Inserting with randint(0, n) into n - 1 items, as another tool does, gives that reader two thirds in 2-AFC."""
    rng = np.random.default_rng(0)
    theirs = np.mean([min(int(rng.integers(0, 3)), 1) == 1 for _ in range(6000)])
    ours = np.mean([place == 1 for place in balanced_positions(60, 2, rng)])
    assert theirs == pytest.approx(2 / 3, abs=0.02)
    assert ours == 0.5


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_williams_squares_balance_places_and_neighbours(n):
    rows = williams_square(n)
    places = Counter((place, arm) for row in rows for place, arm in enumerate(row))
    after = Counter((a, b) for row in rows for a, b in itertools.pairwise(row))
    assert set(places.values()) == {len(rows) // n}
    assert len(places) == n * n
    assert set(after.values()) == {len(rows) // n}
    assert len(after) == n * (n - 1)


def test_strata_are_spread_over_blocks():
    units = list(range(20))
    strata = [i % 2 for i in units]
    blocks = spread(units, strata, 3, np.random.default_rng(4))
    assert sorted(unit for block in blocks for unit in block) == units
    for stratum in (0, 1):
        counts = [sum(unit % 2 == stratum for unit in block) for block in blocks]
        assert max(counts) - min(counts) <= 1
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


@given(st.integers(1, 50), st.floats(0, 1), st.integers(1, 20), st.integers(0, 9))
def test_repeats_come_after_the_gap(units, share, gap, seed):
    rng = np.random.default_rng(seed)
    repeated = choose_repeats(units, share, gap, rng)
    order = insert_repeats(units, repeated, gap, rng)
    first = {index: place for place, (index, again) in enumerate(order) if not again}
    for place, (index, again) in enumerate(order):
        assert not again or place - first[index] >= gap + 1
    assert sorted(index for index, again in order if again) == repeated
    assert len(repeated) == min(max(0, units - gap), int(np.ceil(share * units - 1e-9)))


def test_catch_trials_are_spread_and_never_first():
    places = spread_places(3, 30, np.random.default_rng(0))
    assert 1 <= places[0] <= 11 <= places[1] + 1 <= 21 <= places[2] + 1 <= 31
