import numpy as np
import pytest

from failures.specimens import brain
from synthassay.errors import NotMeasured
from synthassay.failures.missing_structure import filling, missing_structure, structure_to_remove
from synthassay.images.specimen import Specimen


def disc():
    """A bright disc in a dark plane with a little noise, labelled 1 beside a labelled surrounding 2."""
    squared = ((np.indices((64, 64)) - 30.0) ** 2).sum(axis=0)
    structures = np.where(squared < 64, 1, np.where(squared < 900, 2, 0)).astype(np.int32)
    pixels = np.where(squared < 64, 200.0, 100.0) + np.random.default_rng(0).normal(0, 2, (64, 64))
    return Specimen(pixels[None].astype(np.float32), (1.0, 1.0), case="disc", structures=structures)


@pytest.mark.parametrize("severity", [25.0, 50.0, 100.0])
def test_the_stated_share_goes_and_what_surrounds_it_comes(severity):
    found = missing_structure(disc(), severity, np.random.default_rng(1))
    before = disc().structures == 1
    gone = before & (found.structures != 1)
    assert gone.sum() / before.sum() == pytest.approx(severity / 100, abs=0.01)
    assert (found.structures[gone] == 2).all()
    assert found.pixels[0][gone].mean() == pytest.approx(100, abs=2)
    assert found.pixels[0][gone].std() == pytest.approx(2, rel=0.3)
    assert np.array_equal(found.pixels[0][~gone], disc().pixels[0][~gone])


def test_a_structure_that_stands_out_is_taken_and_none_where_all_are_large(real_data):
    assert structure_to_remove(disc(), np.random.default_rng(0)) == 1
    specimen = brain(real_data)
    label = structure_to_remove(specimen, np.random.default_rng(0))
    assert 27 <= (specimen.structures == label).sum() <= 0.1 * specimen.mask.sum()
    large = disc().replace(structures=np.ones((64, 64), np.int32))
    with pytest.raises(NotMeasured, match="disc has no structure of 27 voxels"):
        missing_structure(large, 50.0, np.random.default_rng(0))


def test_filling_reaches_the_middle_of_a_wide_place():
    place = np.zeros((60, 60), bool)
    place[5:55, 5:55] = True
    assert np.allclose(filling(np.full((60, 60), 7.0), ~place, place), 7.0)
    assert np.allclose(filling(np.full((60, 60), 7.0), np.zeros((60, 60), bool), place), 0.0)
