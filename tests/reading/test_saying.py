"""Sentences say what was shown, and never more."""

from __future__ import annotations

from reading.studies import simulated
from synthassay.reading.analysis import Order, analyse
from synthassay.reading.generalising import Judging


def says(*separations, margin=None, **sizes):
    return " ".join(analyse(simulated(*separations, **sizes), Order(judging=Judging(0.5, margin))).says)


def test_a_difference_that_was_shown():
    text = says(2.0, 1.0, seed=1)
    assert "A difference was shown for other readers and other cases" in text
    assert "0." in text


def test_none_shown_is_not_none_there():
    assert "which does not show that there is none" in says(1.0, 1.0, readers=3, cases=15, seed=2)


def test_equivalence_needs_a_margin():
    large = {"readers": 10, "cases": 300, "seed": 3}
    assert "equivalent" not in says(1.5, 1.5, **large)
    assert "They are equivalent within the margin of 0.05" in says(1.5, 1.5, margin=0.05, **large)


def test_non_inferiority_is_told_with_its_direction():
    text = says(2.3, 1.6, margin=0.05, readers=8, cases=150, seed=4)
    assert "t1 is not worse than t2 by the margin of 0.05" in text
    assert "equivalence was not shown" in text
    small = says(1.5, 1.5, margin=0.01, readers=3, cases=15, seed=5)
    assert "Neither equivalence nor non-inferiority" in small


def test_fixed_readers_are_named_as_what_they_are():
    found = analyse(simulated(2.0, 1.0, seed=1), Order(fixed="readers"))
    assert found.headline == "frrc"
    assert "for these readers and other cases" in found.says[0]


def test_no_reader_is_named():
    ratings = simulated(2.0, 1.0, seed=1)
    assert not any(reader in line for line in analyse(ratings, Order()).says for reader in ratings.readers)
