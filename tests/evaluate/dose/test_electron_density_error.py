"""Electron density by the calibration of synthassay.evaluate.dose.calibration; Thomas's two lines as the oracle."""

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens
from synthassay.errors import DataError, NotMeasured
from synthassay.evaluate.dose.calibration import DEFAULT_CURVE, check_curve, read_curve, relative_electron_density
from synthassay.evaluate.dose.electron_density_error import electron_density_error
from synthassay.records.vocabulary import Better, Unit


def test_the_default_curve_is_thomass_two_lines_and_never_falls():
    hu = np.arange(-1000, 3001.0)
    published = np.where(hu <= 100, 1 + hu / 1000, 1 + hu / 1950)
    ours = relative_electron_density(hu)
    apart = (hu <= 100) | (hu >= 300)
    np.testing.assert_allclose(ours[apart], published[apart], atol=1e-12)
    assert (np.diff(ours) > 0).all()
    assert (np.diff(published) < 0).any()  # the jump that is joined here
    assert check_curve(DEFAULT_CURVE, "default") == DEFAULT_CURVE


def test_an_offset_of_50_hu_is_5_percent_in_soft_tissue_and_half_of_it_in_bone():
    real = np.concatenate([np.full(50, -900.0), np.full(50, 20.0), np.full(50, 900.0)])[None]
    found = electron_density_error(real + 50, real, np.ones(150, bool), Unit.HU, ())
    assert found["tissue=air"] == pytest.approx(5)
    assert found["tissue=soft"] == pytest.approx(5)
    assert found["tissue=bone"] == pytest.approx(100 * 50 / 1950)
    assert found["tissue=body"] == pytest.approx((5 + 5 + 5000 / 1950) / 3)


def test_air_has_no_exploding_share():
    real = np.full((1, 4), -1000.0)
    found = electron_density_error(real + 10, real, np.ones(4, bool), Unit.HU, ())
    assert found["tissue=air"] == pytest.approx(1.0)


def test_a_scanners_own_curve_changes_the_number(tmp_path):
    path = tmp_path / "scanner.csv"
    path.write_text("HU,relative electron density\n-1000, 0.001\n0, 1.0\n1000, 1.3\n", encoding="utf-8")
    curve = read_curve(path)
    real = np.full((1, 4), 500.0)
    found = electron_density_error(real + 50, real, np.ones(4, bool), Unit.HU, curve)
    assert found["tissue=bone"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,1\n", "two or more points"),
        ("0,1\n100,0.9\n", "falls"),
        ("0,1\n0,1.1\n", "one CT number twice"),
        ("HU,density\n0,1\n100,one\n", "line 3"),
        ("0,-1\n100,1\n", "densities from 0"),
    ],
)
def test_curves_that_cannot_be_are_refused(tmp_path, text, message):
    path = tmp_path / "scanner.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_curve(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_curve(tmp_path / "nowhere.csv")


def test_the_error_grows_with_offset_blur_and_noise_on_a_real_head(real_data):
    archive = np.load(real_data / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz")
    ct = archive["ct"][0, 10:26].astype(np.float32) - 1000  # CT number to about HU
    body = ndimage.binary_fill_holes(ct > -300)
    pattern = np.random.default_rng(0).normal(size=ct.shape)
    damaged = {
        "offset": [ct + hu for hu in (0, 20, 50, 120)],
        "blur": [ct, *(ndimage.gaussian_filter(ct, s) for s in (0.6, 1.2, 2.5))],
        "noise": [ct + hu * pattern for hu in (0, 15, 40, 100)],
    }
    for steps in damaged.values():
        found = [electron_density_error(step[None], ct[None], body, Unit.HU, ()) for step in steps]
        for tissue in ("tissue=body", "tissue=soft", "tissue=bone"):
            assert_worsens([f[tissue] for f in found], Better.LOWER)
    offset = electron_density_error(ct[None] + 50, ct[None], body, Unit.HU, ())
    assert offset["tissue=soft"] == pytest.approx(5, abs=0.6)


def test_edges():
    real = np.zeros((1, 3, 3))
    everywhere = np.ones((3, 3), bool)
    assert electron_density_error(real, real, everywhere, Unit.HU, ()) == {"tissue=body": 0, "tissue=soft": 0}
    with pytest.raises(NotMeasured, match="Hounsfield"):
        electron_density_error(real, real, everywhere, Unit.ARBITRARY, ())
    with pytest.raises(NotMeasured, match="mask is empty"):
        electron_density_error(real, real, ~everywhere, Unit.HU, ())
    with pytest.raises(NotMeasured, match="size"):
        electron_density_error(real, real[:, 1:], everywhere, Unit.HU, ())
    torn, mask = real.copy(), everywhere.copy()
    torn[0, 0, 0], mask[0, 0] = np.nan, False
    assert electron_density_error(torn, real, mask, Unit.HU, ())["tissue=body"] == 0
    with pytest.raises(NotMeasured, match="not finite"):
        electron_density_error(torn, real, everywhere, Unit.HU, ())
