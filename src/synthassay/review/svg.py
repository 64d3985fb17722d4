"""What all drawings of a review share: escaped text, wrapped to a width, and colours that colour-blind readers tell."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

LETTER = 0.53
"""Mean width of a letter, as a share of the font's size, of the sans-serif faces that browsers fall back to."""
INK, SOFT, LINE, PAPER = "#1b1f24", "#535c67", "#8a939e", "#ffffff"
BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, GREY = (
    "#0072b2", "#d55e00", "#009e73", "#8f4a78", "#56b4e9", "#e0c000", "#59626d",
)  # fmt: skip
"""Okabe and Ito's colours; a shape, a place or a word always says the same as a colour."""


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Break text into lines of about a width; a word that is too long stands alone.

    >>> wrapped("Records removed before screening", 110, 12)
    ['Records removed', 'before screening']
    """
    most = max(1, int(width / (size * LETTER)))
    lines = [""]
    for word in text.split(" "):  # a no-break space holds together
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def text(
    x: float, y: float, words: str, *, size: float = 12, fill: str = INK, anchor: str = "start", more: str = ""
) -> str:
    """Return one line of text; ``more`` holds further attributes, as they stand in the file."""
    place = f'x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"{more}'
    return f"<text {place}>{escape(words)}</text>"


def document(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return a whole drawing that stands for itself, on white paper."""
    body = "\n".join(parts)
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    face = "font-family=\"system-ui, 'Liberation Sans', Arial, sans-serif\""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(label)}" {face}>\n'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )
