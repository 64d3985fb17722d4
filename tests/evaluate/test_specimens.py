import numpy as np
import pytest

from evaluate.sets import fields, images, paired
from synthassay.errors import ImageError
from synthassay.evaluate.specimens import Specimens


def drawing(name, count, like, size=24):
    cases = [entry.case for entry in like.entries]
    made = images(name, np.full((count, 1, size, size), 3, np.int32))
    from dataclasses import replace

    return type(made)(name, tuple(replace(e, case=c) for e, c in zip(made.entries, cases, strict=False)))


def test_an_image_comes_with_what_is_drawn_on_it():
    real = images("test", fields(4, 0))
    specimens = Specimens.by_case(real, {"structures": drawing("structures", 3, real)}, {3: "heart"})
    assert len(specimens) == 4
    first = specimens[0]
    assert first.structures.shape == first.space == (24, 24)
    assert first.structure_names[int(first.structures[0, 0])] == "heart"
    assert first.mask is None
    assert specimens[3].structures is None, "nothing is drawn on the last"
    assert [s.case for s in specimens] == real.cases
    assert [s.case for s in specimens[1:3]] == real.cases[1:3]
    assert specimens[-1].case == real.cases[-1]


def test_a_drawing_on_another_grid_is_refused():
    real = images("test", fields(2, 0))
    specimens = Specimens.by_case(real, {"mask": drawing("mask", 2, real, size=20)}, {})
    with pytest.raises(ImageError, match=r"mask.*\(20, 20\).*\(24, 24\)"):
        specimens[0]


def test_synthetic_and_reference_share_the_mask_but_not_the_label_map():
    evidence = paired(4)
    evidence.structures = drawing("structures", 4, evidence.reference)
    synthetic = evidence.set_fixture("synthetic_specimens", "any")
    reference = evidence.set_fixture("reference_specimens", "any")
    assert synthetic[0].mask.sum() == reference[0].mask.sum() == 144
    assert synthetic[0].structures is None
    assert reference[0].structures.max() == 3


def test_real_sets_have_what_is_drawn_on_them():
    evidence = paired(4)
    evidence.drawn = {"test": {"structures": drawing("structures", 4, evidence.test)}}
    assert evidence.set_fixture("test_specimens", "any")[2].structures.max() == 3
