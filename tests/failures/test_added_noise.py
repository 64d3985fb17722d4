import numpy as np
import pytest

from failures.specimens import brain, head, smooth
from synthassay.errors import NotMeasured
from synthassay.failures.added_noise import added_noise, noise_of, noise_texture
from synthassay.failures.repeat import noise_level
from synthassay.images.specimen import Specimen


def noisy(specimen, level=15.0):
    flat = smooth(specimen).pixels + 200.0
    return specimen.replace(pixels=flat + np.random.default_rng(3).normal(0, level, flat.shape))


def test_added_noise_has_the_stated_sd_and_doubles_the_variance_at_one(real_data):
    specimen = noisy(brain(real_data))
    found = added_noise(specimen, 1.0, np.random.default_rng(0))
    difference = (found.pixels - specimen.pixels)[0]
    assert difference[specimen.mask].std() == pytest.approx(15.0, rel=0.05)
    assert noise_level(found)[0] ** 2 == pytest.approx(2 * 15.0**2, rel=0.1)
    assert (difference[~specimen.mask] == 0).all()


def test_texture_keeps_the_power_of_the_noise_and_moves_its_frequencies(real_data):
    specimen = noisy(head(real_data))
    level = float(noise_level(specimen)[0])
    plane = specimen.pixels[0].astype(np.float64)
    own = noise_of(plane, level) * specimen.mask
    spectra = []
    for severity in (1.0, 4.0, 8.0):
        found = noise_texture(specimen, severity, np.random.default_rng(0)).pixels[0]
        grain = (found - (plane - own)) * specimen.mask
        assert grain[specimen.mask].std() == pytest.approx(own[specimen.mask].std(), rel=1e-4)
        power = np.abs(np.fft.fftn(grain)) ** 2
        frequency = np.sqrt(sum(np.meshgrid(*[np.fft.fftfreq(n, 4.0) ** 2 for n in grain.shape], indexing="ij")))
        spectra.append((power * frequency).sum() / power.sum())
    first = np.abs(np.fft.fftn(own)) ** 2
    assert (first * frequency).sum() / first.sum() > spectra[0] > spectra[1] > spectra[2]


def test_edges_are_left_to_the_image():
    step = np.zeros((40, 40))
    step[:, 20:] = 1000.0
    noise = np.random.default_rng(0).normal(0, 5, step.shape)
    taken = noise_of(step + noise, 5.0)
    assert np.abs(taken[:, 19:21]).max() < 5, "an edge of 200 SD is not taken for noise"
    assert np.corrcoef(taken[:, :15].ravel(), noise[:, :15].ravel())[0, 1] > 0.8


def test_without_noise_there_is_no_texture():
    flat = Specimen(np.zeros((1, 32, 32), np.float32), (1.0, 1.0))
    with pytest.raises(NotMeasured, match="no noise whose grain"):
        noise_texture(flat, 2.0, np.random.default_rng(0))
