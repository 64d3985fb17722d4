"""How far two reviewers agree, stage by stage: share, Cohen's kappa and Gwet's AC1."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synthassay.records.review import Choice, Stage
from synthassay.review.screening import Screening
from synthassay.stats.kappa import Kappa, cohen_kappa

BOTH = (Choice.INCLUDE.value, Choice.EXCLUDE.value)
"""What reviewers always may choose; AC1 needs to know it even where nobody chose one of them."""


@dataclass(frozen=True)
class Agreement:
    """Two reviewers at one stage.

    Attributes:
        cohen: Share of agreement and kappa with its interval, over the reports that both decided.
        ac1: Gwet's, which stays near the share where nearly all are excluded.
    """

    stage: Stage
    reviewers: tuple[str, str]
    cohen: Kappa
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
                first, second = zip(*chosen, strict=True)
                found.append(Agreement(stage, pair, cohen_kappa(first, second), gwet_ac1(chosen, BOTH)))
    return tuple(found)


def gwet_ac1(pairs: Sequence[tuple[str, str]], categories: Iterable[str] = ()) -> float | None:
    """Return Gwet's AC1 of two raters; None where there is nothing to rate, or one category alone.

    Args:
        pairs: What the two said of each report.
        categories: What they might have said; what they did say belongs to it too.

    Source: Gwet 2008, doi:10.1348/000711006X126600, eq. 2 and 3.

    >>> table = {("yes", "yes"): 40, ("yes", "no"): 9, ("no", "yes"): 6, ("no", "no"): 45}
    >>> round(gwet_ac1([pair for pair, n in table.items() for _ in range(n)]), 3)
    0.701
    """
    known = sorted({*categories, *(word for pair in pairs for word in pair)})
    if not pairs or len(known) < 2:
        return None
    n = len(pairs)
    share = sum(a == b for a, b in pairs) / n
    said = Counter(word for pair in pairs for word in pair)
    mean = [said[category] / (2 * n) for category in known]
    chance = sum(p * (1 - p) for p in mean) / (len(known) - 1)
    return (share - chance) / (1 - chance)
