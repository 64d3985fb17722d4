import numpy as np
import pytest
from scipy.special import erf

from synthassay.failures.failure import FAILURES
from synthassay.failures.lesions import profile
from synthassay.failures.oversmoothing import oversmoothing
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


def contrast_left(diameter, fwhm):
    """Contrast at the centre of a blurred sphere, closed form."""
    a = diameter / 2 / (np.sqrt(2) * fwhm / 2.3548200450309493)
    return erf(a) - 2 * a * np.exp(-(a**2)) / np.sqrt(np.pi)


@pytest.mark.parametrize("fwhm", [2.0, 4.0, 8.0])
def test_a_sphere_loses_the_contrast_that_the_closed_form_says(fwhm):
    empty = Specimen(np.zeros((1, 40, 40, 20)), (0.5, 0.5, 1.0))
    sphere = empty.replace(pixels=profile(empty, (20, 20, 10), 8.0)[None])
    found = oversmoothing(sphere, fwhm, np.random.default_rng(0))
    assert found.pixels[0, 20, 20, 10] == pytest.approx(contrast_left(8.0, fwhm), abs=0.01)


def test_doses_that_matter_cost_the_stated_37_percent():
    entry = FAILURES.get("oversmoothing")
    assert 1 - contrast_left(3.0, entry.matter(Modality.MRI).at) == pytest.approx(0.37, abs=0.005)
    assert 1 - contrast_left(6.0, entry.matter(Modality.CT).at) == pytest.approx(0.37, abs=0.005)
    assert "37 %" in entry.matter(Modality.MRI).why
