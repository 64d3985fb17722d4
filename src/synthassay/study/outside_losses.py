"""Losses of somebody else's generator on single real images, read from a table and laid beside the images."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Any

from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.tables import SUFFIXES, read_table
from synthassay.errors import DataError, did_you_mean
from synthassay.records.losses import CaseLoss
from synthassay.records.vocabulary import Split
from synthassay.stats.resampling import LEAST_SUBJECTS

OPTION = "--losses"
LOSS = "loss"
NAMES = ("image", "file", "filename", "path", "case")
LINES = (".jsonl", ".ndjson")
SET, SIDES = "set", {"training": Split.TRAIN, "real": Split.TEST}
KIND = "as given with --losses"
LEAST = {Split.TRAIN: 2 * LEAST_SUBJECTS, Split.TEST: LEAST_SUBJECTS}
OPTIONS = {Split.TRAIN: "--training", Split.TEST: "--real"}
SHOWN = 5


@dataclass(frozen=True)
class GivenLoss:
    """One loss as the file states it.

    Attributes:
        where: File and row or line, for messages.
        image: Name of the image, as the file writes it.
        loss: Finite; lower is better.
        side: The set that the file says the image is in; None where it says none.
    """

    where: str
    image: str
    loss: float
    side: Split | None = None


def read_losses(path: Path) -> tuple[GivenLoss, ...]:
    r"""Read losses from a table (``.csv``, ``.tsv``, ``.parquet``) or JSON lines (``.jsonl``, ``.ndjson``).

    Args:
        path: The file. A column ``image`` (or ``file``, ``filename``, ``path``, ``case``) names an image, ``loss`` is
            the generator's loss on it; other columns are passed over. Rows of one image are several draws of noise. A
            column ``set`` (``training`` or ``real``) tells images of one name apart.

    Returns:
        The rows, in order.

    Raises:
        DataError: The file cannot be read or has another ending, a column is missing, an image or a set is not
            named, or a loss is not a finite number; the message names the row or line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "losses.csv"
        >>> _ = path.write_text("image,loss\nseen/p1.png,0.25\n", encoding="utf-8")
        >>> [(row.image, row.loss) for row in read_losses(path)]
        [('seen/p1.png', 0.25)]
    """
    suffix = path.suffix.lower()
    if suffix not in (*SUFFIXES, *LINES):
        remedy = f"Give {', '.join((*SUFFIXES, *LINES))}."
        raise DataError(f"{OPTION} {path}", "has no ending of a table", value=suffix or "none", remedy=remedy)
    if not path.is_file():
        remedy = "Give a CSV or JSON-lines file with the columns image and loss, or leave the option out."
        raise DataError(f"{OPTION} {path}", "is not a file", remedy=remedy)
    rows = _table(path) if suffix in SUFFIXES else _lines(path)
    found = tuple(GivenLoss(where, _named(row, where), _number(row, where), _side(row, where)) for where, row in rows)
    if not found:
        raise DataError(str(path), "has no losses", remedy="Write one line per image: image and loss.")
    return found


def losses_of_sets(
    given: tuple[GivenLoss, ...], training: ImageSet | None, real: ImageSet, folders: Mapping[Split, Path | None]
) -> tuple[CaseLoss, ...]:
    """Return one loss per real image: of training images, and of the others, whom the generator never saw.

    Losses of one image are averaged. All images must have equally many: a mean of fewer scatters more, which alone can
    tell two groups apart.

    Args:
        given: Losses as ``read_losses`` gives them.
        training: Images that the generator learnt from, the members.
        real: Held-out images, the non-members.
        folders: Where each set was read from, by ``train`` and ``test``: names in the file may begin with it.

    Returns:
        Training images first, each set in its order; nothing of this is written anywhere.

    Raises:
        DataError: There are no training images, too few patients, an image that is in neither set or could be two, an
            image without a loss, or images with unequal numbers of losses.
    """
    if training is None:
        what = "says whom a generator remembers, and nobody said whom it learnt from"
        raise DataError(OPTION, what, remedy="Give the training images with --training, or leave the option out.")
    sets = {Split.TRAIN: training, Split.TEST: real}
    for split, images in sets.items():
        _check_enough(split, images)
    directory = _directory(sets, folders)
    draws: dict[tuple[Split, int], list[float]] = {
        (split, i): [] for split, images in sets.items() for i in range(len(images))
    }
    strangers: list[GivenLoss] = []
    for row in given:
        at = _find(row, directory)
        if at is None:
            strangers.append(row)
        else:
            draws[at].append(row.loss)
    _check_strangers(strangers, sets)
    _check_complete(draws, sets)
    return tuple(
        CaseLoss(
            split=split,
            subject=sets[split].entries[i].subject,
            example=i,
            loss=math.fsum(losses) / len(losses),
            kind=KIND,
            draws=len(losses),
        )
        for (split, i), losses in draws.items()
    )


def _table(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, row in enumerate(read_table(path), start=2):
        yield f"{path}, row {number}", row


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(str(path), f"cannot be read: {problem}", remedy="Save it as UTF-8 text.") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except ValueError as problem:
            raise DataError(where, f"is not JSON: {problem}", value=line, remedy=_LINE) from None
        if not isinstance(row, dict):
            raise DataError(where, "is not an object with names", value=line, remedy=_LINE)
        yield where, row


_LINE = 'Write one object per line: {"image": "p001.png", "loss": 0.0123}.'


def _named(row: Mapping[str, Any], where: str) -> str:
    column = next((name for name in NAMES if name in row), "")
    if not column:
        remedy = f"Name the column of images {', '.join(NAMES[:-1])} or {NAMES[-1]}."
        raise DataError(where, "has no column of images", value=", ".join(map(str, row)), remedy=remedy)
    name = str(row[column] if row[column] is not None else "").strip()
    if not name:
        raise DataError(where, "names no image", value=f"empty {column}", remedy="Name the image, or remove the row.")
    return name


def _side(row: Mapping[str, Any], where: str) -> Split | None:
    word = str(row.get(SET) or "").strip()
    if word and word not in SIDES:
        remedy = f"Write {' or '.join(SIDES)} in the column {SET}, or leave it out."
        raise DataError(where, "names a set that is not known", value=word, remedy=remedy)
    return SIDES.get(word)


def _number(row: Mapping[str, Any], where: str) -> float:
    if LOSS not in row:
        what, remedy = f"has no column {LOSS}", f"Name the column of losses {LOSS}."
        raise DataError(where, what, value=", ".join(map(str, row)), remedy=remedy)
    value = row[LOSS]
    try:
        loss = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        remedy = "Write a number with a decimal point, without units."
        raise DataError(where, "has a loss that is not a number", value=value, remedy=remedy) from None
    if not math.isfinite(loss):
        remedy = "Compute the loss of this image again: a NaN or infinite loss can be ranked with no other."
        raise DataError(where, "has a loss that is not finite", value=value, remedy=remedy)
    return loss


def _check_enough(split: Split, images: ImageSet) -> None:
    patients = len({entry.subject or entry.case for entry in images.entries})
    if patients < LEAST[split]:
        raise DataError(
            f"{OPTION} and {OPTIONS[split]}",
            f"the attack by loss needs {LEAST[split]} patients or more in {OPTIONS[split]}",
            value=patients,
            remedy=f"Give more images, or leave {OPTION} out.",
        )


Directory = tuple[dict[str, set[tuple[Split, int]]], ...]


def _directory(sets: Mapping[Split, ImageSet], folders: Mapping[Split, Path | None]) -> Directory:
    """By whole path, by path in the folder, by case, by file name: each name to the images that it could mean."""
    levels: Directory = ({}, {}, {}, {})
    for split, images in sets.items():
        folder = folders.get(split)
        root = folder if folder is None or folder.is_dir() else folder.parent
        there = None if root is None else root.resolve()
        for i, entry in enumerate(images.entries):
            for level, names in zip(levels, _names(entry, root, there), strict=True):
                for name in names:
                    level.setdefault(name, set()).add((split, i))
    return levels


def _names(entry: Entry, root: Path | None, there: Path | None) -> tuple[list[str], list[str], list[str], list[str]]:
    if entry.file is None:
        return [], [], [entry.case], []
    whole, inside = [entry.file.as_posix()], []
    if root is not None and there is not None and entry.file.is_relative_to(there):
        relative = entry.file.relative_to(there)
        whole += [normpath((root / relative).as_posix()), normpath((root.absolute() / relative).as_posix())]
        inside.append(relative.as_posix())
    return whole, inside, [entry.case], [entry.file.name]


def _find(row: GivenLoss, directory: Directory) -> tuple[Split, int] | None:
    name = normpath(row.image.replace("\\", "/"))
    for level in directory:
        at = {place for place in level.get(name, ()) if row.side in (None, place[0])}
        if len(at) > 1:
            sides = " and ".join(sorted({OPTIONS[split] for split, _ in at}, reverse=True))
            raise DataError(
                row.where,
                f"could mean {len(at)} images of {sides}",
                value=row.image,
                remedy="Write its path, beginning with the folder as given to the command, or add a column "
                f"{SET} that says {' or '.join(SIDES)}.",
            )
        if at:
            return next(iter(at))
    return None


def _check_strangers(strangers: list[GivenLoss], sets: Mapping[Split, ImageSet]) -> None:
    if not strangers:
        return
    known = {entry.file.name if entry.file else entry.case for images in sets.values() for entry in images.entries}
    near = did_you_mean(Path(strangers[0].image).name, known).partition("Available: ")[0]
    raise DataError(
        strangers[0].where,
        f"names an image that is neither in --training nor in --real, the first of {len(strangers)} such row(s)",
        value=strangers[0].image,
        remedy=f"{near}Name images by file, as given to --training or --real, or by case; remove the losses of others.",
    )


def _check_complete(draws: Mapping[tuple[Split, int], list[float]], sets: Mapping[Split, ImageSet]) -> None:
    for split, images in sets.items():
        lacking = [entry.case for i, entry in enumerate(images.entries) if not draws[split, i]]
        if lacking:
            raise DataError(
                f"{OPTION} and {OPTIONS[split]}",
                f"{len(lacking)} of {len(images)} images have no loss in the file",
                value=", ".join(lacking[:SHOWN]) + (", …" if len(lacking) > SHOWN else ""),
                remedy="Compute the loss of every image of both sets: leaving some out could choose the answer.",
            )
    counts = Counter(len(losses) for losses in draws.values())
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        split, i = next(at for at, losses in draws.items() if len(losses) != usual)
        raise DataError(
            f"{OPTION} and {OPTIONS[split]}",
            f"images have {min(counts)} to {max(counts)} losses each, and a mean of fewer scatters more",
            value=f"{sets[split].entries[i].case}: {len(draws[split, i])}; most have {usual}",
            remedy="Draw equally often for every image; average the slices of a volume before.",
        )
