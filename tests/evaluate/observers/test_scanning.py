"""An observer that looks everywhere: closed forms for independent places, and responses equal to plain correlation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.integrate import quad
from scipy.stats import norm

from evaluate.observers.gaussian_noise import SPACING, lesion, noise
from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.detection import auc_of
from synthassay.evaluate.observers.scanning import disc, most_suspicious, scan, search, within


def test_independent_places_have_the_closed_forms():
    places, dprime, count = 10, 2.0, 6000
    rng = np.random.default_rng(4)
    without, with_lesion = rng.normal(size=(2, count, places))
    with_lesion[:, 0] += dprime
    found = search(without.max(1), with_lesion.max(1), with_lesion.argmax(1) == 0)
    lroc = quad(lambda x: norm.pdf(x - dprime) * norm.cdf(x) ** (2 * places - 1), -8, 12)[0]
    # the density of the highest with a lesion, over all places
    auc = quad(
        lambda x: (norm.pdf(x - dprime) * norm.cdf(x) + (places - 1) * norm.pdf(x) * norm.cdf(x - dprime))
        * norm.cdf(x) ** (places - 2) * norm.cdf(x) ** places, -8, 12)[0]  # fmt: skip
    located = quad(lambda x: norm.pdf(x - dprime) * norm.cdf(x) ** (places - 1), -8, 12)[0]
    assert found.lroc == pytest.approx(lroc, abs=0.02)
    assert found.auc == pytest.approx(auc, abs=0.02)
    assert found.located == pytest.approx(located, abs=0.02)
    assert found.lroc < found.auc < auc_of(dprime)


def test_scanning_equals_correlation():
    picture = noise("white", 1, 5)[0]
    form = lesion()[8:23, 8:23]
    oracle = ndimage.correlate(picture, form, mode="reflect")
    assert scan(picture, form)[8:-8, 8:-8] == pytest.approx(oracle[8:-8, 8:-8], abs=1e-9)
    assert scan(picture, form).shape == picture.shape


def test_a_strong_lesion_is_found_where_it_is():
    form = lesion(2.0)[9:24, 9:24]
    form = form - form.mean()
    picture = noise("white", 1, 6)[0] * 0.1 + np.roll(lesion(2.0), (4, -3), axis=(0, 1))
    rating, place = most_suspicious(scan(picture, form), np.ones(picture.shape, bool))
    assert rating > 0
    assert within(place, (15.5 + 4, 15.5 - 3), SPACING, 0.75)


def test_regions_and_templates_that_fit_nothing_are_refused():
    with pytest.raises(NotMeasured, match="no region"):
        most_suspicious(np.zeros((4, 4)), np.zeros((4, 4), bool))
    with pytest.raises(NotMeasured, match="cannot scan"):
        scan(np.zeros((4, 4)), np.zeros((2, 2)))
    assert disc((21, 21), (1.0, 2.0), 6.0).sum(axis=0).max() == 13
    assert disc((21, 21), (1.0, 2.0), 6.0).sum(axis=1).max() == 7
