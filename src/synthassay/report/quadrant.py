"""The picture "looks good, helps": each set at the place of its looks and its help, with whiskers and a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from synthassay.records.discordance import DiscordanceBlock, ProxyRow, Spot
from synthassay.records.vocabulary import Better
from synthassay.report.numbers import plain
from synthassay.report.scale import LOG_FROM_RATIO, Scale

WIDTH, HEIGHT = 640, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 620, 20, 380
LETTER = 6.4
"""Width of a letter of a name, in pixels."""


@dataclass(frozen=True)
class Point:
    """One set in the picture, in pixels: its place, its whiskers and where its name stands."""

    of: str
    kind: str
    x: float
    y: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True)
class Quadrant:
    """The picture; right is better looking and up is more helpful, whatever the direction of the measure.

    Attributes:
        split_x: Median of the looks; ``split_y`` no gain, or the median where no gain is not in the picture.
    """

    points: tuple[Point, ...]
    split_x: float
    split_y: float
    split_words: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_title: str
    y_title: str


def quadrant(block: DiscordanceBlock, row: ProxyRow) -> Quadrant | None:
    """Return the picture of one measure; None where fewer than two sets have it or all have the same."""
    helps = {spot.of: spot for spot in block.sets}
    looks = [spot for spot in row.spots if spot.of in helps]
    if len(looks) < 2 or len({spot.value for spot in looks}) < 2:
        return None
    gains = [helps[spot.of] for spot in looks]
    target = row.target if row.better is Better.TARGET else None
    x = _Scale([_ends(spot, target) for spot in looks], LEFT + 14, RIGHT - 14, turned=row.better is not Better.HIGHER)
    x.spread(min(_ends(s, target)[1] for s in looks), max(_ends(s, target)[1] for s in looks))
    y = _Scale([_ends(spot, None) for spot in gains], BOTTOM - 14, TOP + 14)
    zero = y.low <= 0 <= y.high
    split_y = 0.0 if zero else median(spot.value for spot in gains)
    places = [
        (
            spot,
            x(_ends(spot, target)[1]),
            y(gain.value),
            [x(e) for e in _ends(spot, target)],
            [y(e) for e in _ends(gain, None)],
        )
        for spot, gain in zip(looks, gains, strict=True)
    ]
    boxes = [(px - 8, py - 8, px + 8, py + 8) for _, px, py, _, _ in places]
    points = []
    for spot, px, py, xs, ys in places:
        tx, ty, anchor = _free_place(spot.of, px, py, boxes)
        points.append(Point(spot.of, spot.kind, px, py, min(xs), max(xs), min(ys), max(ys), tx, ty, anchor))
    what = f"distance of {row.title} from {plain(target)}" if target is not None else row.title
    stratum = f", {block.gain_stratum}" if block.gain_stratum else ""
    return Quadrant(
        points=tuple(points),
        split_x=x(median(_ends(spot, target)[1] for spot in looks)),
        split_y=y(split_y),
        split_words="no gain" if zero else "median",
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        x_title=f"{what}{', by decades' if x.decades else ''}: looks better to the right",
        y_title=f"{block.gain_title}{stratum}",
    )


class _Scale:
    """Values to pixels, with a margin; turned about where less is better."""

    def __init__(self, ends: Sequence[tuple[float, float, float]], first: float, last: float, *, turned: bool = False):
        self.low, self.high = min(e[0] for e in ends), max(e[2] for e in ends)
        self.first, self.last = (last, first) if turned else (first, last)
        self.decades: Scale | None = None

    def spread(self, least: float, most: float) -> None:
        """Lay the values out by decades where one of them would press all others against an edge."""
        if least > 0 and most / least > LOG_FROM_RATIO:
            low = max(self.low, least / 2)  # a whisker may reach 0, where no logarithm is
            self.decades = Scale(low, self.high, self.first, self.last, logarithmic=True)

    def __call__(self, value: float) -> float:
        if self.decades is not None:
            return self.decades.place(max(value, self.decades.low))
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.first + share * (self.last - self.first), 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        if self.decades is not None:
            return tuple(self.decades.ticks(5))
        values = [self.low + share * (self.high - self.low) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
        return tuple((self(value), plain(value, self._decimals())) for value in values)

    def _decimals(self) -> int:
        span, decimals = self.high - self.low or 1.0, 0
        while span < 20 and decimals < 5:
            span, decimals = span * 10, decimals + 1
        return decimals


def _ends(spot: Spot, target: float | None) -> tuple[float, float, float]:
    """Lower end, value and upper end; of the distance where there is a target."""
    low = min(spot.interval.low, spot.value) if spot.interval else spot.value
    high = max(spot.interval.high, spot.value) if spot.interval else spot.value
    if target is None:
        return low, spot.value, high
    far = max(abs(low - target), abs(high - target))
    near = 0.0 if low <= target <= high else min(abs(low - target), abs(high - target))
    return near, abs(spot.value - target), far


def _free_place(
    name: str, x: float, y: float, boxes: list[tuple[float, float, float, float]]
) -> tuple[float, float, str]:
    """Where a name covers no other name and no point, as far as one of the places around the point is free."""
    wide = LETTER * len(name)
    tries = []
    for dy in (4, -10, 18, -24, 32, -38, 46):
        tries += [(x + 10, y + dy, "start"), (x - 10, y + dy, "end")]
    best, least = tries[0], float("inf")
    for tx, ty, anchor in tries:
        box = (tx, ty - 10, tx + wide, ty + 3) if anchor == "start" else (tx - wide, ty - 10, tx, ty + 3)
        cost = sum(_overlap(box, other) for other in boxes)
        cost += 1e4 * (box[0] < LEFT or box[2] > WIDTH or box[1] < 0 or box[3] > BOTTOM)
        if cost < least:
            best, least, kept = (tx, ty, anchor), cost, box
    boxes.append(kept)
    return round(best[0], 1), round(best[1], 1), best[2]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
