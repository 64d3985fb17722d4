"""What a protocol sees of each failure where it would matter, and what it is blind to."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import binom

from synthassay.bench.detection import LEVEL
from synthassay.protocols import Protocol
from synthassay.records.bench import InjectedFailure, Response, Sight

TOO_MANY = 0.05
"""Chance, of a detector that keeps the level, to raise as many false alarms; below it, it does not keep it."""


def sights(protocol: Protocol, failures: Sequence[InjectedFailure], responses: Sequence[Response]) -> list[Sight]:
    """Return, for each failure, which of the protocol's requirements see it at or below the severity that matters.

    Only what the protocol requires counts: a measure that nobody asks for finds nothing; and a measure that raised too
    many false alarms sees nothing, whatever its power. Among the requirements that answer, the one with the smallest
    severity is named.
    """
    required = {r.metric for r in protocol.requirements if not (r.missing or r.sign)}
    found = []
    for failure in failures:
        mode = next((m for m in protocol.failure_modes if failure.name in m.enacted_by), None)
        answers = sorted(
            (response.first_seen, response.metric)
            for response in responses
            if response.failure == failure.name
            and response.metric in required
            and response.first_seen is not None
            and not cries_wolf(response)
        )
        found.append(
            Sight(
                failure=failure.name,
                mode=mode.name if mode else "",
                dominant=bool(mode and mode.dominant),
                matters_at=failure.matters_at,
                seen_by=tuple(metric for severity, metric in answers if severity <= failure.matters_at),
                first_seen=answers[0][0] if answers else None,
                by=answers[0][1] if answers else "",
            )
        )
    return found


def cries_wolf(response: Response) -> bool:
    """Whether a measure called more undamaged images damaged than one at the level would, by more than chance.

    Example:
        >>> from synthassay.records.bench import Response
        >>> def raised(share, n):
        ...     return Response(
        ...         metric="m", axis="failure", better="lower", per="set", failure="f", false_alarms=share, n=n
        ...     )
        >>> [cries_wolf(raised(share, 12)) for share in (0.0, 2 / 12, 3 / 12)]
        [False, False, True]
        >>> cries_wolf(raised(0.075, 80))
        False
    """
    if response.false_alarms is None:
        return False
    return bool(binom.sf(round(response.false_alarms * response.n) - 1, response.n, LEVEL) < TOO_MANY)
