import numpy as np
import pytest
from scipy import ndimage

from failures.specimens import brain, chests, head
from synthassay.errors import NotMeasured
from synthassay.failures.tissue_swap import nearest_part, tissue_swap


@pytest.mark.parametrize("severity", [5.0, 20.0, 80.0])
def test_the_stated_share_of_bone_becomes_soft_tissue(severity, real_data):
    specimen = head(real_data)
    bone = specimen.mask & (specimen.pixels[0] > 200)
    found = tissue_swap(specimen, severity, np.random.default_rng(0))
    changed = found.pixels[0] != specimen.pixels[0]
    left = bone & (found.pixels[0] > 200)
    assert 1 - left.sum() / bone.sum() == pytest.approx(severity / 100, abs=0.01)
    assert not (changed & ~bone).any()
    assert np.median(found.pixels[0][changed]) == pytest.approx(40, abs=40)
    assert (found.structures[changed] == 0).all()
    assert np.array_equal(found.structures[~changed], specimen.structures[~changed])


def test_a_structure_takes_the_values_and_the_label_of_another(real_data):
    specimen = brain(real_data)
    found = tissue_swap(specimen, 80.0, np.random.default_rng(0))
    changed = found.structures != specimen.structures
    before, after = np.unique(specimen.structures[changed]), np.unique(found.structures[changed])
    assert len(before) == len(after) == 1
    whole = specimen.mask & (specimen.structures == before[0])
    assert changed.sum() / whole.sum() == pytest.approx(0.8, abs=0.01)
    medians = [np.median(specimen.pixels[0][specimen.structures == label]) for label in (before[0], after[0])]
    # the piece is not the whole structure, so that its median is not exactly that of the other
    assert abs(np.median(found.pixels[0][changed]) - medians[1]) < 0.3 * abs(medians[0] - medians[1])


def test_a_part_is_in_one_piece_of_a_ball_and_grows_around_its_seed():
    ball = (np.indices((21, 21, 21)) - 10.0).__pow__(2).sum(axis=0) < 80
    parts = [nearest_part(ball, share, np.random.default_rng(1), (1.0, 1.0, 2.0)) for share in (0.1, 0.5, 1.0)]
    assert [part.sum() for part in parts] == [round(share * ball.sum()) for share in (0.1, 0.5, 1.0)]
    assert ndimage.label(parts[0])[1] == 1
    assert (parts[0] <= parts[1]).all()
    assert np.array_equal(parts[2], ball)


def test_what_has_no_two_tissues_says_so(real_data):
    with pytest.raises(NotMeasured, match="needs structures where values are not HU"):
        tissue_swap(chests(real_data)[0], 5.0, np.random.default_rng(0))
    soft = head(real_data)
    soft = soft.replace(pixels=np.minimum(soft.pixels, 100))
    with pytest.raises(NotMeasured, match="has 0 voxels of bone"):
        tissue_swap(soft, 5.0, np.random.default_rng(0))
    one = brain(real_data)
    one = one.replace(structures=(one.structures > 0).astype(np.int32))
    with pytest.raises(NotMeasured, match="has 1 structures of at least 100 voxels"):
        tissue_swap(one, 5.0, np.random.default_rng(0))
