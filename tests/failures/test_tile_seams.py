import numpy as np
import pytest

from failures.specimens import chests, head
from synthassay.failures.tile_seams import tile_numbers, tile_seams


def test_offsets_are_constant_within_tiles_and_have_the_stated_rms(real_data):
    specimen = chests(real_data)[3].replace(pixels=chests(real_data)[3].pixels + 100)
    found = tile_seams(specimen, 20.0, np.random.default_rng(4)).pixels[0] - specimen.pixels[0].astype(float)
    assert np.sqrt((found**2).mean()) == pytest.approx(0.2 * specimen.pixels.std(dtype=float), rel=1e-3)
    tiles = tile_numbers(specimen.space, np.random.default_rng(4))
    assert all(np.ptp(found[tiles == number]) < 1e-3 for number in np.unique(tiles))
    assert len(np.unique(np.round(found, 2))) == len(np.unique(tiles))


def test_tiles_are_a_quarter_of_the_axis_and_never_below_eight_voxels():
    numbers = tile_numbers((64, 20), np.random.default_rng(0))
    along = [np.flatnonzero(np.diff(line)) for line in (numbers[:, 0], numbers[0])]
    assert set(np.diff(along[0])) == {16}
    assert set(np.diff(along[1])) <= {8}


def test_air_around_the_patient_stays(real_data):
    specimen = head(real_data)
    found = tile_seams(specimen, 20.0, np.random.default_rng(0))
    assert np.array_equal(found.pixels[:, ~specimen.mask], specimen.pixels[:, ~specimen.mask])
