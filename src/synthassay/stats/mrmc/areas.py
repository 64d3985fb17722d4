"""Areas under ROC curves of every reader and treatment, and what each case contributes to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from synthassay.stats.mrmc.ratings import Ratings

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Figures:
    """A figure of merit of every treatment and reader, and what it becomes without each case.

    Attributes:
        name: What it is, such as ``AUC``.
        values: ``treatments readers``.
        left_out: ``treatments readers cases``: the figure without that case; the figure itself where the case was not
            read or says nothing to it.
        counted: Which cases can matter to it at all (for sensitivity the positive ones).
        won: ``treatments readers cases``: for an area, each positive case's mean win over the negative ones and each
            negative case's mean loss; NaN where not read. None for figures that are no area.
    """

    name: str
    values: Floats
    left_out: Floats
    counted: NDArray[np.bool_]
    won: Floats | None = None


def structural_components(score: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Return, per case, its mean of psi against all cases of the other truth; psi is 1, 0.5 or 0.

    Args:
        score: One finite or infinite score per case.
        truth: Whether each is positive.

    Returns:
        One number per case; the mean over either truth is the area. O(n log n), by midranks.

    Source:
        DeLong, DeLong and Clarke-Pearson, Biometrics 44:837 (1988), doi:10.2307/2531595, equations 4 and 5.

    >>> structural_components(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True])).tolist()
    [1.0, 0.75, 0.75, 1.0]
    """
    above, below = score[truth], score[~truth]
    ranks = rankdata(np.concatenate([above, below]))
    out = np.empty(len(score))
    out[truth] = (ranks[: len(above)] - rankdata(above)) / len(below)
    out[~truth] = 1 - (ranks[len(above) :] - rankdata(below)) / len(above)
    return out


def areas(ratings: Ratings) -> Figures:
    """Return the empirical areas under the ROC curves.

    Raises:
        ValueError: A reader read fewer than two cases of either truth in a treatment.
    """
    won = np.full(ratings.score.shape, np.nan)
    for t, r in np.ndindex(ratings.score.shape[:2]):
        read = ratings.read[t, r]
        won[t, r, read] = structural_components(ratings.score[t, r, read], ratings.truth[read])
    return area_figures("AUC", won, ratings.truth)


def area_figures(name: str, won: Floats, truth: NDArray[np.bool_]) -> Figures:
    """Return figures of the kind "mean win of positives over negatives" with their leave-one-out values in closed form.

    Args:
        name: What the area is called.
        won: ``treatments readers cases``, as in ``Figures``.
        truth: Whether each case is positive.

    Raises:
        ValueError: Fewer than two cases of a truth were read somewhere.
    """
    read = ~np.isnan(won)
    filled = np.where(read, won, 0.0)
    counts = np.stack([(read & ~truth).sum(axis=2), (read & truth).sum(axis=2)])
    if counts.min() < 2:
        raise ValueError(f"an area needs two positive and two negative cases of each reader, not {counts.min()}")
    values: Floats = filled[..., truth].sum(axis=2) / counts[1]
    own = np.where(truth, counts[1][..., None], counts[0][..., None])
    left_out = np.where(read, (own * values[..., None] - filled) / (own - 1), values[..., None])
    return Figures(name, values, left_out, np.ones(len(truth), bool), won)
