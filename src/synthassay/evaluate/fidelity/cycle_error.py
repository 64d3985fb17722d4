"""How far sources lie from their way there and back: a warning where it is large, no proof where it is small."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.cycles import Cycles
from synthassay.evaluate.metric import Finding, metric
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import mean_interval


@metric(
    title="Cycle error",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="1",
    per="set",
    source="arXiv:1703.10593",
    settings={
        "difference": "mean absolute, where the subject is, in parts of the range of values that sources have",
        "way_there": "the synthetic image before it is rounded to its file's values",
    },
)
def cycle_error(case_cycles: Cycles, rng: np.random.Generator, bootstrap: int) -> Finding:
    """Return how far sources lie from what the generator makes of its own images of them, in parts of their range.

    A large error tells that the image does not hold what it takes to tell its source: something was lost on the way.
    **A small one does not prove that anatomy was kept.** Generators trained to undo each other hide the source in
    detail that nobody sees and read it from there, whatever the image shows (Chu, Zhmoginov and Sandler 2017,
    arXiv:1712.02950), and anatomy that was moved can be moved back. Read ``edge_displacement`` and
    ``mind_distance_to_source`` for that.

    Args:
        case_cycles: Written by the generator's own side; nothing is known here of how.
        rng: Source of the interval's draws.
        bootstrap: Draws per interval.

    Returns:
        From 0 to 1. ``in_source_unit`` among the settings is the same in the sources' own unit.

    Raises:
        NotMeasured: The family has no way back, or has none for any of these sources.

    Source:
        Zhu et al., ICCV 2017, arXiv:1703.10593, equation 2 (there as a loss).

    Example:
        >>> from synthassay.records.cycles import CaseCycle
        >>> of = {"unit": "HU", "low": -1000.0, "high": 1000.0}
        >>> lines = [CaseCycle(case=f"c{i}", subject=f"p{i}", error=10.0 * i, **of) for i in range(4)]
        >>> found = cycle_error(Cycles({line.case: line for line in lines}), np.random.default_rng(0), 100)
        >>> round(found.value, 6), found.n, found.settings["in_source_unit"]
        (0.0075, 4, 15.0)
    """
    lines = case_cycles.of.values()
    errors = {line.case: (line.error, line.high - line.low) for line in lines if line.error is not None}
    failed = {line.case: line.not_measured for line in lines if line.error is None}
    if not errors:
        why = next(iter(failed.values()))
        raise NotMeasured(f"none of {len(failed)} sources came back; the first because: {why}")
    values = {case: error / span for case, (error, span) in errors.items()}
    owners = [case_cycles.of[case].subject for case in values]
    first = next(iter(lines))
    return Finding(
        value=float(np.mean(list(values.values()))),
        interval=mean_interval(list(values.values()), owners, rng=rng, draws=bootstrap),
        n=len(values),
        subjects=len(set(owners)),
        per_case=values,
        failed_cases=failed,
        settings={
            "in_source_unit": float(np.mean([error for error, _ in errors.values()])),
            "source_unit": first.unit.value,
            "source_range_low": first.low,
            "source_range_high": first.high,
        },
    )
