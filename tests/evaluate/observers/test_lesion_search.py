"""Search for lesions of unknown place, and its curve: chance, certainty, blotches, and erased lesions."""

from __future__ import annotations

import pytest

from evaluate.examination import assert_worsens
from evaluate.observers.inserted_views import gaussian_views
from synthassay.errors import NotMeasured
from synthassay.evaluate.observers.curve import GAIN
from synthassay.evaluate.observers.lesion_search import lesion_search
from synthassay.records.vocabulary import Better

SIDE = 33


def by_stratum(views):
    return {f.stratum: f for f in lesion_search(views, 3, 200)}


def test_a_lesion_that_stands_out_is_always_found_and_none_hardly_ever():
    plain = by_stratum(gaussian_views(kinds=((12.0, 400.0),), side=SIDE))
    assert plain["lesion=12 mm 400 HU"].value == 1
    assert plain["lesion=12 mm 400 HU"].settings["located"] == 1
    nothing = by_stratum(gaussian_views(respond=0.0, side=SIDE))
    assert nothing[""].value < 0.12
    assert nothing["lesion=12 mm 40 HU"].settings["auc"] == 0.5


def test_it_falls_as_more_of_the_lesion_is_erased():
    kinds = ((12.0, 80.0),)
    values = [by_stratum(gaussian_views(respond=r, kinds=kinds, side=SIDE))[""].value for r in (1.0, 0.7, 0.4, 0.0)]
    assert_worsens(values, Better.HIGHER)


def test_the_gain_is_that_of_less_noise_or_of_less_lesion():
    quieter = {"synthetic": 20.0, "source": 40.0, "reference": 20.0}
    found = by_stratum(gaussian_views(scale=quieter, side=SIDE))
    assert found[GAIN].interval.low > 0
    assert found[""].value == found["lesion=12 mm 40 HU, routine dose"].value
    assert found[""].floor == found["lesion=12 mm 40 HU, before"].value
    assert by_stratum(gaussian_views(respond=0.3, side=SIDE))[GAIN].interval.high < 0


def test_not_knowing_the_place_is_harder():
    found = by_stratum(gaussian_views(side=SIDE))["lesion=12 mm 40 HU"]
    assert found.value <= found.settings["auc"]
    assert found.value <= found.settings["located"] <= 1


def test_too_few_places_and_no_place_are_refused():
    with pytest.raises(NotMeasured, match="train an observer"):
        lesion_search(gaussian_views(12), 0, 200)
    with pytest.raises(NotMeasured, match="no place"):
        lesion_search([], 0, 200)
