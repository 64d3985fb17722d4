import numpy as np
import pytest

from failures.specimens import brain, head
from synthassay.errors import NotMeasured
from synthassay.failures.slice_failures import slice_dropout, slice_jitter, slice_repetition, volume_discontinuity


def in_plane_mm(specimen, found):
    """Displacement per slice, from coordinates carried as channels."""
    step = (specimen.pixels - found.pixels)[:, 10:-10, 10:-10]
    return step.mean(axis=(1, 2))


def coordinates(specimen):
    spacing = np.reshape(specimen.spacing_mm, (-1, 1, 1, 1))
    return specimen.replace(pixels=np.indices(specimen.space) * spacing)


@pytest.mark.parametrize("severity", [0.5, 6.0])
def test_slices_jump_within_their_plane_by_the_stated_rms(severity, real_data):
    specimen = coordinates(brain(real_data))
    moved = in_plane_mm(specimen, slice_jitter(specimen, severity, np.random.default_rng(0)))
    tissue = specimen.mask.any(axis=(0, 1))
    assert np.sqrt((moved[:2, tissue] ** 2).sum(axis=0).mean()) == pytest.approx(severity, rel=0.01)
    assert np.allclose(moved[2], 0)


def test_the_discontinuity_is_one_step_of_the_stated_length(real_data):
    specimen = coordinates(brain(real_data))
    moved = in_plane_mm(specimen, volume_discontinuity(specimen, 5.0, np.random.default_rng(0)))
    length = np.linalg.norm(moved[:2], axis=0)
    steps = np.flatnonzero(np.abs(np.diff(length)) > 1e-3)
    assert len(steps) == 1
    assert 0.2 * len(length) < steps[0] < 0.8 * len(length)
    assert length[-1] == pytest.approx(5.0, rel=0.01)
    assert length[0] == 0


def test_slices_drop_out_in_the_stated_share_with_all_that_is_drawn_on_them(real_data):
    specimen = head(real_data)
    for severity, expected in ((2.0, 1), (10.0, 4), (40.0, 16)):
        found = slice_dropout(specimen, severity, np.random.default_rng(0))
        blank = (found.pixels[0] == -1000).all(axis=(0, 1))
        assert blank.sum() == expected
        assert (found.structures[..., blank] == 0).all()
        assert np.array_equal(found.pixels[..., ~blank], specimen.pixels[..., ~blank])
        assert found.mask is specimen.mask


def test_repeated_slices_are_their_nearest_kept_neighbours(real_data):
    specimen = head(real_data)
    found = slice_repetition(specimen, 20.0, np.random.default_rng(0))
    changed = np.flatnonzero((found.pixels != specimen.pixels).any(axis=(0, 1, 2)))
    assert len(changed) == 8
    for place in changed:
        sources = [z for z in range(40) if np.array_equal(found.pixels[..., place], specimen.pixels[..., z])]
        assert len(sources) == 1
        nearest = min(abs(z - place) for z in range(40) if z not in changed)
        assert abs(sources[0] - place) == nearest
        assert np.array_equal(found.structures[..., place], specimen.structures[..., sources[0]])


def test_slices_are_those_of_the_largest_spacing(real_data):
    specimen = head(real_data).replace(spacing_mm=(8.0, 1.0, 1.0))
    found = slice_dropout(specimen, 10.0, np.random.default_rng(0))
    lost = (found.pixels[0] == -1000).all(axis=(1, 2)) & ~(specimen.pixels[0] == -1000).all(axis=(1, 2))
    assert lost.sum() == round(0.1 * specimen.mask.any(axis=(1, 2)).sum())


def test_a_slab_is_too_thin(real_data):
    mask = np.zeros(head(real_data).space, bool)
    mask[..., 3:6] = True
    with pytest.raises(NotMeasured, match="has 3 slices with tissue, fewer than 4"):
        slice_dropout(head(real_data).replace(mask=mask), 10.0, np.random.default_rng(0))
