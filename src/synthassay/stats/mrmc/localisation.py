"""Figures of merit where readers say where a lesion is: LROC and the weighted alternative free-response ROC."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthassay.stats.mrmc.areas import Figures, area_figures, areas
from synthassay.stats.mrmc.covariance import win
from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]


def lroc_areas(ratings: Ratings, located: NDArray[np.bool_]) -> Figures:
    """Return areas under LROC curves: the chance that a lesion is found where it is and rated above a negative case.

    Chance is far below 0.5, and depends on how large the region is that counts as found.

    Args:
        ratings: One rating per case, and one place that the reader named.
        located: ``treatments readers cases``: whether the place named in a positive case was right.

    Source:
        Swensson, Med Phys 23:1709 (1996), doi:10.1118/1.597758; Popescu, Med Phys 34:1556 (2007), doi:10.1118/1.2717407
        (nonparametric, as here).
    """
    missed = ratings.truth & ~located & ratings.read
    lowered = replace(ratings, score=np.where(missed, -np.inf, ratings.score))
    return replace(areas(lowered), name="LROC area")


@dataclass(frozen=True, eq=False)
class Marks:
    """Free-response ratings: any number of marks per case.

    Attributes:
        ratings: Truth and design; its score is the highest rating of a mark that hit no lesion, -inf without such.
        lesion: ``treatments readers cases lesions``: the highest rating of a mark on each lesion, -inf where missed,
            NaN where a case has fewer lesions or was not read.
    """

    ratings: Ratings
    lesion: Floats


def weighted_afroc_areas(marks: Marks) -> Figures:
    """Return areas under weighted AFROC curves: lesions against the highest false mark of negative cases.

    Lesions of a case share its weight, so that a patient with many lesions counts once. False marks in positive cases
    do not count. An unmarked lesion against an unmarked negative case is a tie.

    Raises:
        ValueError: Fewer than two cases of a truth were read somewhere.

    Source:
        Chakraborty and Berbaum, Med Phys 31:2313 (2004), doi:10.1118/1.1769352 (JAFROC); weights Chakraborty and Zhai,
        Med Phys 43:2548 (2016), doi:10.1118/1.4947125.
    """
    truth, score = marks.ratings.truth, marks.ratings.score
    won = np.full(score.shape, np.nan)
    for t, r in np.ndindex(score.shape[:2]):
        negative = ~truth & ~np.isnan(score[t, r])
        positive = truth & ~np.isnan(marks.lesion[t, r]).all(axis=1)
        lesion = marks.lesion[t, r, positive]
        there = ~np.isnan(lesion)
        psi = win(lesion, score[t, r, negative][None, :].repeat(len(lesion), axis=0))
        psi = np.where(there[:, :, None], psi, 0.0).sum(axis=1) / there.sum(axis=1)[:, None]
        won[t, r, positive] = psi.mean(axis=1)
        won[t, r, negative] = psi.mean(axis=0)
    return area_figures("weighted AFROC area", won, truth)
