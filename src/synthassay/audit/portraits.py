"""What is kept of each image while a data set is audited: facts, a hash of its pixels, and a small picture on disk."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthassay.audit.headers import header_facts
from synthassay.data.listing import TRUTH_ROLES, Listing
from synthassay.data.store import ImageStore
from synthassay.errors import SynthassayError
from synthassay.evaluate.leakage.sketches import GRID, averaged_down
from synthassay.records.cohort import Case, Locator

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Portrait:
    """One image.

    Attributes:
        name: By which whoever owns the data knows it; unique.
        subject: Empty where the data name none.
        split: In the words of the data; empty where they state none.
        date: ``YYYYMMDD...`` or as a table writes it.
        pixels: Hash of size and values; empty for an image of one value.
        place: Row in the album of its role and dimensions.
    """

    name: str
    case: str
    role: str
    where: Locator
    subject: str
    split: str
    site: str
    scanner: str
    label: str
    study: str
    series: str
    date: str
    pixels: str
    dimensions: int
    place: int


@dataclass(frozen=True)
class Portraits:
    """All images of a data set that could be read, and those that could not.

    Attributes:
        albums: Role and dimensions to small pictures, ``images *grid``; they lie in a temporary file.
        unreadable: Name to reason.
    """

    images: tuple[Portrait, ...]
    albums: dict[tuple[str, int], NDArray[np.uint8]]
    unreadable: dict[str, str]


def take_portraits(listing: Listing, progress: Progress | None = None) -> Portraits:
    """Read every picture of a listing once, one at a time; what cannot be read is named with its reason."""
    store = ImageStore(listing.root)
    wanted = list(_pictures(listing))
    images: list[Portrait] = []
    unreadable: dict[str, str] = {}
    albums: dict[tuple[str, int], NDArray[np.uint8]] = {}
    filled: dict[tuple[str, int], int] = {}
    for done, (name, case, role) in enumerate(wanted, start=1):
        try:
            values = one_channel(store.image(case, role).pixels)
        except SynthassayError as problem:
            value = "" if problem.value is None else f" ({problem.value})"
            unreadable[name] = f"{problem.what}{value}"
            continue
        finally:
            if progress:
                progress(done, len(wanted))
        of = (role, values.ndim - 1)
        if of not in albums:
            albums[of] = _album(len(wanted), of[1])
        place = filled.get(of, 0)
        albums[of][place] = averaged_down(values)
        filled[of] = place + 1
        images.append(_portrait(listing, name, case, role, values, place))
    return Portraits(tuple(images), {of: album[: filled[of]] for of, album in albums.items()}, unreadable)


def one_channel(pixels: np.ndarray) -> np.ndarray:
    """Return grey pixels where a file holds a grey picture as RGB, and a picture where it holds one slice."""
    if pixels.ndim == 4 and 1 in pixels.shape[1:]:
        pixels = pixels.reshape(len(pixels), *np.delete(pixels.shape[1:], pixels.shape[1:].index(1)))
    if len(pixels) == 3 and (pixels[0] == pixels[1]).all() and (pixels[0] == pixels[2]).all():
        return pixels[:1]
    return pixels


def hash_of(pixels: np.ndarray) -> str:
    """Return the SHA-256 of size and values, the same for every type that holds the values; empty for one value.

    >>> eight, sixteen = np.array([[[3, 200]]], np.uint8), np.array([[[3, 200]]], np.uint16)
    >>> hash_of(eight) == hash_of(sixteen) == hash_of(eight.astype(float))
    True
    """
    if not pixels.size or pixels.min() == pixels.max():
        return ""
    values = np.ascontiguousarray(pixels, dtype=np.float32) + np.float32(0)  # -0 becomes 0
    return hashlib.sha256(str(pixels.shape).encode() + values.tobytes()).hexdigest()


def _pictures(listing: Listing) -> Iterator[tuple[str, Case, str]]:
    several = len(listing.picture_roles()) > 1
    met: Counter[str] = Counter()
    for case in listing.cases:
        known = listing.shown.get(case.case) or case.case
        row = next(iter(case.images.values())).index if case.images else None
        met[known] += 1
        # Of one name, the second is told apart by its row in the array, or by its number.
        name = f"{known}#{met[known] if row is None else row}" if met[known] > 1 else known
        for role in sorted(case.images):
            if role not in TRUTH_ROLES:
                yield (f"{name}:{role}" if several else name), case, role


def _portrait(listing: Listing, name: str, case: Case, role: str, values: np.ndarray, place: int) -> Portrait:
    facts, header = listing.facts.get(case.case, {}), header_facts(listing.root, case.images[role])
    subject = "" if case.case in listing.alone else case.subject
    if subject and subject == header.alias:
        subject = header.patient
    return Portrait(
        name=name,
        case=case.case,
        role=role,
        where=case.images[role],
        subject=subject or header.patient,
        split=listing.words.get(case.case, ""),
        site=case.site or header.site,
        scanner=case.scanner or header.scanner,
        label=case.label,
        study=facts.get("study", "") or header.study,
        series=facts.get("series", "") or header.series,
        date=facts.get("date", "") or header.date,
        pixels=hash_of(values),
        dimensions=values.ndim - 1,
        place=place,
    )


def _album(count: int, dimensions: int) -> NDArray[np.uint8]:
    shape = (count, *(GRID[dimensions],) * dimensions)
    # An unlinked file: memory stays flat, and nothing of the images outlives the audit.
    with tempfile.TemporaryFile(dir=Path(tempfile.gettempdir())) as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)
