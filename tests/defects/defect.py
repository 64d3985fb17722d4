"""What other tools get wrong, with their number beside ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """One trap of another tool that we do not fall into.

    Attributes:
        tool: Whose; name and version or commit where known.
        trap: What goes wrong, in one sentence.
        setting: On what the two numbers below were computed.
        ours: Computes our number, as shown in the table.
        theirs: Computes theirs, by running the tool or its formula; None where only ``theirs_quoted`` is at hand.
        theirs_quoted: Their number as measured by running the tool once, where it cannot run in the tests.
        holds: Receives both shown numbers and is true while the defect is there and ours is right.
    """

    tool: str
    trap: str
    setting: str
    ours: Callable[[], str]
    holds: Callable[[str, str], bool]
    theirs: Callable[[], str] | None = None
    theirs_quoted: str = ""

    def shown(self) -> tuple[str, str]:
        """Theirs and ours, as in the table."""
        return (self.theirs() if self.theirs is not None else self.theirs_quoted), self.ours()
