"""Every error that synthassay raises, drawn as a tree.

SynthassayError
├── SpecError          a study file that cannot be followed; carries every fault at once
│   └── UnknownName    a name that no registry knows; carries the nearest names
├── DataError          cases, splits or tables that contradict each other
├── ImageError         a picture that cannot be read, or whose physics is unknown
├── RunError           a run folder that cannot be written, resumed or trusted
├── NotMeasured        a measure that does not apply here; becomes a row with its reason
└── ReadingError       a reader study that cannot be served or analysed

A SynthassayError is the user's to mend and is shown without a traceback. Any other exception is our bug and shows one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class SynthassayError(Exception):
    """A mistake that the user can mend: where, what, the value, and what to do.

    Args:
        where: File, field or object at fault, as the user knows it.
        what: What is wrong, without a final full stop.
        value: The offending value, shown in brackets where given.
        remedy: What to do about it, as a whole sentence.
    """

    exit_code = 1

    def __init__(self, where: str, what: str, *, value: object = None, remedy: str = "") -> None:
        self.where, self.what, self.value, self.remedy = where, what, value, remedy
        super().__init__(where, what)

    def __str__(self) -> str:
        shown = "" if self.value is None else f" ({_short(self.value)})"
        return f"{self.where}: {self.what}{shown}." + (f" {self.remedy}" if self.remedy else "")


class Fault(NamedTuple):
    """One thing wrong in a study file: its place, what is wrong, the value, and the remedy."""

    place: str
    what: str
    value: object = None
    remedy: str = ""

    def __str__(self) -> str:
        shown = "" if self.value is None else f" ({_short(self.value)})"
        return f"{self.place}: {self.what}{shown}." + (f" {self.remedy}" if self.remedy else "")


class SpecError(SynthassayError):
    """A study file that cannot be followed. ``faults`` lists all that is wrong with it, not only the first."""

    exit_code = 2

    def __init__(self, where: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        super().__init__(where, f"{count} fault{'s' if count != 1 else ''} in the study file")

    def __str__(self) -> str:
        return "\n".join([f"{self.where}: {self.what}.", *(f"  - {fault}" for fault in self.faults)])


class UnknownName(SpecError):
    """A name that no registry knows."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name = kind, name
        fault = Fault(kind, f"no {kind} has this name", name, did_you_mean(name, known))
        super().__init__(kind, [fault])

    def __str__(self) -> str:
        return str(self.faults[0])


class DataError(SynthassayError):
    """Cases, splits or tables that contradict each other."""

    exit_code = 3


class ImageError(SynthassayError):
    """A picture that cannot be read, or whose units or geometry are unknown or impossible."""

    exit_code = 3


class RunError(SynthassayError):
    """A run folder that cannot be written, resumed or trusted."""

    exit_code = 4


class NotMeasured(SynthassayError):
    """A measure that does not apply to this evidence; the report shows the reason as a row.

    Args:
        reason: Why there is no number, as a clause that completes "not measured, because ...".
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("not measured", f"because {reason}")


class ReadingError(SynthassayError):
    """A reader study that cannot be served or analysed."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a remedy sentence that names the nearest known names, then all of them.

    >>> did_you_mean("pgna", ["pgan", "vae"])
    'Did you mean: pgan? Available: pgan, vae.'
    """
    names = sorted(known)
    plain = {candidate.lower(): candidate for candidate in names}
    near = [plain[match] for match in difflib.get_close_matches(name.lower(), plain, n=3, cutoff=0.5)]
    hint = f"Did you mean: {', '.join(near)}? " if near else ""
    return f"{hint}Available: {', '.join(names) or 'none'}."


def _short(value: object, limit: int = 200) -> str:
    text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
