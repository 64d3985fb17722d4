"""The analysis of a reader study: ratings in, one record out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from synthassay.errors import ReadingError
from synthassay.reading.generalising import Judging, Rockette, generalise, ustatistics
from synthassay.records.reader_result import AtCut, ReaderResult
from synthassay.stats.mrmc.areas import Figures, areas
from synthassay.stats.mrmc.covariance import Covariance
from synthassay.stats.mrmc.curves import roc_points
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.shares import sensitivity, specificity
from synthassay.stats.mrmc.ustatistic import Fixed
from synthassay.stats.roc import auc

Method = Literal["or", "ustat"]
SOURCES = {
    "or": "Obuchowski and Rockette 1995, doi:10.1080/03610919508813243; Hillis 2007, doi:10.1002/sim.2532",
    "ustat": "Gallas 2006, doi:10.1016/j.acra.2005.11.030; Gallas et al. 2009, doi:10.1080/03610920802610084",
}
HEADLINES = {"": "rrrc", "readers": "frrc", "cases": "rrfc"}
CHANCE = 0.5


@dataclass(frozen=True)
class Order:
    """How a study is to be analysed.

    Attributes:
        method: ``or`` (Obuchowski and Rockette) or ``ustat`` (U-statistics, any design).
        covariance: How the first estimates its error covariance.
        cut: Rating from which a case counts as called positive; adds sensitivity and specificity.
        judging: Reference, margin, truncation.
        fixed: What another study would have again: ``readers`` or ``cases``; decides the headline.
    """

    method: Method = "or"
    covariance: Covariance = "jackknife"
    cut: float | None = None
    judging: Judging = field(default_factory=lambda: Judging(CHANCE))
    fixed: Fixed = ""


def analyse(ratings: Ratings, order: Order, *, title: str = "") -> ReaderResult:
    """Analyse a reader study of ratings.

    Args:
        ratings: The readings.
        order: What to do with them.
        title: What the study is called.

    Raises:
        ReadingError: The method cannot do the design, or a reader read too few cases; the message says which.
    """
    return Analysing(ratings, order, title).result()


@dataclass(frozen=True)
class Analysing:
    """One analysis on its way to a record."""

    ratings: Ratings
    order: Order
    title: str = ""

    def result(self) -> ReaderResult:
        """Return the record."""
        ratings, order = self.ratings, self.order
        refuse_few(ratings, order.method)
        auc = _areas_where_read(ratings)
        table = _table(ratings, auc)
        rockette = self._rockette(areas(ratings)) if order.method == "or" else None
        ustat = ustatistics(ratings, order.judging, order.fixed) if order.method == "ustat" else None
        return ReaderResult(
            title=self.title,
            figure="AUC",
            design=ratings.design,
            treatments=ratings.treatments,
            readers=ratings.readers,
            cases=len(ratings.cases),
            positive=ratings.positive,
            negative=ratings.negative,
            readings=int(ratings.read.sum()),
            method=order.method,
            covariance=order.covariance if order.method == "or" else "",
            headline=HEADLINES[order.fixed] if order.method == "or" else "ustat",
            reference=order.judging.reference,
            margin=order.judging.margin,
            truncated=order.judging.truncate,
            auc=table,
            values=table,
            mean={name: float(np.nanmean(auc[i])) for i, name in enumerate(ratings.treatments)},
            components=rockette.components if rockette else None,
            rrrc=rockette.rrrc if rockette else None,
            frrc=rockette.frrc if rockette else None,
            rrfc=rockette.rrfc if rockette else None,
            per_reader=rockette.per_reader if rockette else (),
            ustat=ustat,
            cut=order.cut,
            at_cut=self._at_cut(),
            curves=_curves(ratings),
            not_done=self._not_done(),
            source=SOURCES[order.method],
        )

    def _rockette(self, figures: Figures, *, reference: bool = True) -> Rockette:
        judging = (
            self.order.judging if reference else Judging(None, self.order.judging.margin, self.order.judging.truncate)
        )
        return generalise(
            self.ratings, figures, self.order.covariance if figures.won is not None else "jackknife", judging
        )

    def _at_cut(self) -> tuple[AtCut, ...]:
        if self.order.cut is None:
            return ()
        out = []
        for figures in (sensitivity(self.ratings, self.order.cut), specificity(self.ratings, self.order.cut)):
            found = self._rockette(figures, reference=False) if self.order.method == "or" else None
            out.append(
                AtCut(
                    figure="sensitivity" if figures.name == "sensitivity" else "specificity",
                    values={
                        t: dict(zip(self.ratings.readers, map(float, row), strict=True))
                        for t, row in zip(self.ratings.treatments, figures.values, strict=True)
                    },
                    mean=dict(zip(self.ratings.treatments, map(float, figures.values.mean(axis=1)), strict=True)),
                    components=found.components if found else None,
                    rrrc=found.rrrc if found else None,
                    frrc=found.frrc if found else None,
                    rrfc=found.rrfc if found else None,
                )
            )
        return tuple(out)

    def _not_done(self) -> dict[str, str]:
        if len(self.ratings.readers) > 1:
            return {}
        why = "one reader says nothing of other readers"
        return {"rrrc": why, "rrfc": why} if self.order.method == "or" else {"ustat": why}


def refuse_few(ratings: Ratings, method: Method) -> None:
    """Raise where a reader read fewer than two cases of a truth in a treatment that is to be analysed.

    Raises:
        ReadingError: It names reader and treatment.
    """
    for mask, word in ((ratings.truth, "positive"), (~ratings.truth, "negative")):
        count = (ratings.read & mask).sum(axis=2)
        few = np.argwhere(count < 2) if method == "or" else np.argwhere((count < 1).all(axis=1, keepdims=True))
        if len(few):
            t, r = few[0]
            whom = f"reader {ratings.readers[r]} read" if method == "or" else "readers read"
            raise ReadingError(
                "ratings",
                f"{whom} {count[t, r]} {word} cases in treatment {ratings.treatments[t]}, fewer than two",
                remedy="Use --method ustat, which takes any design, or add the readings."
                if method == "or"
                else "Add the readings.",
            )


def _areas_where_read(ratings: Ratings) -> np.ndarray:
    """``treatments readers``; NaN where a reader did not read both truths."""
    both = (ratings.read & ratings.truth).any(axis=2) & (ratings.read & ~ratings.truth).any(axis=2)
    out = np.full(both.shape, np.nan)
    for t, r in np.argwhere(both):
        read = ratings.read[t, r]
        out[t, r] = auc(ratings.score[t, r, read], ratings.truth[read])[0]
    return out


def _table(ratings: Ratings, values: np.ndarray) -> dict[str, dict[str, float | None]]:
    return {
        t: {r: None if np.isnan(v) else float(v) for r, v in zip(ratings.readers, row, strict=True)}
        for t, row in zip(ratings.treatments, values, strict=True)
    }


def _curves(ratings: Ratings) -> dict[str, dict[str, tuple[tuple[float, float], ...]]]:
    out: dict[str, dict[str, tuple[tuple[float, float], ...]]] = {}
    for t, treatment in enumerate(ratings.treatments):
        out[treatment] = {}
        for r, reader in enumerate(ratings.readers):
            read = ratings.read[t, r]
            points = roc_points(ratings.score[t, r, read], ratings.truth[read])
            if points is not None:
                out[treatment][reader] = points
    return out
