"""What an audit found, in plain words in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthassay.records.audit import Audit, NaturalBound

SHOWN = 10


def show_audit(found: Audit, console: Console | None = None) -> None:
    """Print what an audit found: first the verdict, then each check with the names of those concerned."""
    console = console or Console(highlight=False)
    console.print(Text(f"{found.data}: {found.images} images, {found.subjects} known subjects ({found.found_as})"))
    console.print(_splits(found))
    for line in verdict(found):
        console.print(Text(line), soft_wrap=True)
    for line in (*details(found), "", *(bound_words(bound) for bound in found.bounds)):
        console.print(Text(line), soft_wrap=True)
    for note in found.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def verdict(found: Audit) -> tuple[str, ...]:
    """Return one line per check, the worst first."""
    across = sum(len(names) for names in found.cross_split_exact.values())
    groups, near = len(found.exact_duplicates), len(found.near_duplicates)
    near_across = len(found.near_across)
    lines = []
    if any(found.splits):
        lines += [
            f"{_bad(len(found.subjects_crossing))} {_count(len(found.subjects_crossing), 'subject')} in two splits",
            f"{_bad(across)} {_count(across, 'exact copy', 'exact copies')} across splits",
            f"{_bad(near_across, 'LOOK  ')} {_count(near_across, 'near-duplicate pair')} across splits",
        ]
        if found.studies_crossing or found.series_crossing:
            studies, series = len(found.studies_crossing), len(found.series_crossing)
            lines.append(
                f"{_bad(1)} {_count(studies, 'DICOM study', 'DICOM studies')} and {series} series in two splits"
            )
    lines += [
        f"       {_count(groups, 'group')} of exactly equal images, {_count(near, 'near-duplicate pair')} in all",
    ]
    if found.without_subject:
        lines.append(
            f"?      {found.without_subject} of {found.images} images name no subject: nothing is proven of them"
        )
    if found.unreadable:
        lines.append(f"?      {_count(len(found.unreadable), 'image')} could not be compared")
    if found.constant:
        lines.append(f"?      {_count(len(found.constant), 'image')} of one value, not taken for copies of each other")
    return tuple(lines)


def details(found: Audit) -> tuple[str, ...]:
    """Return the names of those concerned, ten of a kind."""
    kinds: list[tuple[str, Sequence[str]]] = [
        ("subjects in two splits", found.subjects_crossing),
        ("DICOM studies in two splits", found.studies_crossing),
        ("DICOM series in two splits", found.series_crossing),
        *((f"exact copies, {pair}", names) for pair, names in found.cross_split_exact.items()),
        ("equal images", [" = ".join(group) for group in found.exact_duplicates]),
        ("near-duplicates", [f"{p.a} ~ {p.b} ({p.correlation:.3f}, {p.splits})" for p in found.near_duplicates]),
        ("sites in two splits", found.sites_crossing),
        ("scanners in two splits", found.scanners_crossing),
        ("days in two splits", found.days_crossing),
        ("of one value", found.constant),
        ("not compared", [f"{name}: {why}" for name, why in found.unreadable.items()]),
    ]
    lines = []
    for title, names in kinds:
        if names:
            lines += [f"\n{title}:", *(f"  {name}" for name in names[:SHOWN])]
            if len(names) > SHOWN:
                lines.append(f"  and {len(names) - SHOWN} more; --json lists all")
    return tuple(lines)


def bound_words(bound: NaturalBound) -> str:
    """Return what near-duplicate means here.

    >>> bound_words(NaturalBound(role="image", dimensions=2, images=9, bound=0.9))
    'near-duplicates of role image: correlation above 0.900, a fixed bound: 9 images are too few to calibrate one'
    """
    head = f"near-duplicates of role {bound.role}: correlation above {bound.bound:.3f}, "
    if not bound.calibrated_on:
        return head + f"a fixed bound: {bound.images} images are too few to calibrate one"
    return head + (
        f"calibrated on {bound.calibrated_on} images, half of which have an image of another subject above"
        f" {bound.median:.3f} by nature"
    )


def _splits(found: Audit) -> Table:
    table = Table(box=None, pad_edge=False)
    dated = any(split.first_date for split in found.splits.values())
    for column in ("split", "images", "subjects", "classes", "label shift", *(("dates",) if dated else ())):
        table.add_column(column, overflow="fold")
    for name, split in found.splits.items():
        labels = ", ".join(f"{label} {count}" for label, count in list(split.labels.items())[:8])
        shift = "–" if split.label_shift is None else f"{split.label_shift:.3f}"
        dates = (f"{split.first_date} to {split.last_date}",) if dated else ()
        table.add_row(name or "(none)", str(split.images), str(split.subjects), labels or "–", shift, *dates)
    return table


def _bad(count: int, word: str = "LEAK  ") -> str:
    return word if count else "ok    "


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count or 'no'} {one if count == 1 else many or one + 's'}"
