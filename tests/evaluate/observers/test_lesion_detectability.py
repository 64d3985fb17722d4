"""Detectability of inserted lesions (and its parts: reading, inserted): real CT on which the better PSNR finds less."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.restoration import denoise_nl_means

from evaluate.observers.inserted_views import SPACING, ball, gaussian_views
from synthassay.data.dose import simulate_low_dose
from synthassay.data.lesions import lesion_signal, lesion_sites
from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.channels import laguerre_gauss
from synthassay.evaluate.observers.detection import auc_of
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.evaluate.observers.known import hotelling
from synthassay.evaluate.observers.lesion_detectability import lesion_detectability
from synthassay.evaluate.observers.reading import CHANNELS, by_lesion, read

SIDE = 17


def by_stratum(views, bootstrap=200):
    return {f.stratum: f for f in lesion_detectability(views, 3, bootstrap)}


def test_white_noise_has_the_closed_forms_dprime():
    found = by_stratum(gaussian_views(800))
    channels = laguerre_gauss((SIDE, SIDE), SPACING, width_mm=12.0, count=CHANNELS).reshape(CHANNELS, -1)
    for stratum, scale in (("lesion=12 mm 40 HU", 40.0), ("lesion=12 mm 40 HU, routine dose", 20.0)):
        expected = hotelling(channels @ ball(12.0, 40.0).ravel(), scale**2 * channels @ channels.T)
        assert found[stratum].value == pytest.approx(expected, rel=0.06)
        assert found[stratum].settings["auc"] == pytest.approx(auc_of(expected), abs=0.02)
        assert found[stratum].interval.low < expected < found[stratum].interval.high
    assert found[stratum].settings["images_per_channel"] == 200


def test_what_erases_lesions_loses_and_what_removes_noise_gains():
    erased = by_stratum(gaussian_views(respond=0.4))
    assert erased["gain over the source"].interval.high < 0
    assert erased[""].value < erased[""].floor
    cleaned = by_stratum(gaussian_views(scale={"synthetic": 20.0, "source": 40.0, "reference": 20.0}))
    assert cleaned["gain over the source"].interval.low > 0
    unchanged = by_stratum(gaussian_views())
    assert unchanged["gain over the source"].value == 0


def test_dprime_falls_as_more_of_the_lesion_is_erased():
    values = [by_stratum(gaussian_views(respond=r))[""].value for r in (1.0, 0.8, 0.5, 0.2, 0.0)]
    assert (np.diff(values) < 0).all()
    assert abs(values[-1]) < 0.3


def test_larger_and_denser_lesions_are_seen_better():
    kinds = [(d, c) for d in (8.0, 12.0, 16.0) for c in (20.0, 40.0)]
    found = by_stratum(gaussian_views(120, kinds=kinds))
    curve = [[found[f"lesion={d:g} mm {c:g} HU"].value for d in (8.0, 12.0, 16.0)] for c in (20.0, 40.0)]
    assert (np.diff(curve, axis=0) > 0).all()
    assert (np.diff(curve, axis=1) > 0).all()
    assert found[""].settings["lesions"] == 6
    assert list(by_lesion(gaussian_views(2, kinds=kinds[::-1]))) == kinds


def test_too_few_places_are_refused_with_their_numbers():
    with pytest.raises(NotMeasured, match="10 places in 10 patients leave 8 to train an observer of 4 channels"):
        lesion_detectability(gaussian_views(10), 0, 200)
    with pytest.raises(NotMeasured, match="1 patients leave 0"):
        read(gaussian_views(60, per_patient=60), "source", seed=0, draws=200)
    with pytest.raises(NotMeasured, match="no place"):
        lesion_detectability([], 0, 200)


def test_values_that_are_not_finite_and_mixed_pixel_sizes_are_refused():
    views = gaussian_views(40)
    views[3].present["synthetic"][2, 2] = np.nan
    with pytest.raises(NotMeasured, match="not finite"):
        lesion_detectability(views, 0, 200)
    other = LesionView("x", "x", "x", 12.0, 40.0, (2.0, 2.0), views[0].absent, views[0].present)
    with pytest.raises(NotMeasured, match="pixel sizes"):
        read([*gaussian_views(40), other], "source", seed=0, draws=200)


@pytest.fixture(scope="module")
def heads():
    """Slices of real heads at a quarter of the dose, each with a place for lesions."""
    import os
    from pathlib import Path

    root = os.environ.get("SYNTHASSAY_DATA", "")
    path = Path(root) / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz"
    if not root or not path.is_file():
        pytest.skip("needs SYNTHASSAY_DATA with ct-openkbp-headneck")
    with np.load(path) as stored:
        volumes = stored["ct"][:36]
    rng, found = np.random.default_rng(0), []
    for i, volume in enumerate(volumes):
        hu = volume.transpose(2, 1, 0).astype(np.float32) - 1000  # x y z
        for site in lesion_sites(hu, hu > -300, (4.0,) * 3, 2, rng):
            reference = hu[..., site[2]]
            source = simulate_low_dose(reference, spacing_mm=SPACING, dose_fraction=0.25, rng=rng)
            found.append((f"p{i}", reference, source, site[:2]))
    return found


def real_views(heads, denoise):
    noise = np.std([source - reference for _, reference, source, _ in heads])
    views, errors = [], []
    for diameter, contrast in ((8.0, 40.0), (12.0, 40.0)):
        for patient, reference, source, site in heads:
            signal = lesion_signal(reference.shape, SPACING, site, diameter, contrast)
            absent = {"reference": reference, "source": source, "synthetic": denoise(source, noise)}
            present = {"reference": reference + signal, "source": source + signal}
            present["synthetic"] = denoise(source + signal, noise)
            cut = tuple(slice(c - 8, c + 9) for c in site)
            errors.append([np.mean((absent[k] - reference)[reference > -300] ** 2) for k in ("source", "synthetic")])
            views.append(
                LesionView(patient, patient, str(site), diameter, contrast, SPACING,
                           {k: v[cut].astype(float) for k, v in absent.items()},
                           {k: v[cut].astype(float) for k, v in present.items()})
            )  # fmt: skip
    before, after = np.mean(errors, axis=0)
    return views, 10 * np.log10(before / after)


def test_a_denoiser_that_wins_psnr_on_real_ct_and_loses_lesions_is_shown_as_such(heads):
    def patches(picture, noise):
        return denoise_nl_means(picture.astype(float), 5, 6, h=1.5 * noise, fast_mode=True)

    views, decibels = real_views(heads, patches)
    found = by_stratum(views)
    assert decibels > 1.0
    assert found["gain over the source"].interval.high < -0.05
    assert found["lesion=12 mm 40 HU"].value < 0.85 * found["lesion=12 mm 40 HU, before"].value
    assert found["lesion=12 mm 40 HU, routine dose"].value > found["lesion=12 mm 40 HU, before"].value


def test_an_invertible_blur_costs_an_observer_little_though_it_ruins_psnr(heads):
    views, decibels = real_views(heads, lambda picture, noise: ndimage.gaussian_filter(picture.astype(float), 0.7))
    found = by_stratum(views)
    assert decibels < -3
    assert found["gain over the source"].value > -0.1
