"""Visual Turing tests and control arms: what readers told apart, and whether they could have."""

from __future__ import annotations

import numpy as np

from synthassay.reading.generalising import Judging, generalise
from synthassay.records.reader_result import Control, Drift, Guesser, ReaderMean, Turing
from synthassay.stats.detection import detection, hype
from synthassay.stats.drift import Drift as Change
from synthassay.stats.drift import answers_drift, times_drift
from synthassay.stats.mrmc.areas import Figures, areas
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.shares import balanced_accuracy

SHOWN = 0.05
CHANCE = 0.5


def turing(ratings: Ratings, cut: float, margin: float | None) -> tuple[Turing, ...]:
    """Return how readers told positive (synthetic) from negative (real) cases, treatment by treatment.

    "Indistinguishable" is never concluded from a difference that was not significant: two one-sided tests must place
    the area within the margin of chance, for other readers and other cases.

    Args:
        ratings: Crossed or nested ratings; higher means more surely synthetic.
        cut: Rating from which an image was called synthetic.
        margin: Largest distance from 0.5 that would not matter; None where none was stated.

    Source:
        Schuirmann, J Pharmacokinet Biopharm 15:657 (1987), doi:10.1007/BF01068419; Chen, Petrick and Sahiner, Acad
        Radiol 19:1158 (2012), doi:10.1016/j.acra.2012.04.011.
    """
    return tuple(_one(ratings.of([t]), cut, margin) for t in range(len(ratings.treatments)))


def _one(ratings: Ratings, cut: float, margin: float | None) -> Turing:
    judging = Judging(CHANCE, margin, single=True)
    auc = against(ratings, areas(ratings), judging)
    called = ratings.score[0] >= cut
    readers = []
    for r, name in enumerate(ratings.readers):
        read = ratings.read[0, r]
        synthetic, real = read & ratings.truth, read & ~ratings.truth
        found = detection(
            int((called[r] & synthetic).sum()), int(synthetic.sum()), int((called[r] & real).sum()), int(real.sum())
        )
        readers.append(
            Guesser(
                treatment=ratings.treatments[0],
                reader=name,
                hits=found.hits,
                false_alarms=found.false_alarms,
                positives=found.positives,
                negatives=found.negatives,
                d_prime=found.d_prime,
                criterion=found.criterion,
                accuracy=found.accuracy,
            )
        )
    hits, alarms = sum(g.hits for g in readers), sum(g.false_alarms for g in readers)
    synthetic_shown, real_shown = sum(g.positives for g in readers), sum(g.negatives for g in readers)
    error = hype(synthetic_shown - hits, synthetic_shown, alarms, real_shown)
    return Turing(
        treatment=ratings.treatments[0],
        readers=tuple(readers),
        auc=auc,
        accuracy=against(ratings, balanced_accuracy(ratings, cut), judging),
        hype=error.error,
        hype_on_synthetic=error.on_synthetic,
        hype_on_real=error.on_real,
        indistinguishable=auc is not None and auc.within is not None and auc.within.equivalent_p <= SHOWN,
    )


def against(ratings: Ratings, figures: Figures, judging: Judging) -> ReaderMean | None:
    """Return one treatment's mean against the reference, for other readers and cases; None with one reader."""
    found = generalise(ratings, figures, "jackknife", judging).rrrc
    return found.single[0] if found is not None else None


def control(ratings: Ratings, kind: str, judging: Judging) -> Control:
    """Return whether a control arm did what it must.

    A positive control (images spoiled so that every reader should see it) must be told from chance; a negative control
    (real against real) must not, and with a margin must be shown to lie within it.

    Args:
        ratings: The ratings of that arm alone.
        kind: ``positive`` or ``negative``.
        judging: Reference and margin.
    """
    name = ratings.treatments[0]
    single = Judging(CHANCE, judging.margin, judging.truncate, single=True)
    found = against(ratings, areas(ratings), single)
    value = float(areas(ratings).values.mean())
    ends = found.ci if found is not None else None
    if kind == "positive":
        passed = ends is not None and ends[0] > CHANCE
        says = (
            f"Readers saw the planted fault of {name}: the study could have found one."
            if passed
            else f"Readers were not shown to see the planted fault of {name}: finding nothing elsewhere means nothing."
        )
        return Control(treatment=name, kind="positive", estimate=value, ci=ends, passed=passed, says=says)
    if found is not None and found.within is not None:
        passed = found.within.equivalent_p <= SHOWN
    else:
        passed = ends is not None and ends[0] <= CHANCE <= ends[1]
    says = (
        f"{name}, where nothing differs, was not told apart."
        if passed
        else f"{name}, where nothing differs, was not shown to be at chance: look for a cue, such as format or order."
    )
    return Control(treatment=name, kind="negative", estimate=value, ci=ends, passed=passed, says=says)


def drifts(ratings: Ratings, cut: float | None) -> tuple[Drift, ...]:
    """Return how right answers and reading times change over positions, where positions (and times) are known."""
    position = ratings.beside.get("position")
    if position is None:
        return ()
    known = ratings.read & ~np.isnan(position)
    reader = np.broadcast_to(np.arange(len(ratings.readers))[None, :, None], known.shape)
    out = []
    if cut is not None:
        right = (ratings.score >= cut) == ratings.truth
        out.append(_drift("right answers", answers_drift(right[known], position[known], reader[known])))
    seconds = ratings.beside.get("seconds")
    if seconds is not None:
        timed = known & (seconds > 0)
        out.append(_drift("log seconds", times_drift(seconds[timed], position[timed], reader[timed])))
    return tuple(drift for drift in out if drift is not None)


def _drift(of: str, found: Change | None) -> Drift | None:
    if found is None:
        return None
    return Drift(
        of="right answers" if of == "right answers" else "log seconds",
        slope=found.slope,
        ci=found.ci,
        p=found.p,
        readers=found.readers,
        first=found.first,
        last=found.last,
    )
