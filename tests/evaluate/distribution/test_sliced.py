from __future__ import annotations

import numpy as np
import ot
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution import sliced
from synthassay.evaluate.distribution.sliced import directions, sliced_distance


@pytest.mark.parametrize("sizes", [(70, 70), (70, 45), (13, 200)])
def test_it_equals_pot_along_the_same_directions(sizes):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(sizes[0], 9)), rng.gamma(2.0, size=(sizes[1], 9))
    along = np.array(directions(9, 64))
    expected = ot.sliced_wasserstein_distance(first, second, projections=along, p=2)
    assert sliced_distance(first, second, along) == pytest.approx(float(expected), rel=1e-10)


def test_directions_are_unit_vectors_and_never_change():
    assert np.linalg.norm(directions(7), axis=0) == pytest.approx(np.ones(sliced.PROJECTIONS))
    assert directions(7) is directions(7)
    with pytest.raises(ValueError, match="read-only"):
        directions(7)[0] = 1


def test_a_shift_has_its_closed_form():
    rows = np.random.default_rng(1).normal(size=(50, 4))
    shift = np.array([3.0, 0.0, 0.0, 0.0])
    assert sliced_distance(rows, rows + shift) == pytest.approx(3 * np.sqrt((directions(4)[0] ** 2).mean()))
    assert sliced_distance(rows, rows[::-1]) == 0


def test_the_size_of_the_pieces_changes_nothing(monkeypatch):
    first, second = (np.random.default_rng(s).normal(size=(40, 5)) for s in range(2))
    whole = sliced_distance(first, second)
    monkeypatch.setattr(sliced, "AT_ONCE", 500)
    assert sliced_distance(first, second) == pytest.approx(whole, rel=1e-12)


def test_an_empty_set_has_no_distance():
    with pytest.raises(NotMeasured, match="without images"):
        sliced_distance(np.ones((0, 3)), np.ones((4, 3)))
