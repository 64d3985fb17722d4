"""How far sources lie from their way there and back, as the generator's own side gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.records.cycles import CaseCycle, read_case_cycles

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence


@dataclass(frozen=True)
class Cycles:
    """One record per judged image, by case, in the order of the set."""

    of: Mapping[str, CaseCycle]


def _not_written(evidence: Evidence) -> str:
    if evidence.case_cycles is None or not evidence.case_cycles.is_file():
        return (
            "nothing says how far the sources lie from their way there and back: only a generator can go it, in a study"
            " of unpaired translation, stain normalisation or harmonisation"
        )
    return ""


@provides(
    "case_cycles",
    "how far each source lies from its way there and back (fidelity.cycles.Cycles)",
    implies=("synthetic_subjects",),
    lacking=_not_written,
)
def case_cycles(evidence: Evidence) -> Cycles:
    """Return what the generator's side wrote.

    Raises:
        NotMeasured: The family has no way back, or they are of other images than those that are judged.
        RunError: The file is damaged.
    """
    assert evidence.case_cycles is not None
    lines = {line.case: line for line in read_case_cycles(evidence.case_cycles)}
    if not lines:
        raise NotMeasured("the generator's family has no way back to its source")
    if set(lines) != set(evidence.synthetic.cases):
        raise NotMeasured("the way there and back was gone for other images than those that are judged")
    return Cycles({case: lines[case] for case in evidence.synthetic.cases})
