"""How far two reviewers agree, stage by stage: share, Cohen's kappa and Gwet's AC1."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from synthassay.records.review import Choice, Stage
from synthassay.review.screening import Screening
from synthassay.stats.agreement.two_raters import Kappa, ac1_of_two, kappa_of_two

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
                found.append(Agreement(stage, pair, kappa_of_two(first, second), ac1_of_two(chosen, BOTH)))
    return tuple(found)
