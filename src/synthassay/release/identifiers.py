"""Whether a release tells who a real subject is: a run's identifiers in any name or text, and stray bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from synthassay.records.pseudonyms import LEAST_DIGITS, LEAST_LETTERS
from synthassay.release.carried import carried


@dataclass(frozen=True)
class Identifiers:
    """What is searched for.

    Attributes:
        searched: Identifiers long enough to be told from words and numbers.
        too_short: How many are not.
    """

    searched: tuple[str, ...]
    too_short: int

    @classmethod
    def of(cls, identifiers: Iterable[str]) -> Identifiers:
        """Sort identifiers into those that can be searched for and those that cannot.

        >>> Identifiers.of({"patient-7", "7", "12345", "s1"})
        Identifiers(searched=('12345', 'patient-7'), too_short=2)
        """
        every = set(identifiers)
        long = {name for name in every if len(name) >= (LEAST_DIGITS if name.isdigit() else LEAST_LETTERS)}
        return cls(tuple(sorted(long)), len(every - long))

    def pattern(self) -> re.Pattern[str] | None:
        """One pattern for all: whole words, in any case of letters."""
        if not self.searched:
            return None
        either = "|".join(re.escape(name) for name in sorted(self.searched, key=len, reverse=True))
        return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE)


def identifying(root: Path, identifiers: Identifiers) -> Iterator[tuple[str, str]]:
    """Yield each place of a folder that names a subject or holds stray bytes: the file, and where in it.

    The identifier itself is not repeated, so that a message may be shown.

    Raises:
        ImageError: An image cannot be taken apart.
    """
    pattern = identifiers.pattern()
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if pattern and pattern.search(relative):
            shown = pattern.sub("…", relative)
            yield shown, "its name holds an identifier of a real subject, case or file"
        if path.is_symlink() or not path.is_file():
            continue
        shown = pattern.sub("…", relative) if pattern else relative
        for place in carried(path):
            if place.stray:
                yield shown, f"{place.where} holds what no release has"
            if pattern and pattern.search(place.text):
                yield shown, f"{place.where} holds an identifier of a real subject, case or file"
