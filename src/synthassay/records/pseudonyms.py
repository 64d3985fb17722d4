"""Names for subjects and cases that may be shown: stable within a cohort, meaningless without it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

SHORTEST = 6
LEAST_LETTERS, LEAST_DIGITS = 3, 5  # a shorter identifier cannot be told from an ordinary word or number


def pseudonym_key(run: Path) -> str:
    """Return the key of a run's pseudonyms: the hash of its cohort, or of its measurements where it has no cohort.

    Raises:
        OSError: The run has neither file, or it cannot be read.
    """
    cohort = run / "cohort.json"
    secret = (cohort if cohort.is_file() else run / "measurements.jsonl").read_bytes()
    return hashlib.sha256(b"pseudonyms of subjects and cases\0" + secret).hexdigest()


class Pseudonyms:
    """Identifier to pseudonym, and texts without identifiers.

    A pseudonym is the head of HMAC-SHA256 under a key that only the holder of the run folder has (the hash of its
    cohort), so that nobody can find a hospital number by trying all hospital numbers.

    Args:
        key: Text that the outsider does not have.
        subjects: Subject identifiers.
        cases: Identifiers of cases that show a subject.
        places: Folders whose names tell where the data lie; they vanish from texts.
    """

    def __init__(self, key: str, subjects: Iterable[str], cases: Iterable[str], places: Iterable[str] = ()) -> None:
        self._key = key.encode()
        self._subjects = self._draw("S", subjects)
        self._cases = self._draw("C", cases)
        self._places = {place.rstrip("/"): "…" for place in places}

    def subject(self, identifier: str) -> str:
        """Return the pseudonym of a subject."""
        return self._subjects.get(identifier) or f"S-{self._digest(identifier)[:SHORTEST]}"

    def case(self, identifier: str) -> str:
        """Return the pseudonym of a case."""
        return self._cases.get(identifier) or f"C-{self._digest(identifier)[:SHORTEST]}"

    def keyed(self, text: str) -> str:
        """Return a SHA-256 of ``text`` under the key: only the run's holder can tell what it was made from."""
        return self._digest(f"keyed\0{text}")

    def scrub(self, text: str) -> str:
        """Return free text with every known identifier in it replaced by its pseudonym, and every place by dots."""
        return self._pattern.sub(lambda found: self._names[found.group()], text) if self._pattern else text

    def said(self, value: str) -> str:
        """Return a value that may be an identifier as a whole, however short, or a text that holds some."""
        return self._cases.get(value) or self._subjects.get(value) or self.scrub(value)

    def table(self) -> dict[str, dict[str, str]]:
        """Return pseudonym to identifier, for the holder of the data alone."""
        return {
            "subjects": {name: identifier for identifier, name in self._subjects.items()},
            "cases": {name: identifier for identifier, name in self._cases.items()},
        }

    @cached_property
    def _names(self) -> dict[str, str]:
        return self._places | self._cases | self._subjects

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        long_enough = [n for n in self._names if len(n) >= (LEAST_DIGITS if n.isdigit() else LEAST_LETTERS)]
        if not long_enough:
            return None
        either = "|".join(re.escape(name) for name in sorted(long_enough, key=len, reverse=True))
        return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])")

    def _draw(self, letter: str, identifiers: Iterable[str]) -> dict[str, str]:
        digests = {identifier: self._digest(identifier) for identifier in sorted(set(identifiers))}
        length = SHORTEST
        while len({digest[:length] for digest in digests.values()}) < len(digests):
            length += 1
        return {identifier: f"{letter}-{digest[:length]}" for identifier, digest in digests.items()}

    def _digest(self, identifier: str) -> str:
        return hmac.new(self._key, identifier.encode(), hashlib.sha256).hexdigest()
