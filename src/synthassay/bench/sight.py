"""What a protocol sees of each failure where it would matter, and what it is blind to."""

from __future__ import annotations

from collections.abc import Sequence

from synthassay.protocols import Protocol
from synthassay.records.bench import InjectedFailure, Response, Sight


def sights(protocol: Protocol, failures: Sequence[InjectedFailure], responses: Sequence[Response]) -> list[Sight]:
    """Return, for each failure, which of the protocol's requirements see it at or below the severity that matters.

    Only what the protocol requires counts: a measure that nobody asks for finds nothing. Among the requirements that
    answer, the one with the smallest severity is named.
    """
    required = {requirement.metric for requirement in protocol.requirements if not requirement.missing}
    found = []
    for failure in failures:
        mode = next((m for m in protocol.failure_modes if failure.name in m.enacted_by), None)
        answers = sorted(
            (response.first_seen, response.metric)
            for response in responses
            if response.failure == failure.name and response.metric in required and response.first_seen is not None
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
