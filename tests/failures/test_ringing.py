import numpy as np
import pytest
from scipy import fft

from synthassay.failures.ringing import ringing
from synthassay.images.specimen import Specimen

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("severity", [20.0, 50.0, 65.0])
def test_a_step_overshoots_by_the_gibbs_constant_at_every_severity(severity):
    step = np.zeros((1, 8, 512))
    step[:, :, 256:] = 1.0
    fine = Specimen(step + 1.0)
    # a step that was sampled finely has no Gibbs overshoot of its own
    found = ringing(fine, max(severity, 50.0) + 40.0 * (severity < 65), RNG).pixels[0, 4] - 1.0
    assert found.max() - 1.0 == pytest.approx(0.0895, abs=0.01)


def test_the_frequencies_above_the_cut_are_gone_and_those_below_untouched(real_data):
    from failures.specimens import brain

    specimen = brain(real_data).replace(pixels=brain(real_data).pixels - 500.0)  # nothing ends at 0
    found = fft.dctn(ringing(specimen, 50.0, RNG).pixels[0].astype(float), norm="ortho")
    before = fft.dctn(specimen.pixels[0].astype(float), norm="ortho")
    half = tuple(slice(0, n // 2) for n in specimen.space)
    assert np.allclose(found[half], before[half], atol=0.05)
    assert np.abs(found[specimen.space[0] // 2 :]).max() < 0.05


def test_no_ripples_from_the_border_of_the_field_of_view():
    ramp = np.linspace(0, 100, 64)[None].repeat(64, 0)[None]
    found = ringing(Specimen(ramp), 50.0, RNG).pixels
    periodic = np.fft.ifft(np.where(np.abs(np.fft.fftfreq(64)) < 0.25, np.fft.fft(ramp[0, 0]), 0)).real
    assert np.abs(found - ramp).max() < 0.5
    assert np.abs(periodic - ramp[0, 0]).max() > 20, "a Fourier cut rings at the border"
