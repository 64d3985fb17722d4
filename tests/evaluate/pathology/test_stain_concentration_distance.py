"""Stain concentration: dilution has a closed form, scipy computes the distance, hue is left to the angle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from evaluate.examination import assert_worsens
from evaluate.pathology.sections import RUIFROK, mixture, turned
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.stain_concentration_distance import stain_concentration_distance
from synthassay.images.stain import Stains, amounts_of, optical_density, tissue_of
from synthassay.records.vocabulary import Better, Unit

H, E = "stain=haematoxylin", "stain=eosin"


def known_amounts(tile):
    return amounts_of(tile, Stains(*RUIFROK, 1))[:, tissue_of(optical_density(tile))]


def test_it_equals_scipy_on_the_amounts_that_went_in():
    real, pale = mixture(seed=1), mixture(seed=2, strength=0.8)
    found = stain_concentration_distance(pale, real, Unit.RGB)
    for k, name in enumerate((H, E)):
        oracle = wasserstein_distance(known_amounts(pale)[k], known_amounts(real)[k])
        assert found[name] == pytest.approx(oracle, abs=0.01)


def test_dilution_by_a_share_moves_the_mean_amount_by_that_share():
    real = mixture()
    found = stain_concentration_distance(mixture(strength=0.9), real, Unit.RGB)
    assert found[E] == pytest.approx(0.1 * known_amounts(real)[1].mean(), abs=0.01)


def test_it_grows_with_dilution_and_not_with_hue():
    real = mixture()
    tiles = [mixture(strength=s) for s in (1.0, 0.95, 0.8, 0.6)]
    found = [stain_concentration_distance(tile, real, Unit.RGB)[H] for tile in tiles]
    assert_worsens(found, Better.LOWER)
    assert found[0] == 0
    hue = stain_concentration_distance(mixture(turned(8.0)), real, Unit.RGB)
    assert max(hue.values()) < found[1]


def test_a_tile_without_tissue_has_no_amounts():
    with pytest.raises(NotMeasured, match="pixels of tissue"):
        stain_concentration_distance(np.full((3, 96, 96), 250.0), mixture(), Unit.RGB)
