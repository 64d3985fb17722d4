"""What a reader study showed and what it did not, in plain sentences."""

from __future__ import annotations

import math

from synthassay.records.reader_result import ProportionalOdds, ReaderDifference, ReaderMean, ReaderResult, Turing

LEVEL = 0.05
WHOM = {
    "rrrc": "other readers and other cases",
    "frrc": "these readers and other cases",
    "rrfc": "other readers and these cases",
    "ustat": "other readers and other cases",
}


def said(found: ReaderResult) -> tuple[str, ...]:
    """Return the sentences: differences, margins, what was told from chance, controls, learning.

    No sentence takes a missing difference for none: that needs a margin, stated before looking, and a test against it.
    """
    part = getattr(found, found.headline)
    out: list[str] = []
    if part is not None and not found.turing:
        whom = WHOM[found.headline]
        out += [line for d in part.differences for line in _difference(found, d, whom)]
        if len(found.treatments) == 1 and found.headline == "ustat":
            out += [_single(found, mean, whom) for mean in part.single]
    out += [line for odds in found.odds for line in _odds(odds)]
    out += [_turing(found, t) for t in found.turing]
    if found.turing and not any(c.kind == "positive" for c in found.controls):
        out.append("No positive control was read, so nothing proves that these readers would have seen a fault.")
    out += [control.says for control in found.controls]
    for drift in found.drift:
        if drift.p is not None and drift.p < LEVEL:
            way = "rose" if drift.slope > 0 else "fell"
            what = "reading times" if drift.of == "log seconds" else drift.of
            out.append(
                f"Over the session {what} {way} (p = {drift.p:.2g}): readers learnt or tired while being measured."
            )
    out += [f"Not analysed: {what}, because {why}." for what, why in found.not_done.items()]
    return tuple(out)


def _difference(found: ReaderResult, d: ReaderDifference, whom: str) -> list[str]:
    if d.ci is None or d.p is None:
        return [f"{d.a} and {d.b} differ by {d.estimate:.3f} in mean {found.figure}; how surely cannot be told."]
    seen = f"Mean {found.figure} of {d.a} minus {d.b}: {d.estimate:.3f} (95% interval {d.ci[0]:.3f} to {d.ci[1]:.3f})"
    if d.p < LEVEL:
        out = [f"{seen}, p = {d.p:.2g}. A difference was shown for {whom}."]
    else:
        out = [f"{seen}, p = {d.p:.2g}. No difference was shown for {whom}, which does not show that there is none."]
    if d.within is None:
        return out
    margin = f"{d.within.margin:g}"
    if d.within.equivalent_p <= LEVEL:
        out.append(f"They are equivalent within the margin of {margin} (p = {d.within.equivalent_p:.2g}).")
    elif min(d.within.a_not_worse_p, d.within.b_not_worse_p) <= LEVEL:
        first = d.within.a_not_worse_p <= LEVEL
        one, other = (d.a, d.b) if first else (d.b, d.a)
        p = d.within.a_not_worse_p if first else d.within.b_not_worse_p
        out.append(
            f"{one} is not worse than {other} by the margin of {margin} (p = {p:.2g}); equivalence was not shown."
        )
    else:
        out.append(f"Neither equivalence nor non-inferiority was shown within the margin of {margin}.")
    return out


def _odds(odds: ProportionalOdds) -> list[str]:
    if odds.note:
        return [f"Odds of more points{f' ({odds.item})' if odds.item else ''} were not compared: {odds.note}."]
    out = []
    for d in odds.differences:
        if d.ci is None or d.p is None:
            continue
        ratio, low, high = (math.exp(value) for value in (d.estimate, *d.ci))
        shown = "shown" if d.p < LEVEL else "not shown, which does not show that they are alike"
        out.append(
            f"Odds of more points for {d.a} are {ratio:.2f} times those for {d.b} (95% interval {low:.2f} to "
            f"{high:.2f}), p = {d.p:.2g}: a difference was {shown}."
        )
    return out


def _single(found: ReaderResult, mean: ReaderMean, whom: str) -> str:
    if mean.ci is None or mean.p is None:
        return f"Mean {found.figure} of {mean.treatment}: {mean.estimate:.3f}; how surely cannot be told."
    return (
        f"Mean {found.figure} of {mean.treatment}: {mean.estimate:.3f} (95% interval {mean.ci[0]:.3f} to "
        f"{mean.ci[1]:.3f}), p = {mean.p:.2g} against {mean.reference:g}, for {whom}."
    )


def _turing(found: ReaderResult, t: Turing) -> str:
    if t.auc is None or t.auc.ci is None or t.auc.p is None:
        return f"{t.treatment}: one reader cannot speak for others; HYPE error {t.hype:.0f}%."
    seen = (
        f"{t.treatment}: readers told synthetic from real with a mean AUC of {t.auc.estimate:.3f} "
        f"(95% interval {t.auc.ci[0]:.3f} to {t.auc.ci[1]:.3f}); HYPE error {t.hype:.0f}%, where 50% is chance."
    )
    if t.indistinguishable and t.auc.within is not None:
        margin = t.auc.within.margin
        spoiled = [c.treatment for c in found.controls if c.kind == "positive" and not c.passed]
        if spoiled:
            return f"{seen} That lies within {margin:g} of chance, but readers missed the control {spoiled[0]}."
        return f"{seen} They were shown to be indistinguishable within {margin:g} of chance."
    if t.auc.p < LEVEL:
        return f"{seen} They were told apart{'' if t.auc.estimate > 0.5 else ', the wrong way round'}."
    if t.auc.within is None:
        return f"{seen} No margin was stated, so being indistinguishable was not tested; that is not the same as shown."
    return f"{seen} Neither a difference nor equivalence with chance was shown: the study is too small for either."
