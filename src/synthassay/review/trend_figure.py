"""Studies by year and architecture, as bars whose layers keep one order, one colour and one pattern."""

from __future__ import annotations

from collections.abc import Iterator

from synthassay.records.extraction import Family
from synthassay.review.evidence import Evidence
from synthassay.review.svg import BLUE, GREEN, GREY, INK, LINE, ORANGE, PAPER, PURPLE, SKY, SOFT, YELLOW, document, text
from synthassay.review.words import FAMILY_WORDS

LEFT, TOP, HIGH, BAR, STEP = 44.0, 44.0, 190.0, 34.0, 52.0
COLOURS: dict[Family | None, str] = {
    Family.GAN: BLUE,
    Family.VAE: YELLOW,
    Family.HYBRID: GREEN,
    Family.DIFFUSION: ORANGE,
    Family.FLOW: PURPLE,
    Family.CLASSICAL: SKY,
    Family.OTHER: GREY,
    None: PAPER,
}
"""Bottom layer first; None: the architecture was not extracted."""
_DARK_WORDS = (Family.VAE, Family.CLASSICAL, None)


def trend_svg(evidence: Evidence) -> str:
    """Draw the trend; years without a study stand there with a 0."""
    known = evidence.years
    years = list(range(min(known), max(known) + 1)) if known else []
    used = [f for f in COLOURS if any(f in counts for counts in known.values())]
    highest = max((sum(counts.values()) for counts in known.values()), default=1)
    width = max(560.0, LEFT + len(years) * STEP + 180)
    parts = [text(LEFT, 24, "Studies by year and architecture", size=15, more=' font-weight="600"')]
    base = TOP + HIGH
    if not years:
        parts.append(text(LEFT, TOP + 40, "No year was extracted.", fill=SOFT, size=13))
    for number, year in enumerate(years):
        x = LEFT + number * STEP + 8
        studies = sum(study.year == year for study in evidence.studies)
        parts += _bar(known.get(year, {}), studies, x, base, HIGH / highest)
        parts.append(text(x + BAR / 2, base + 17, str(year), size=11.5, anchor="middle", fill=SOFT))
    if years:
        parts.append(f'<path d="M{LEFT:g} {base:g}H{LEFT + len(years) * STEP:g}" stroke="{LINE}"/>')
    parts += _legend(used, LEFT + len(years) * STEP + 24)
    missing = (
        f"{evidence.without_year} of {len(evidence.studies)} studies stand in no bar: their year was not extracted."
    )
    twice = "The number on top counts studies; a study of two architectures stands in both layers."
    parts += [text(LEFT, base + 44, missing, size=11.5, fill=SOFT), text(LEFT, base + 60, twice, size=11.5, fill=SOFT)]
    return document(width, base + 72, "Studies by year and architecture", parts)


def _bar(counts: dict[Family | None, int], studies: int, x: float, base: float, unit: float) -> Iterator[str]:
    y = base
    for family, colour in COLOURS.items():
        n = counts.get(family, 0)
        if not n:
            continue
        high = n * unit
        y -= high
        word = FAMILY_WORDS[family]
        frame = f' stroke="{INK}" stroke-width="0.8"' + ("" if family else ' stroke-dasharray="3 2.4"')
        yield f"<g><title>{word}: {n}</title>"
        yield f'<rect x="{x:g}" y="{y:.2f}" width="{BAR:g}" height="{high:.2f}" fill="{colour}"{frame}/>'
        if high >= 13:
            fill = INK if family in _DARK_WORDS else PAPER
            yield text(x + BAR / 2, y + high / 2 + 4, str(n), size=11, fill=fill, anchor="middle")
        yield "</g>"
    yield text(x + BAR / 2, y - 5, str(studies), size=11, anchor="middle", fill=INK if studies else SOFT)


def _legend(used: list[Family | None], x: float) -> Iterator[str]:
    for number, family in enumerate(reversed(used)):  # as the layers lie: the last on top
        y = TOP + 14 + number * 22
        dashed = "" if family else ' stroke-dasharray="3 2.4"'
        yield f'<rect x="{x:g}" y="{y - 11:g}" width="14" height="14" fill="{COLOURS[family]}" stroke="{INK}"{dashed}/>'
        yield text(x + 22, y, FAMILY_WORDS[family], size=12)
