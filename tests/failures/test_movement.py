import numpy as np
from scipy import ndimage

from synthassay.failures.movement import direction, moved, slice_axis, slices_with_tissue
from synthassay.images.specimen import Specimen


def test_all_that_is_drawn_moves_along_and_no_value_overshoots():
    pixels = np.zeros((1, 20, 20), np.float32)
    pixels[0, 5:10, 5:10] = 7
    box = pixels[0] > 0
    drawn = Specimen(pixels, (1.0, 1.0), mask=box, structures=box * 42, lesion=box)
    found = moved(drawn, lambda array, order: ndimage.shift(array, (3.0, 0.4), order=order, mode="nearest"))
    expected = np.zeros((20, 20), bool)
    expected[8:13, 5:10] = True
    assert np.array_equal(found.mask, expected)
    assert np.array_equal(found.lesion, expected)
    assert np.array_equal(found.structures, expected * 42)
    assert set(np.unique(found.structures)) == {0, 42}
    assert 0 <= found.pixels.min() <= found.pixels.max() <= 7


def test_slices_run_along_the_largest_spacing_and_else_along_the_last_axis():
    volume = np.zeros((1, 4, 5, 6), np.float32)
    assert slice_axis(Specimen(volume, (5.0, 1.0, 1.0))) == 0
    assert slice_axis(Specimen(volume, (2.0, 2.0, 2.0))) == 2
    within = np.zeros((4, 5, 6), bool)
    within[1, 2, 3:5] = True
    assert slices_with_tissue(Specimen(volume), within, 2).tolist() == [3, 4]


def test_directions_have_length_one_and_no_preference():
    rng = np.random.default_rng(0)
    drawn = np.array([direction(rng, 3) for _ in range(2000)])
    assert np.allclose(np.linalg.norm(drawn, axis=1), 1)
    assert np.abs(drawn.mean(axis=0)).max() < 0.05
