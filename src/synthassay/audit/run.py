"""The audit of a data set, from a path or a known source's name to the finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from synthassay.audit.crossings import cross_split_exact, crossing, exact_groups, split_tables, splits_in_order
from synthassay.audit.near import in_order, near_duplicates
from synthassay.audit.portraits import Portrait, Portraits, Progress, take_portraits
from synthassay.data.listing import Fields, Listing
from synthassay.data.listings import list_path, list_source
from synthassay.data.sources import SOURCES
from synthassay.errors import DataError, did_you_mean
from synthassay.records.audit import AboutImage, Audit, NaturalBound, NearPair


def audit_data(
    data: Path | str, fields: Fields | None = None, *, near: bool = True, progress: Progress | None = None
) -> Audit:
    """Audit what lies at a path, or a known source.

    Args:
        data: Folder, table, ``.npz``, BIDS root, or the name of a known source.
        fields: Which columns or arrays to read; found by usual names where absent.
        near: Whether to look for near-duplicates, which takes most of the time.
        progress: Called with the images read so far and in all.

    Raises:
        DataError: There is nothing at the path and no source of that name, or the data cannot be listed.
    """
    return audit_cases(declared(data, fields), name=str(data), near=near, progress=progress)


def declared(data: Path | str, fields: Fields | None = None) -> Listing:
    """Return the cases with splits as the data declare them, also those that no study would accept."""
    fields = replace(fields or Fields(), declared=True)
    path = Path(data).expanduser()
    if path.exists():
        return list_path(path, "auto", fields)
    if str(data) in SOURCES.names():
        return list_source(SOURCES.get(str(data)), fields)
    remedy = f"Give a path, or the name of a known source. {did_you_mean(str(data), SOURCES.names())}"
    raise DataError(str(data), "is neither a path nor a known source", remedy=remedy)


def audit_cases(listing: Listing, *, name: str = "", near: bool = True, progress: Progress | None = None) -> Audit:
    """Audit listed cases: read every picture once, then compare.

    Args:
        listing: Cases with the splits that the data declare in ``words``.
        name: What to call the data.
        near: Whether to look for near-duplicates.
        progress: Called with the images read so far and in all.

    Raises:
        DataError: Not one image can be read.
    """
    portraits = take_portraits(listing, progress)
    images = portraits.images
    if not images:
        where, why = next(iter(portraits.unreadable.items()), ("the data", "there are no pictures"))
        raise DataError(name or "data", f"not one image can be read; the first, {where}: {why}")
    splits = splits_in_order(images)
    groups = exact_groups(images)
    pairs, bounds = _near(portraits, splits) if near else ((), ())
    found = Audit(
        data=name,
        found_as=listing.found_as,
        images=len(images),
        subjects=len({image.subject for image in images} - {""}),
        without_subject=sum(not image.subject for image in images),
        splits=split_tables(images, splits),
        exact_duplicates=tuple(tuple(image.name for image in group) for group in groups),
        cross_split_exact=cross_split_exact(groups, splits),
        near_duplicates=pairs,
        subjects_crossing=crossing(images, lambda image: image.subject),
        studies_crossing=crossing(images, lambda image: image.study),
        series_crossing=crossing(images, lambda image: image.series),
        sites_crossing=crossing(images, lambda image: image.site),
        scanners_crossing=crossing(images, lambda image: image.scanner),
        days_crossing=crossing(images, lambda image: image.date[:10] if "-" in image.date else image.date[:8]),
        bounds=bounds,
        constant=tuple(image.name for image in images if not image.pixels),
        unreadable=portraits.unreadable,
        notes=_notes(listing, images, splits, near=near),
    )
    return found.model_copy(update={"about": _about(found, images)})


def _near(portraits: Portraits, splits: Sequence[str]) -> tuple[tuple[NearPair, ...], tuple[NaturalBound, ...]]:
    pairs: list[NearPair] = []
    bounds = []
    by_album: dict[tuple[str, int], list[Portrait]] = defaultdict(list)
    for image in portraits.images:
        by_album[(image.role, image.dimensions)].append(image)
    for of, images in sorted(by_album.items()):
        some, bound = near_duplicates(images, portraits.albums[of], splits)
        pairs += some
        bounds.append(bound)
    return in_order(pairs), tuple(bounds)


def _notes(listing: Listing, images: Sequence[Portrait], splits: Sequence[str], *, near: bool) -> tuple[str, ...]:
    notes = list(listing.notes)
    if not splits:
        notes.append("The data state no split: duplicates are found, crossings cannot be.")
    elif without := sum(not image.split for image in images):
        notes.append(f"{without} image(s) have no split.")
    if not near:
        notes.append("Near-duplicates were not looked for.")
    return (*notes, *(f"Not read: {where}: {why}." for where, why in list(listing.excluded.items())[:20]))


def _about(found: Audit, images: Sequence[Portrait]) -> dict[str, AboutImage]:
    named = {name for group in found.exact_duplicates for name in group}
    named |= {name for pair in found.near_duplicates for name in (pair.a, pair.b)}
    return {
        image.name: AboutImage(
            case=image.case, role=image.role, file=str(image.where), split=image.split, subject=image.subject
        )
        for image in images
        if image.name in named
    }
