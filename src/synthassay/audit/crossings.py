"""What stands on two sides of a split: subjects, studies, sites, days, and images with equal pixels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations

from synthassay.audit.portraits import Portrait
from synthassay.data.splits import parse_split
from synthassay.errors import DataError
from synthassay.records.audit import AuditedSplit
from synthassay.records.vocabulary import Split


def splits_in_order(images: Sequence[Portrait]) -> list[str]:
    """Return the names of splits as the data give them: training, validation, test, external, then others by name."""

    def rank(word: str) -> tuple[int, str]:
        try:
            return list(Split).index(parse_split(word, "")), word
        except DataError:
            return len(Split), word

    return sorted({image.split for image in images} - {""}, key=rank)


def crossing(images: Sequence[Portrait], of: Callable[[Portrait], str]) -> tuple[str, ...]:
    """Return the values of a fact that occur in more than one split, sorted; an empty value says nothing."""
    where: dict[str, set[str]] = defaultdict(set)
    for image in images:
        if image.split and of(image):
            where[of(image)].add(image.split)
    return tuple(sorted(value for value, splits in where.items() if len(splits) > 1))


def exact_groups(images: Sequence[Portrait]) -> tuple[tuple[Portrait, ...], ...]:
    """Return groups of images with equal pixels, in the order of the data; images of one value form none."""
    groups: dict[str, list[Portrait]] = defaultdict(list)
    for image in images:
        if image.pixels:
            groups[image.pixels].append(image)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def cross_split_exact(groups: Sequence[Sequence[Portrait]], splits: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return, per pair of splits, the images of the second that have an exact copy in the first."""
    found = {}
    for one, other in combinations(splits, 2):
        meeting = [group for group in groups if any(image.split == one for image in group)]
        found[f"{one}|{other}"] = tuple(i.name for group in meeting for i in group if i.split == other)
    return found


def split_tables(images: Sequence[Portrait], splits: Sequence[str]) -> dict[str, AuditedSplit]:
    """Return what stands on each side; images without a split stand under an empty name, where there are any."""
    tables: dict[str, AuditedSplit] = {}
    first: Counter[str] | None = None
    for split in [*splits, ""]:
        members = [image for image in images if image.split == split]
        if not members:
            continue
        labels = _counts(members, lambda image: image.label)
        first = labels if first is None else first
        dates = sorted(image.date for image in members if image.date)
        tables[split] = AuditedSplit(
            images=len(members),
            subjects=len({image.subject for image in members} - {""}),
            first_date=dates[0] if dates else "",
            last_date=dates[-1] if dates else "",
            labels=dict(sorted(labels.items())),
            sites=dict(sorted(_counts(members, lambda image: image.site).items())),
            scanners=dict(sorted(_counts(members, lambda image: image.scanner).items())),
            label_shift=_total_variation(first, labels) if len(splits) > 1 else None,
        )
    return tables


def _counts(images: Sequence[Portrait], of: Callable[[Portrait], str]) -> Counter[str]:
    return Counter(of(image) for image in images if of(image))


def _total_variation(one: Counter[str], other: Counter[str]) -> float | None:
    if not one or not other:
        return None
    shares = [{label: n / counts.total() for label, n in counts.items()} for counts in (one, other)]
    labels = shares[0].keys() | shares[1].keys()
    return sum(abs(shares[0].get(label, 0) - shares[1].get(label, 0)) for label in labels) / 2
