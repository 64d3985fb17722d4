"""Pictures of chosen cases and of nearest real neighbours, embedded as far as the file's size allows."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from synthassay.records.evaluation import CaseSelection, NearestReal, evaluation_folder, picture_path
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.report.contents import Contents
from synthassay.report.numbers import plain, unit_words
from synthassay.report.tables import DIRECTIONS, kind_of

LARGEST_SUM = 9_000_000  # bytes of PNG; base64 makes 12 MB of them, and the report stays under 15 MB
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
CASE_ROLES = ("source", "synthetic", "reference", "error")
ROLE_WORDS = {
    "source": "source (real)",
    "synthetic": "synthetic",
    "reference": "reference (real)",
    "error": "error: blue too low, red too high",
    "neighbour": "nearest real",
}


@dataclass(frozen=True)
class Shown:
    """One embedded picture.

    Attributes:
        role: One of ``PICTURE_ROLES``, or ``sample``.
        uri: The PNG as a data URI; empty where the file is missing or was left out for size.
    """

    role: str
    words: str
    alt: str
    uri: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class CaseFigure:
    """One case: its pictures side by side and what was measured on it."""

    title: str
    case: str
    subject: str
    value: str
    pictures: tuple[Shown, ...]


@dataclass(frozen=True)
class CaseSet:
    """Best, median and worst cases of one generator."""

    of: str
    kind: str
    title: str
    direction: str
    rule: str
    window: str
    figures: tuple[CaseFigure, ...]
    left_out: int


@dataclass(frozen=True)
class NeighbourFigure:
    """One synthetic image beside its nearest real ones."""

    synthetic: str
    pictures: tuple[Shown, ...]
    nearest: tuple[tuple[str, str, str], ...]
    threshold: str
    copied: bool
    correlation: str = ""


@dataclass(frozen=True)
class NeighbourSet:
    """The synthetic images of one generator that are nearest to real ones."""

    of: str
    kind: str
    distance: str
    among: str
    searched: tuple[int, int]
    figures: tuple[NeighbourFigure, ...]
    left_out: int
    copies: int | None = None


class Album:
    """All pictures of a run, chosen once: the first of each kind for everyone before the second for anyone."""

    def __init__(self, contents: Contents, pseudonyms: Pseudonyms, largest_sum: int = LARGEST_SUM) -> None:
        self.contents, self.names = contents, pseudonyms
        self._subjects = {c.case: c.subject for c in contents.cohort.cases} if contents.cohort else {}
        self._kept = self._chosen(largest_sum)

    def samples(self) -> tuple[tuple[str, str, Shown], ...]:
        """Return name, kind and montage of each generator that has one."""
        found = []
        for of in self.contents.judged:
            path = evaluation_folder(self.contents.run, of) / "grid.png"
            if path in self._kept:
                found.append((of, kind_of(of, self.contents), _shown(path, "sample", f"Sample of {of}'s images")))
        return tuple(found)

    def samples_left_out(self) -> tuple[str, ...]:
        """Return whose montage lies in the run folder and was left out for size."""
        paths = {of: evaluation_folder(self.contents.run, of) / "grid.png" for of in self.contents.judged}
        return tuple(of for of, path in paths.items() if path not in self._kept and _png_bytes(path))

    def cases(self) -> tuple[CaseSet, ...]:
        """Return best, median and worst cases per generator, then per baseline."""
        chosen = self.contents.selections
        return tuple(self._case_set(of, chosen[of]) for of in self.contents.judged if of in chosen)

    def neighbours(self) -> tuple[NeighbourSet, ...]:
        """Return nearest real neighbours per generator, then per baseline."""
        sets = []
        for of in self.contents.judged:
            if (found := self.contents.neighbours.get(of)) is None:
                continue
            kept = [entry for entry in found.entries if self._path(of, entry.synthetic, "synthetic") in self._kept]
            figures = tuple(self._neighbour_figure(of, entry, found.unit) for entry in kept)
            distance = self.names.scrub(found.distance)
            left_out = len(found.entries) - len(kept)
            kind = kind_of(of, self.contents)
            sets.append(NeighbourSet(of, kind, distance, found.among, found.searched, figures, left_out, found.copies))
        return tuple(sets)

    def _case_set(self, of: str, selection: CaseSelection) -> CaseSet:
        named = [(title, i, case) for title, cases in _groups(selection) for i, case in enumerate(cases)]
        kept = [(t, i, case) for t, i, case in named if any(p in self._kept for p in self._paths(of, case))]
        figures = tuple(self._case_figure(of, selection, title, case) for title, _, case in kept)
        window = ""
        if selection.window is not None:
            low, high = (plain(value) for value in selection.window)
            window = f"{low} (black) to {high} (white) {unit_words(selection.window_unit)}".strip()
        return CaseSet(
            of=of,
            kind=kind_of(of, self.contents),
            title=selection.title,
            direction=DIRECTIONS[selection.better],
            rule=self.names.scrub(selection.rule),
            window=window,
            figures=figures,
            left_out=len(named) - len(kept),
        )

    def _case_figure(self, of: str, selection: CaseSelection, title: str, case: str) -> CaseFigure:
        name = self._case_name(of, case)
        value = ""
        if case in selection.values:
            value = f"{selection.title} {plain(selection.values[case])} {unit_words(selection.unit)}".strip()
        pictures = tuple(
            _shown(path, role, f"{ROLE_WORDS[role].capitalize()}: {title.lower()}, case {name}, {of}")
            for role in CASE_ROLES
            if (path := self._path(of, case, role)) in self._kept
        )
        return CaseFigure(title, name, self._subject_of(of, case), value, pictures)

    def _neighbour_figure(self, of: str, entry: NearestReal, unit: str) -> NeighbourFigure:
        name = self._case_name(of, entry.synthetic)
        nearest = tuple(
            (
                self.names.case(near.case),
                self.names.subject(near.subject),
                f"{plain(near.distance)} {unit_words(unit)}".strip(),
            )
            for near in entry.nearest
        )
        closest = nearest[0]
        alts = {
            "synthetic": f"Synthetic image {name} of {of}",
            "neighbour": f"Nearest real image, case {closest[0]}, at distance {closest[2]}",
        }
        pictures = tuple(
            _shown(path, role, alt) if (path := self._path(of, entry.synthetic, role)) in self._kept else _gap(role)
            for role, alt in alts.items()
        )
        threshold = plain(entry.threshold) if entry.threshold is not None else ""
        correlation = plain(entry.copy_correlation) if entry.copy_correlation is not None else ""
        return NeighbourFigure(name, pictures, nearest, threshold, entry.copied, correlation)

    def _case_name(self, of: str, case: str) -> str:
        """A synthetic case's own name where it says nothing of a patient, else its pseudonym."""
        manifest = self.contents.manifests.get(of)
        made = {image.case: image for image in manifest.images} if manifest else {}
        own = case in made and not made[case].source_subjects and not made[case].reference_case
        return case if own and self.names.scrub(case) == case else self.names.case(case)

    def _subject_of(self, of: str, case: str) -> str:
        manifest = self.contents.manifests.get(of)
        references = {i.case: i.reference_case for i in manifest.images} if manifest else {}
        subject = self._subjects.get(references.get(case) or case, "")
        return self.names.subject(subject) if subject else ""

    def _path(self, of: str, case: str, role: str) -> Path:
        return picture_path(self.contents.run, of, case, role)

    def _paths(self, of: str, case: str) -> tuple[Path, ...]:
        return tuple(self._path(of, case, role) for role in CASE_ROLES)

    def _chosen(self, largest_sum: int) -> frozenset[Path]:
        """Files to embed: by rank over all generators, until the sum is reached."""
        kept: set[Path] = set()
        total = 0
        for _, paths in sorted(self._units(), key=lambda unit: unit[0]):
            sizes = {path: size for path in paths if path not in kept and (size := _png_bytes(path))}
            if total + sum(sizes.values()) <= largest_sum:
                kept |= sizes.keys()
                total += sum(sizes.values())
        return frozenset(kept)

    def _units(self) -> Iterable[tuple[int, tuple[Path, ...]]]:
        run = self.contents.run
        for of in self.contents.judged:
            yield 0, (evaluation_folder(run, of) / "grid.png",)
            if (selection := self.contents.selections.get(of)) is not None:
                for _, cases in _groups(selection):
                    yield from ((rank, self._paths(of, case)) for rank, case in enumerate(cases))
            if (found := self.contents.neighbours.get(of)) is not None:
                for rank, entry in enumerate(found.entries):
                    yield rank, tuple(self._path(of, entry.synthetic, role) for role in ("synthetic", "neighbour"))


def _groups(selection: CaseSelection) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("Best", selection.best), ("Median", selection.median), ("Worst", selection.worst))


def _png_bytes(path: Path) -> int:
    """Size of a PNG file; 0 where there is none, or something else of that name."""
    try:
        with path.open("rb") as stream:
            return path.stat().st_size if stream.read(8) == PNG_SIGNATURE else 0
    except OSError:
        return 0


def _shown(path: Path, role: str, alt: str) -> Shown:
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])  # IHDR; https://www.w3.org/TR/png/ section 11.2.1
    uri = f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
    return Shown(role, ROLE_WORDS.get(role, role), alt, uri, width, height)


def _gap(role: str) -> Shown:
    return Shown(role, ROLE_WORDS[role], "", "")
