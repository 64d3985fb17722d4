"""Simulated reader studies for the tests of this room."""

from __future__ import annotations

import numpy as np

from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import RoeMetz


def simulated(*separations, readers=6, cases=60, seed=0, spread=0.005):
    model = RoeMetz(tuple(separations), spread, spread, 0.3, 0.3, 0.2, 0.2)
    return model.simulate(readers, cases, cases, np.random.default_rng(seed))


def named(ratings, *treatments):
    return Ratings(treatments, ratings.readers, ratings.cases, ratings.truth, ratings.score, ratings.beside)
