import numpy as np
import pytest

from failures.specimens import brain, chests, head, smooth
from synthassay.errors import NotMeasured
from synthassay.failures.repeat import noise_level, repeat_pair, repeat_scan, require_noise
from synthassay.images.specimen import Specimen


def within(specimen, pixels):
    return pixels[0][specimen.mask] if specimen.mask is not None else pixels[0]


@pytest.mark.parametrize("kind", [brain, head, lambda folder: chests(folder)[3]])
@pytest.mark.parametrize("level", [4.0, 20.0])
def test_known_noise_on_smooth_real_images_is_found(kind, level, real_data):
    flat = smooth(kind(real_data))
    noisy = flat.replace(pixels=flat.pixels + np.random.default_rng(0).normal(0, level, flat.pixels.shape))
    assert noise_level(noisy)[0] == pytest.approx(level, rel=0.05)


def test_more_noise_is_found_and_channels_are_apart(real_data):
    specimen = brain(real_data)
    own = noise_level(specimen)[0]
    added = np.random.default_rng(0).normal(0, 10, specimen.pixels.shape)
    both = specimen.replace(pixels=np.concatenate([specimen.pixels, specimen.pixels + added]))
    assert noise_level(both) == pytest.approx([own, np.hypot(own, 10)], rel=0.1)


def test_a_pair_of_repeats_differs_by_the_noise_of_two_scans(real_data):
    specimen = brain(real_data)
    level = noise_level(specimen)[0]
    flat = smooth(specimen)
    noisy = flat.replace(pixels=flat.pixels + np.random.default_rng(1).normal(0, level, flat.pixels.shape))
    single = within(specimen, repeat_scan(noisy, np.random.default_rng(0)).pixels - noisy.pixels).std()
    pair = repeat_pair(noisy, np.random.default_rng(0))
    double = within(specimen, pair.synthetic.pixels - pair.reference.pixels).std()
    # the shift of up to a quarter voxel adds to the noise
    assert level < single < 1.5 * level
    assert double == pytest.approx(np.sqrt(2) * level, rel=0.25)
    assert noise_level(pair.synthetic)[0] == pytest.approx(noise_level(pair.reference)[0], rel=0.1)


def test_a_repeat_changes_nothing_outside_the_mask_and_nothing_drawn(real_data):
    specimen = brain(real_data)
    found = repeat_scan(specimen, np.random.default_rng(0))
    assert found.structures is specimen.structures
    assert found.mask is specimen.mask
    assert np.array_equal(found.pixels[:, ~specimen.mask], specimen.pixels[:, ~specimen.mask])
    assert np.array_equal(found.pixels, repeat_scan(specimen, np.random.default_rng(0)).pixels)
    blind = specimen.replace(pixels=np.where(specimen.mask, specimen.pixels, np.nan))
    assert np.isfinite(repeat_scan(blind, np.random.default_rng(0)).pixels[:, specimen.mask]).all()


def test_without_room_or_noise_there_is_no_dose_in_noise():
    tiny = Specimen(np.zeros((1, 6, 6), np.float32), case="tiny")
    with pytest.raises(NotMeasured, match="tiny has 16 voxels away from the border"):
        noise_level(tiny)
    flat = Specimen(np.zeros((1, 32, 32), np.float32), case="flat")
    assert noise_level(flat).tolist() == [0.0]
    with pytest.raises(NotMeasured, match="flat has no noise"):
        require_noise(flat)
