import numpy as np
import pytest

from failures.specimens import brain, head
from synthassay.failures.intensity_shift import hu_shift, intensity_scaling, intensity_shift

RNG = np.random.default_rng(0)


def test_hu_of_bone_and_of_soft_tissue_shift_by_the_severity_and_air_outside_does_not(real_data):
    specimen = head(real_data)
    found = hu_shift(specimen, 20.0, RNG)
    for tissue in (specimen.pixels > 200, (specimen.pixels > 0) & (specimen.pixels < 80)):
        chosen = tissue & specimen.mask
        assert np.median(found.pixels[chosen] - specimen.pixels[chosen]) == pytest.approx(20.0)
    assert np.array_equal(found.pixels[:, ~specimen.mask], specimen.pixels[:, ~specimen.mask])
    assert found.structures is specimen.structures


def test_a_shift_in_sd_is_in_the_sd_of_the_tissue(real_data):
    specimen = brain(real_data)
    found = intensity_shift(specimen, 0.4, RNG)
    step = (found.pixels - specimen.pixels)[0][specimen.mask]
    assert np.allclose(step, 0.4 * specimen.pixels[0][specimen.mask].std(), rtol=1e-4)


def test_scaling_turns_about_air_in_ct_and_about_no_signal_elsewhere(real_data):
    ct = head(real_data)
    scaled = intensity_scaling(ct, 2.0, RNG).pixels
    water = ct.mask & (np.abs(ct.pixels[0]) < 1)
    assert np.allclose(scaled[0][water] - ct.pixels[0][water], 20.0, atol=0.05), "water moves by 20 HU"
    air = ct.mask & (ct.pixels[0] == -1000)
    assert (scaled[0][air] == -1000).all()
    mri = brain(real_data)
    assert np.allclose(intensity_scaling(mri, 10.0, RNG).pixels, 1.1 * mri.pixels, rtol=1e-5)
