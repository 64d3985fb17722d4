"""How far two reviewers agree, stage by stage: share, Cohen's kappa and Gwet's AC1."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synthassay.records.review import Choice, Stage
from synthassay.review.screening import Screening

BOTH = (Choice.INCLUDE.value, Choice.EXCLUDE.value)
"""What reviewers always may choose; AC1 needs to know it even where nobody chose one of them."""


@dataclass(frozen=True)
class Agreement:
    """Two reviewers at one stage.

    Attributes:
        n: Reports that both decided; the number rests on them alone.
        share: Of these, on how many they agree; None where there are none.
        kappa: Cohen's; None where it is undefined, as when both always chose the same.
        ac1: Gwet's, which stays near the share where nearly all are excluded.
    """

    stage: Stage
    reviewers: tuple[str, str]
    n: int
    share: float | None
    kappa: float | None
    ac1: float | None


def agreements(screening: Screening) -> tuple[Agreement, ...]:
    """Return the agreement of each two reviewers who share a report, at title and abstract and at full text."""
    found = []
    for stage in (Stage.TITLE_ABSTRACT, Stage.FULL_TEXT):
        for pair in itertools.combinations(screening.plan.reviewers, 2):
            chosen = [
                (said[pair[0]].choice.value, said[pair[1]].choice.value)
                for report in screening.reports
                if set(pair) <= (said := screening.said(report, stage)).keys()
            ]
            if chosen:
                found.append(Agreement(stage, pair, len(chosen), *kappa_and_ac1(chosen, BOTH)))
    return tuple(found)


def kappa_and_ac1(
    pairs: Sequence[tuple[str, str]], categories: Iterable[str] = ()
) -> tuple[float | None, float | None, float | None]:
    """Return share of agreement, Cohen's kappa and Gwet's AC1 of two raters.

    Args:
        pairs: What the two said of each report.
        categories: What they might have said; what they did say belongs to it too.

    Source: Cohen 1960, doi:10.1177/001316446002000104; Gwet 2008, doi:10.1348/000711006X126600, eq. 2 and 3.

    >>> table = {("yes", "yes"): 40, ("yes", "no"): 9, ("no", "yes"): 6, ("no", "no"): 45}
    >>> [round(v, 3) for v in kappa_and_ac1([pair for pair, n in table.items() for _ in range(n)])]
    [0.85, 0.7, 0.701]
    """
    n = len(pairs)
    if not n:
        return None, None, None
    known = sorted({*categories, *(word for pair in pairs for word in pair)})
    share = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    by_chance = sum(first[c] * second[c] for c in known) / n**2
    kappa = (share - by_chance) / (1 - by_chance) if by_chance < 1 else None
    if len(known) < 2:
        return share, kappa, None
    mean = [(first[c] + second[c]) / (2 * n) for c in known]
    chance = sum(p * (1 - p) for p in mean) / (len(known) - 1)
    return share, kappa, (share - chance) / (1 - chance)
