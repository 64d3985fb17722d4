"""The page that shows the known sources; ``python -m synthassay.data.sources.page`` writes it anew."""

from __future__ import annotations

from pathlib import Path

from synthassay.data.sources.card import SOURCES, SourceCard
from synthassay.records.base import write_text

PAGE = "docs/reference/sources.md"

_HEAD = """\
# Known public sources

A study names one of these in `[data] source`. The study, or `synthassay data fetch NAME`, finds it in the local mirror
or in the cache, or else fetches it, and checks every file's hash.

- **Mirror**: set `SYNTHASSAY_DATA` to a folder that has a subfolder per source, named as below, with the files inside.
- **Cache**: the system's folder for caches, or `SYNTHASSAY_CACHE`.
- Most of these files were prepared from public originals (cropped, resampled, packed as `.npz`) and have no public
  address of their own: prepare or copy them into a mirror. Those with an address are fetched from it.
- Licences are the publishers'; check that they allow your use before you share images made from them.

This page is written from the cards in `synthassay.data.sources`.

| name | modality | subjects | cases | images of each case | pixels | unit | licence |
|---|---|---|---|---|---|---|---|
"""


def sources_page() -> str:
    """Return the page as Markdown."""
    cards = [card for _, card in SOURCES.items()]
    rows = "".join(_row(card) for card in cards)
    return _HEAD + rows + "".join(_section(card) for card in cards)


def _row(card: SourceCard) -> str:
    modality = ", ".join([card.modality, *card.also])
    cells = (f"[{card.name}](#{card.name})", modality, str(card.subjects), str(card.cases), ", ".join(card.roles))
    return "| " + " | ".join((*cells, card.pixels, card.unit, card.licence)) + " |\n"


def _section(card: SourceCard) -> str:
    files = "".join(
        f"- `{name}`, {'MD5' if known.startswith('md5:') else 'SHA-256'} `{known.removeprefix('md5:')}`\n"
        for name, known in card.files.items()
    )
    address = f"Fetched from <{card.url}>." if card.url else "The prepared file has no public address."
    caveats = "".join(f"- {caveat}\n" for caveat in card.caveats)
    return (
        f"\n## {card.name}\n\n{card.title}. {card.citation}. Original: <{card.origin}>. {address}\n\n{files}"
        f"\nBear in mind:\n\n{caveats}"
    )


if __name__ == "__main__":
    write_text(Path(PAGE), sources_page())
