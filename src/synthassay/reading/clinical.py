"""The result of a reader study as measurements on the clinical axis."""

from __future__ import annotations

from collections.abc import Iterable

from synthassay.records.measurement import Interval, Measurement
from synthassay.records.reader_result import Ends, ReaderMean, ReaderResult
from synthassay.records.vocabulary import Axis, Better

SDT = "Hautus 1995, doi:10.3758/BF03203619"
HYPE = "Zhou et al. 2019, arXiv:1904.01121"
EXACT = "Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404"


def clinical_measurements(result: ReaderResult) -> tuple[Measurement, ...]:
    """Return one measurement per treatment and figure, of the set that the treatment is named after.

    A reader study whose readers tell synthetic from real has the target 0.5; one of diagnosis is better the higher.
    ``n`` counts cases and ``subjects`` the patients whose they are; where nobody told them, each case is one.

    Args:
        result: The record of an analysis.

    Returns:
        Areas (or the figure that was analysed), sensitivity and specificity at a cut, d' and error rates of Turing
        tests, artefacts. What could not be generalised to other readers is given with the reason instead of a value.
    """
    part = getattr(result, result.headline)
    told = {mean.treatment: mean for mean in part.single} if part is not None else {}
    out = [_figure(result, name, told.get(name)) for name in result.treatments]
    return (*out, *_at_cut(result), *_turing(result), *_artefacts(result))


def _at_cut(result: ReaderResult) -> Iterable[Measurement]:
    for at in result.at_cut:
        ends = {mean.treatment: mean.ci for mean in at.rrrc.single} if at.rrrc is not None else {}
        for name, value in at.mean.items():
            title, stratum = f"Readers' {at.figure}", f"cut={result.cut:g}"
            yield _row(result, f"reader_{at.figure}", title, name, value, ends.get(name), stratum=stratum)


def _turing(result: ReaderResult) -> Iterable[Measurement]:
    for t in result.turing:
        d = sum(g.d_prime for g in t.readers) / len(t.readers)
        title = "Readers' d' for synthetic images"
        yield _row(result, "reader_d_prime", title, t.treatment, d, None, target=0.0, source=SDT)
        title = "Readers' error rate (HYPE)"
        yield _row(result, "reader_error_rate", title, t.treatment, t.hype, None, target=50.0, unit="%", source=HYPE)


def _artefacts(result: ReaderResult) -> Iterable[Measurement]:
    for a in result.artefacts:
        title, stratum = f"Cases with {a.artefact}, by most readers", f"artefact={a.artefact}"
        yield _row(
            result, "artefact_prevalence", title, result.title, a.share, a.ci, stratum=stratum,
            better=Better.LOWER, source=EXACT, n=a.cases,
        )  # fmt: skip


def _figure(result: ReaderResult, name: str, mean: ReaderMean | None) -> Measurement:
    metric = "reader_" + result.figure.lower().replace(" ", "_")
    title = f"Readers' {result.figure}, mean over readers"
    target = 0.5 if result.turing else result.reference if result.choices else None
    name, _, item = name.partition(": ") if result.method == "means" else (name, "", "")
    stratum, unit = (f"item={item}", "points") if item else ("", "1")
    if mean is None or mean.ci is None:
        reason = next(iter(result.not_done.values()), "its variance cannot be estimated from this design")
        return _row(result, metric, title, name, None, None, target=target, why=reason, stratum=stratum, unit=unit)
    return _row(result, metric, title, name, mean.estimate, mean.ci, target=target, stratum=stratum, unit=unit)


def _row(
    result: ReaderResult,
    metric: str,
    title: str,
    of: str,
    value: float | None,
    ends: Ends | None,
    *,
    stratum: str = "",
    target: float | None = None,
    better: Better = Better.HIGHER,
    unit: str = "1",
    source: str = "",
    n: int | None = None,
    why: str = "",
) -> Measurement:
    interval = None
    if ends is not None:
        interval = Interval(low=ends[0], high=ends[1], method=f"{result.headline} over {len(result.readers)} readers")
    count = result.cases if n is None else n
    return Measurement(
        metric=metric,
        title=title,
        axis=Axis.CLINICAL,
        of=of,
        stratum=stratum,
        value=value,
        interval=interval,
        n=count,
        subjects=count if result.patients is None or n is not None else result.patients,
        unit=unit,
        better=Better.TARGET if target is not None else better,
        target=target,
        not_measured=why,
        settings={
            "readers": len(result.readers),
            "design": result.design,
            "method": result.method,
            "covariance": result.covariance,
            "generalises": result.headline,
        },
        source=source or result.source,
    )
