"""Which pairs of records are compared at all: those that share a key. Comparing all of 50,000 would take days."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping

from synthassay.review.keys import Keys

WEAK_BLOCK = 60
"""Records that may share a weak key; a key shared by more says too little, and other keys remain."""


def candidate_pairs(keys: Mapping[str, Keys]) -> Iterator[tuple[str, str]]:
    """Give each pair of identifiers that shares a key, once, smaller identifier first.

    Which pairs come does not depend on the order of the records.
    """
    blocks: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, key in keys.items():
        for block in _blocks(key):
            blocks[block].append(name)
    seen: set[tuple[str, str]] = set()
    for block, names in blocks.items():
        if len(names) < 2 or (len(names) > WEAK_BLOCK and block[0] not in ("doi", "pmid", "title and author")):
            continue
        for pair in itertools.combinations(sorted(names), 2):
            if pair not in seen:
                seen.add(pair)
                yield pair


def _blocks(key: Keys) -> Iterator[tuple[str, ...]]:
    author = key.surnames[0] if key.surnames else ""
    if key.doi:
        yield "doi", key.doi
    if key.pmid:
        yield "pmid", key.pmid
    if key.compact:
        yield "title", key.compact
        yield "title and author", key.compact, author
        yield "beginning", key.compact[:24], author[:3]
        yield "end", key.compact[-24:], author[:3]
    if key.page and author:
        yield "page and author", key.page, author
    if key.page and key.volume:
        yield "page and volume", key.page, key.volume, str(key.year)
    if author and key.words:
        for word in sorted(set(key.words), key=lambda w: (-len(w), w))[:3]:
            yield "word", word, author, str(key.year)
