"""The analysis of a reader study: ratings in, one record out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from synthassay.errors import ReadingError
from synthassay.randomness import stream
from synthassay.reading.agreeing import agreement
from synthassay.reading.generalising import Judging, Rockette, generalise, refuse_gaps, ustatistics
from synthassay.reading.saying import said
from synthassay.reading.turing import control, drifts, turing
from synthassay.records.reader_result import Artefact, AtCut, Control, ReaderResult, Resampled
from synthassay.stats.mrmc.areas import Figures, areas
from synthassay.stats.mrmc.binormal import binormal_areas
from synthassay.stats.mrmc.bootstrap import bootstrap_means
from synthassay.stats.mrmc.covariance import Covariance
from synthassay.stats.mrmc.curves import Points, roc_points
from synthassay.stats.mrmc.localisation import Marks, lroc_areas, weighted_afroc_areas
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.shares import sensitivity, specificity
from synthassay.stats.mrmc.ustatistic import Fixed
from synthassay.stats.roc import auc as roc_auc

Method = Literal["or", "ustat"]
Figure = Literal["auc", "binormal", "lroc", "wafroc"]
SOURCES = {
    "or": "Obuchowski and Rockette 1995, doi:10.1080/03610919508813243; Hillis 2007, doi:10.1002/sim.2532",
    "ustat": "Gallas 2006, doi:10.1016/j.acra.2005.11.030; Gallas et al. 2009, doi:10.1080/03610920802610084",
}
HEADLINES = {"": "rrrc", "readers": "frrc", "cases": "rrfc"}
CHANCE = 0.5
SEED = 20260101


@dataclass(frozen=True)
class Order:
    """How a study is to be analysed.

    Attributes:
        method: ``or`` (Obuchowski and Rockette) or ``ustat`` (U-statistics, any design).
        covariance: How the first estimates its error covariance; other figures than areas take the jackknife.
        figure: ``auc``, ``binormal``, ``lroc`` (needs a column ``located``) or ``wafroc`` (needs marks).
        cut: Rating from which a case counts as called positive; adds sensitivity and specificity.
        judging: Reference, margin, truncation.
        fixed: What another study would have again: ``readers`` or ``cases``; decides the headline.
        turing: Whether positive means synthetic, so that detection theory is asked for; needs a cut.
        agree: Whether coefficients of agreement are wanted.
        positive_controls: Treatments spoiled on purpose; ``negative_controls`` without any difference to see.
        resamples: Draws of a bootstrap of readers and cases; 0 for none.
        seed: Root of all draws.
    """

    method: Method = "or"
    covariance: Covariance = "jackknife"
    figure: Figure = "auc"
    cut: float | None = None
    judging: Judging = field(default_factory=lambda: Judging(CHANCE))
    fixed: Fixed = ""
    turing: bool = False
    agree: bool = False
    positive_controls: tuple[str, ...] = ()
    negative_controls: tuple[str, ...] = ()
    resamples: int = 0
    seed: int = SEED


def analyse(
    ratings: Ratings, order: Order, *, title: str = "", artefacts: tuple[Artefact, ...] = (), marks: Marks | None = None
) -> ReaderResult:
    """Analyse a reader study.

    Args:
        ratings: The readings; of free-response marks their ``ratings``.
        order: What to do with them.
        title: What the study is called.
        artefacts: What readers saw of artefacts, to be told beside.
        marks: Free-response marks, for ``wafroc``.

    Raises:
        ReadingError: The method cannot do the design, or a reader read too few cases; the message says which.
    """
    controls, compared = _controls(ratings, order)
    analysing = Analysing(compared, order, marks)
    found = analysing.result(title).model_copy(update={"controls": controls, "artefacts": artefacts})
    return found.model_copy(update={"says": (*said(found), *_flat(compared))})


def _flat(ratings: Ratings) -> list[str]:
    """Sentences on readers who gave one rating to all that they read."""
    return [
        f"Reader {ratings.readers[r]} gave one rating to all cases of {ratings.treatments[t]}, "
        "which tells nothing of them."
        for t, r in np.ndindex(ratings.score.shape[:2])
        if ratings.read[t, r].sum() > 1 and np.ptp(ratings.score[t, r, ratings.read[t, r]]) == 0
    ]


def _controls(ratings: Ratings, order: Order) -> tuple[tuple[Control, ...], Ratings]:
    named = dict.fromkeys(order.positive_controls, "positive") | dict.fromkeys(order.negative_controls, "negative")
    for name in named:
        if name not in ratings.treatments:
            raise ReadingError(
                "ratings", "have no such treatment", value=name, remedy=f"They have {', '.join(ratings.treatments)}."
            )
    rest = [t for t, name in enumerate(ratings.treatments) if name not in named]
    if not rest:
        raise ReadingError("ratings", "hold controls alone", remedy="Name fewer treatments as controls.")
    arms = []
    for name, kind in named.items():
        alone = ratings.of([ratings.treatments.index(name)])
        refuse_few(alone, "or")
        arms.append(control(alone, kind, order.judging))
    return tuple(arms), ratings.of(rest) if named else ratings


@dataclass(frozen=True)
class Analysing:
    """One analysis on its way to a record."""

    ratings: Ratings
    order: Order
    marks: Marks | None = None

    def result(self, title: str) -> ReaderResult:
        """Return the record, without controls, artefacts and words."""
        ratings, order = self.ratings, self.order
        refuse_few(ratings, order.method)
        try:
            figures = self._figures() if order.method == "or" else None
        except ValueError as problem:
            raise ReadingError("ratings", str(problem), remedy="Choose another --figure, or add readings.") from None
        rockette = self._rockette(figures) if figures is not None else None
        free = order.figure == "wafroc"
        auc = np.full(ratings.score.shape[:2], np.nan) if free else _areas_where_read(ratings)
        values = auc if figures is None else figures.values
        return ReaderResult(
            title=title,
            figure=figures.name if figures is not None else "AUC",
            design=ratings.design,
            treatments=ratings.treatments,
            readers=ratings.readers,
            cases=len(ratings.cases),
            patients=len(set(ratings.patients)) if ratings.patients else None,
            positive=ratings.positive,
            negative=ratings.negative,
            readings=int(ratings.read.sum()),
            method=order.method,
            covariance="" if figures is None else order.covariance if figures.won is not None else "jackknife",
            headline=self._headline(),
            reference=order.judging.reference,
            margin=order.judging.margin,
            truncated=order.judging.truncate,
            auc=_table(ratings, auc),
            values=_table(ratings, values),
            mean={name: float(np.nanmean(values[i])) for i, name in enumerate(ratings.treatments)},
            cut=order.cut,
            curves={} if free else _curves(ratings),
            not_done=self._not_done(),
            source=SOURCES[order.method],
            **self._analyses(rockette),
        )

    def _analyses(self, rockette: Rockette | None) -> dict[str, Any]:
        ratings, order = self.ratings, self.order
        told: dict[str, Any] = {}
        if rockette is None:
            told["ustat"] = ustatistics(ratings, order.judging, order.fixed)
        else:
            told |= {name: getattr(rockette, name) for name in ("components", "rrrc", "frrc", "rrfc", "per_reader")}
        if order.cut is not None:
            told |= {"at_cut": self._at_cut(order.cut), "drift": drifts(ratings, order.cut)}
        else:
            told["drift"] = drifts(ratings, None)
        if order.turing:
            if order.cut is None:
                raise ReadingError(
                    "--turing", "needs a cut", remedy="Give --cut: the rating from which it was called synthetic."
                )
            refuse_few(ratings, "or")
            refuse_gaps(ratings)
            told["turing"] = turing(ratings, order.cut, order.judging.margin)
        if order.agree:
            told["agreement"] = agreement(ratings, order.cut, seed=order.seed)
        if order.resamples:
            told["resampled"] = self._resampled()
        return told

    def _figures(self) -> Figures:
        if self.order.figure == "binormal":
            return binormal_areas(self.ratings)
        if self.order.figure == "lroc":
            located = self.ratings.beside.get("located")
            if located is None:
                raise ReadingError(
                    "ratings", "lack the column located", remedy="LROC needs it: 1 where the place was right."
                )
            return lroc_areas(self.ratings, located == 1)
        if self.order.figure == "wafroc":
            if self.marks is None:
                raise ReadingError("ratings", "are no marks", remedy="wafroc needs a table of marks.")
            return weighted_afroc_areas(self.marks)
        return areas(self.ratings)

    def _headline(self) -> str:
        if self.order.method == "ustat":
            return "ustat"
        return "frrc" if len(self.ratings.readers) == 1 else HEADLINES[self.order.fixed]

    def _rockette(self, figures: Figures, *, reference: bool = True) -> Rockette:
        judging = self.order.judging
        if not reference:
            judging = Judging(None, judging.margin, judging.truncate)
        method = self.order.covariance if figures.won is not None else "jackknife"
        if method == "unbiased" and figures.name != "AUC":
            raise ReadingError(
                "--covariance", f"unbiased exists for AUC, not for {figures.name}", remedy="Use jackknife."
            )
        return generalise(self.ratings, figures, method, judging)

    def _at_cut(self, cut: float) -> tuple[AtCut, ...]:
        out = []
        try:
            both = (sensitivity(self.ratings, cut), specificity(self.ratings, cut))
        except ValueError as problem:
            raise ReadingError("--cut", str(problem), remedy="Leave out --cut, or add the readings.") from None
        for figures in both:
            found = self._rockette(figures, reference=False) if self.order.method == "or" else None
            names = self.ratings.readers
            rows = zip(self.ratings.treatments, figures.values, strict=True)
            out.append(
                AtCut(
                    figure="sensitivity" if figures.name == "sensitivity" else "specificity",
                    values={t: dict(zip(names, map(float, row), strict=True)) for t, row in rows},
                    mean=dict(zip(self.ratings.treatments, map(float, figures.values.mean(axis=1)), strict=True)),
                    components=found.components if found else None,
                    rrrc=found.rrrc if found else None,
                    frrc=found.frrc if found else None,
                    rrfc=found.rrfc if found else None,
                )
            )
        return tuple(out)

    def _resampled(self) -> Resampled:
        refuse_gaps(self.ratings)
        names, order = self.ratings.treatments, self.order
        try:
            rng = stream(order.seed, "mrmc", "bootstrap")
            draws = bootstrap_means(self.ratings, rng=rng, draws=order.resamples, fixed=order.fixed)
        except ValueError as problem:
            raise ReadingError("--bootstrap", str(problem)) from None
        pairs = {
            f"{a} - {b}": draws[:, i] - draws[:, j] for i, a in enumerate(names) for j, b in enumerate(names) if i < j
        }
        return Resampled(
            draws=order.resamples,
            mean={name: _middle(draws[:, i]) for i, name in enumerate(names)},
            differences={key: _middle(values) for key, values in pairs.items()},
        )

    def _not_done(self) -> dict[str, str]:
        if len(self.ratings.readers) > 1 or (self.order.method == "ustat" and self.order.fixed == "readers"):
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
            remedy = (
                "Use --method ustat, which takes any design, or add the readings." if method == "or" else "Add some."
            )
            what = f"{whom} {count[t, r]} {word} cases in treatment {ratings.treatments[t]}, fewer than two"
            raise ReadingError("ratings", what, remedy=remedy)


def _areas_where_read(ratings: Ratings) -> np.ndarray:
    """``treatments readers``; NaN where a reader did not read both truths."""
    both = (ratings.read & ratings.truth).any(axis=2) & (ratings.read & ~ratings.truth).any(axis=2)
    out = np.full(both.shape, np.nan)
    for t, r in np.argwhere(both):
        read = ratings.read[t, r]
        out[t, r] = roc_auc(ratings.score[t, r, read], ratings.truth[read])[0]
    return out


def _table(ratings: Ratings, values: np.ndarray) -> dict[str, dict[str, float | None]]:
    return {
        t: {r: None if np.isnan(v) else float(v) for r, v in zip(ratings.readers, row, strict=True)}
        for t, row in zip(ratings.treatments, values, strict=True)
    }


def _curves(ratings: Ratings) -> dict[str, dict[str, Points]]:
    out: dict[str, dict[str, Points]] = {}
    for t, treatment in enumerate(ratings.treatments):
        out[treatment] = {}
        for r, reader in enumerate(ratings.readers):
            read = ratings.read[t, r]
            points = roc_points(ratings.score[t, r, read], ratings.truth[read])
            if points is not None:
                out[treatment][reader] = points
    return out


def _middle(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
