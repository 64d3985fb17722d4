"""The channelised Hotelling observer (and its channels): near the ideal one, never above it; honest when tested."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.observers.gaussian_noise import SIZE, SPACING, covariance, lesion, noise, spectrum
from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.channelised import held_out_ratings, outputs, resubstituted_dprime, trained
from synthassay.evaluate.observers.channels import gabor, laguerre_gauss
from synthassay.evaluate.observers.detection import dprime_from
from synthassay.evaluate.observers.known import hotelling, prewhitening

CHANNELS = {
    "laguerre-gauss": laguerre_gauss((SIZE, SIZE), SPACING, width_mm=5.0, count=6),
    "gabor": gabor((SIZE, SIZE), SPACING, highest_per_mm=0.4),
}


def channel_dprime(channels, kind):
    """The closed form: Hotelling's d' of the channels' outputs."""
    flat = channels.reshape(len(channels), -1)
    return hotelling(flat @ lesion().ravel(), flat @ covariance(kind) @ flat.T)


@pytest.mark.parametrize("kind", ["white", "power law"])
@pytest.mark.parametrize("name", CHANNELS)
def test_the_closed_form_is_never_above_the_ideal_observer(name, kind):
    ideal = prewhitening(lesion(), spectrum(kind))
    found = channel_dprime(CHANNELS[name], kind)
    assert found <= ideal * (1 + 1e-9)
    assert found > (0.95 if name == "laguerre-gauss" else 0.4) * ideal


@pytest.mark.parametrize("kind", ["white", "power law"])
@pytest.mark.parametrize("name", CHANNELS)
def test_held_out_ratings_have_the_closed_forms_dprime(name, kind):
    count = 1500
    without = outputs(noise(kind, count, 2), CHANNELS[name])
    with_lesion = outputs(noise(kind, count, 3) + lesion(), CHANNELS[name])
    expected = channel_dprime(CHANNELS[name], kind)
    ratings = held_out_ratings(without, with_lesion, [f"p{i}" for i in range(count)], seed=1)
    error = np.sqrt(2 / count + expected**2 / (4 * count))
    assert dprime_from(*ratings) == pytest.approx(expected, abs=3.5 * error)


def test_testing_on_the_training_images_flatters_and_holding_out_does_not():
    expected = channel_dprime(CHANNELS["gabor"], "white")
    flattered, honest = [], []
    for seed in range(50):
        drawn = noise("white", 120, 100 + seed)
        without, with_lesion = (outputs(p, CHANNELS["gabor"]) for p in (drawn[:60], drawn[60:] + lesion()))
        flattered.append(resubstituted_dprime(without, with_lesion))
        honest.append(dprime_from(*held_out_ratings(without, with_lesion, [f"p{i}" for i in range(60)], seed=seed)))
    assert np.mean(flattered) > expected + 3 * np.std(flattered) / np.sqrt(50)
    assert np.mean(honest) < expected
    assert expected - np.mean(honest) < np.mean(flattered) - expected + 0.3


def test_too_few_images_are_refused_with_their_numbers():
    few = np.random.default_rng(0).normal(size=(8, 4))
    with pytest.raises(NotMeasured, match="8 training images on each side for 4 channels"):
        trained(few, few + 1)
    with pytest.raises(NotMeasured, match="two patients"):
        held_out_ratings(np.zeros((40, 2)), np.zeros((40, 2)), ["p"] * 40, seed=0)
    flat = np.zeros((40, 2))
    with pytest.raises(NotMeasured, match="singular"):
        trained(flat, flat)
    with pytest.raises(NotMeasured, match="do not fit"):
        outputs(np.zeros((3, 5, 5)), CHANNELS["gabor"])
    with pytest.raises(NotMeasured, match="not finite"):
        outputs(np.full((3, SIZE, SIZE), np.nan), CHANNELS["gabor"])


def test_channels_are_refused_where_pixels_cannot_hold_them():
    with pytest.raises(NotMeasured, match="too narrow"):
        laguerre_gauss((16, 16), (4.0, 4.0), width_mm=4.0, count=3)
    with pytest.raises(NotMeasured, match="cannot be drawn"):
        gabor((16, 16), (4.0, 4.0), highest_per_mm=0.2)


def test_gabor_channels_do_not_answer_to_brightness_and_respect_spacing():
    drawn = gabor((41, 21), (0.5, 1.0), highest_per_mm=0.2, bands=1, angles=2)
    assert np.abs(drawn.sum(axis=(1, 2))).max() < 1e-12
    peaks = [np.unravel_index(np.abs(np.fft.rfft2(d)).argmax(), (41, 11)) for d in drawn]
    assert abs(np.fft.fftfreq(41, 0.5)[peaks[0][0]]) == pytest.approx(0.2, abs=0.05)
    assert np.fft.rfftfreq(21, 1.0)[peaks[1][1]] == pytest.approx(0.2, abs=0.05)
