import numpy as np
import pytest

from failures.specimens import brain
from synthassay.errors import NotMeasured
from synthassay.failures.checkerboard import checkerboard
from synthassay.failures.repeat import noise_level
from synthassay.images.specimen import Specimen


def test_amplitude_is_in_noise_sd_and_the_period_two_voxels(real_data):
    specimen = brain(real_data)
    found = checkerboard(specimen, 2.0, np.random.default_rng(0)).pixels[0] - specimen.pixels[0]
    untouched = specimen.pixels[0] > 3 * noise_level(specimen)[0]  # nothing ends at 0 there
    inner = specimen.mask & untouched
    assert np.allclose(np.abs(found[inner]), 2 * noise_level(specimen)[0], rtol=1e-3)
    both = inner[1:] & inner[:-1]
    assert (np.sign(found[1:][both]) == -np.sign(found[:-1][both])).all()
    assert (found[~specimen.mask] == 0).all()


def test_an_image_without_noise_gives_no_scale():
    with pytest.raises(NotMeasured, match="no noise"):
        checkerboard(Specimen(np.zeros((1, 32, 32), np.float32)), 1.0, np.random.default_rng(0))
