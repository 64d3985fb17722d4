"""Which way a path is laid out, and the cases that it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from synthassay.data.bids import is_bids, list_bids
from synthassay.data.folders import list_folder
from synthassay.data.listing import Fields, Listing, case_name
from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.npz.recognise import layout_of
from synthassay.data.sources import SourceCard, fetch
from synthassay.data.tables import SUFFIXES, file_stem, list_table
from synthassay.errors import DataError
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role

Kind = Literal["auto", "folder", "table", "npz", "bids"]


def list_path(path: Path, layout: Kind, fields: Fields) -> Listing:
    """Return the cases that lie at a path.

    ``auto`` takes an ``.npz`` and a table by their endings, a folder as BIDS where it looks so, as the only ``.npz``
    or table that it holds beside no image, and else as a folder of images.

    Raises:
        DataError: There is nothing at the path, or it is not laid out as asked.
    """
    if not path.exists():
        raise DataError(str(path), "does not exist", remedy="Paths in a study file are relative to that file.")
    kind, path = (_look(path), path) if layout == "auto" else (layout, path)
    if path.is_dir() and kind in ("npz", "table"):
        path = _only_file(path, (".npz",) if kind == "npz" else SUFFIXES)
    if kind in ("folder", "bids") and not path.is_dir():
        raise DataError(str(path), f"is a file, not a {'BIDS folder' if kind == 'bids' else 'folder of images'}")
    path = path.resolve()
    if kind == "npz":
        archive = Archive(path, ArrayCache(0))
        return layout_of(archive).listing(archive, fields)
    if kind == "table":
        return list_table(path, fields)
    return list_bids(path, fields) if kind == "bids" else list_folder(path, fields)


def list_source(card: SourceCard, fields: Fields) -> Listing:
    """Return the cases of a known source, fetched where needed.

    Raises:
        DataError: The source cannot be had, or is a whole-slide file.
    """
    if card.layout == "slide":
        raise DataError(
            f"source {card.name}",
            "is one whole-slide file, not a set of cases",
            remedy="Cut tiles from it and give their folder as [data] path.",
        )
    folder = fetch(card)
    if card.layout == "npz":
        return list_path(folder / next(iter(card.files)), "npz", fields)
    cases = tuple(
        Case(case=stem, subject=card.name, scanner=stem, images={Role.IMAGE.value: Locator(path=name)})
        for name in sorted(card.files)
        for stem in [case_name(file_stem(name))]
    )
    return Listing(folder, cases, "one picture per scanner")


def _look(path: Path) -> Kind:
    if path.is_file():
        return _by_ending(path)
    if is_bids(path):
        return "bids"
    files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    data = [file for file in files if file.suffix.lower() in (".npz", *SUFFIXES)]
    only_data = len(data) == 1 and not any(child.is_dir() for child in path.iterdir())
    others = [file for file in files if file not in data and file.suffix.lower() not in (".md", ".txt", ".json")]
    return _by_ending(data[0]) if only_data and not others else "folder"


def _by_ending(path: Path) -> Kind:
    if path.suffix.lower() == ".npz":
        return "npz"
    if path.suffix.lower() in SUFFIXES:
        return "table"
    raise DataError(
        str(path),
        "is neither an .npz nor a table",
        value=path.suffix or "no ending",
        remedy=f"Give a folder, an .npz, or a table ({', '.join(SUFFIXES)}).",
    )


def _only_file(folder: Path, endings: tuple[str, ...]) -> Path:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)
    if len(files) != 1:
        names = ", ".join(path.name for path in files[:5]) or "none"
        raise DataError(str(folder), f"holds {len(files)} files ending in {' or '.join(endings)}", value=names,
                        remedy="Give the path of the file itself.")  # fmt: skip
    return files[0]
