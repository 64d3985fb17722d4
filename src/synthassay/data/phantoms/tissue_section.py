"""A virtual tissue section: glands or tumour in stroma, each nucleus known, as amounts of two stains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Int32
from scipy import ndimage

TissueClass = Literal["normal", "tumour"]
TISSUE_CLASSES: tuple[TissueClass, ...] = ("normal", "tumour")


@dataclass(frozen=True)
class Section:
    """Stains in one tile, axes rows and columns.

    Attributes:
        haematoxylin, eosin: Amount of stain as optical density along the stain's own direction.
        nuclei: 0 for background, else the nucleus's number from 1.
        mpp: Micrometres per pixel.
    """

    haematoxylin: Float[np.ndarray, "rows columns"]
    eosin: Float[np.ndarray, "rows columns"]
    nuclei: Int32[np.ndarray, "rows columns"]
    mpp: float


@dataclass(frozen=True)
class _Nucleus:
    """Centre, half axes and tilt in micrometres and radians; darkness is the optical density of its chromatin."""

    row: float
    column: float
    long: float
    short: float
    tilt: float
    darkness: float


@dataclass
class _Tile:
    """The tile while it is drawn, in micrometres."""

    rng: np.random.Generator
    pixels: int
    mpp: float
    haematoxylin: np.ndarray = field(init=False)
    eosin: np.ndarray = field(init=False)
    labels: np.ndarray = field(init=False)
    rows: np.ndarray = field(init=False)
    columns: np.ndarray = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        line = (np.arange(self.pixels) + 0.5) * self.mpp
        self.rows, self.columns = line[:, None], line[None, :]
        self.haematoxylin = np.zeros((self.pixels, self.pixels))
        self.eosin = np.zeros((self.pixels, self.pixels))
        self.labels = np.zeros((self.pixels, self.pixels), np.int32)

    @property
    def side(self) -> float:
        return self.pixels * self.mpp

    def noise(self, scale: float, stretch: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
        """A random field of mean 0 and standard deviation 1 that changes over ``scale`` micrometres."""
        white = self.rng.standard_normal((self.pixels, self.pixels))
        soft = ndimage.gaussian_filter(white, [scale * s / self.mpp for s in stretch], mode="wrap")
        return (soft - soft.mean()) / soft.std()

    def cover(self, share: np.ndarray, haematoxylin: np.ndarray | float, eosin: np.ndarray | float) -> None:
        """Put a material over what is there."""
        self.haematoxylin += share * (haematoxylin - self.haematoxylin)
        self.eosin += share * (eosin - self.eosin)


def draw_section(rng: np.random.Generator, tissue: TissueClass, *, pixels: int = 128, mpp: float = 1.0) -> Section:
    """Return one tile of colon-like tissue.

    Args:
        rng: Where the tissue is drawn from.
        tissue: ``normal``: round glands with open lumina and small basal nuclei in loose stroma. ``tumour``: crowded,
            large, dark and uneven nuclei in irregular nests, few and slit-like lumina.
        pixels: Rows and columns.
        mpp: Micrometres per pixel.

    >>> section = draw_section(np.random.default_rng(0), "tumour", pixels=64)
    >>> section.nuclei.shape
    (64, 64)
    """
    tile = _Tile(rng, pixels, mpp)
    _stroma(tile)
    epithelium = _glands(tile) if tissue == "normal" else _nests(tile)
    _stromal_cells(tile, epithelium, crowded=tissue == "tumour")
    return Section(
        haematoxylin=np.clip(tile.haematoxylin, 0, None).astype(np.float32),
        eosin=np.clip(tile.eosin, 0, None).astype(np.float32),
        nuclei=tile.labels,
        mpp=mpp,
    )


def _stroma(tile: _Tile) -> None:
    """Collagen in wavy bundles with clefts between them."""
    bend_r, bend_c = 14 * tile.noise(26.0) / tile.mpp, 14 * tile.noise(26.0) / tile.mpp
    fibres = tile.noise(1.3, (1.0, 7.0)) + 0.6 * tile.noise(3.0, (1.0, 6.0))
    if tile.rng.random() < 0.5:
        fibres = fibres.T
    index = np.arange(tile.pixels, dtype=float)
    fibres = ndimage.map_coordinates(
        fibres, [index[:, None] + bend_r, index[None, :] + bend_c], order=1, mode="grid-wrap"
    )
    density = 0.42 + 0.10 * fibres + 0.06 * tile.noise(12.0)
    cleft = np.clip((fibres + 0.7 * tile.noise(6.0) - 1.5) / 0.5, 0, 1)
    tile.haematoxylin[:] = 0.07 + 0.02 * fibres
    tile.eosin[:] = np.clip(density, 0.12, None) * (1 - 0.85 * cleft) + 0.02


def _glands(tile: _Tile) -> np.ndarray:
    """Draw round glands on a jittered hexagonal lattice; return their share of each pixel."""
    rng = tile.rng
    whole = np.zeros_like(tile.eosin)
    pitch = float(rng.uniform(66, 84))
    start_r, start_c = rng.uniform(-pitch, 0, 2)
    for i in range(int(tile.side / pitch * 1.2) + 3):
        for j in range(int(tile.side / pitch) + 3):
            row = start_r + 0.87 * pitch * i + rng.normal(0, 4)
            column = start_c + pitch * (j + 0.5 * (i % 2)) + rng.normal(0, 4)
            whole = np.maximum(whole, _gland(tile, row, column, float(rng.uniform(0.36, 0.45)) * pitch))
    return whole


def _gland(tile: _Tile, row: float, column: float, radius: float) -> np.ndarray:
    """One crypt cut across: lumen, goblet cells, tall cytoplasm, nuclei along the base."""
    rng = tile.rng
    waves = [(k, rng.normal(0, 0.09 / k**0.5), rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4)]
    away = np.hypot(tile.rows - row, tile.columns - column)
    angle = np.arctan2(tile.columns - column, tile.rows - row)
    edge = radius * (1 + np.sum([a * np.cos(k * angle + phase) for k, a, phase in waves], axis=0))
    if away.min() > edge.max() + 3:
        return np.zeros_like(away)
    whole = np.clip((edge - away) / tile.mpp + 0.5, 0, 1)
    lumen_edge = edge * float(rng.uniform(0.22, 0.42))
    tile.cover(np.clip((edge + 2.2 - away) / tile.mpp, 0, 1) * 0.6, 0.06, 0.5)  # basement membrane
    tile.cover(whole, 0.14 + 0.02 * tile.noise(2.0), 0.30 + 0.03 * tile.noise(2.0))
    cells = max(int(2 * np.pi * radius / 7.2), 6)
    for k in range(cells):
        at = 2 * np.pi * (k + rng.normal(0, 0.12)) / cells
        border = radius * (1 + sum(a * np.cos(n * at + phase) for n, a, phase in waves))
        if rng.random() < 0.55:  # a goblet cell's mucus
            deep = border * float(rng.uniform(0.56, 0.68))
            spot = np.hypot(tile.rows - row - deep * np.cos(at), tile.columns - column - deep * np.sin(at))
            tile.cover(np.clip((4.2 - spot) / tile.mpp + 0.5, 0, 1) * 0.85, 0.10, 0.04)
        base = border - float(rng.uniform(4.0, 6.0))
        place = row + base * np.cos(at), column + base * np.sin(at)
        _nucleus(tile, _Nucleus(*place, rng.normal(4.4, 0.35), rng.normal(2.6, 0.25), at, rng.normal(0.85, 0.09)))
    tile.cover(np.clip((lumen_edge - away) / tile.mpp + 0.5, 0, 1), 0.02, 0.03)
    return whole


def _nests(tile: _Tile) -> np.ndarray:
    """Draw irregular nests of crowded tumour cells with slit-like lumina; return their share of each pixel."""
    rng = tile.rng
    field_ = tile.noise(20.0) + 0.25 * tile.noise(6.0)
    nests = np.clip((field_ + float(rng.uniform(0.5, 1.0))) / 0.12, 0, 1)
    slit = np.clip((tile.noise(7.0, (1.0, 1.6)) - float(rng.uniform(1.9, 2.5))) / 0.12, 0, 1) * nests
    tile.cover(nests, 0.30 + 0.04 * tile.noise(2.5), 0.34 + 0.05 * tile.noise(3.0))
    flow = 1.6 * tile.noise(24.0)
    for row, column in _scattered(tile, 7.4, tries=26):
        r, c = int(row / tile.mpp), int(column / tile.mpp)
        if nests[r, c] < 0.6 or slit[r, c] > 0.2:
            continue
        size = float(np.exp(rng.normal(np.log(4.3), 0.2)))
        stretch = float(rng.uniform(1.0, 1.7))
        tilt = flow[r, c] + float(rng.normal(0, 0.35))
        darkness = float(np.clip(rng.normal(1.0, 0.24), 0.5, 1.7))
        _nucleus(tile, _Nucleus(row, column, size * stretch**0.5, size / stretch**0.5, tilt, darkness), pale=0.35)
    tile.cover(slit * (tile.labels == 0), 0.02, 0.04)
    return nests


def _stromal_cells(tile: _Tile, epithelium: np.ndarray, *, crowded: bool) -> None:
    """Fibroblasts and lymphocytes between glands or nests."""
    rng = tile.rng
    lymphocytes = float(rng.uniform(0.25, 0.6))
    keep = 0.75 if crowded else 0.6
    for row, column in _scattered(tile, 9.5, tries=10):
        r, c = int(row / tile.mpp), int(column / tile.mpp)
        if epithelium[r, c] > 0.05 or rng.random() > keep:
            continue
        if rng.random() < lymphocytes:
            nucleus = _Nucleus(row, column, rng.normal(3.0, 0.2), rng.normal(2.8, 0.2), 0.0, rng.normal(1.15, 0.1))
        else:
            tilt = float(rng.uniform(0, np.pi))
            nucleus = _Nucleus(row, column, rng.normal(5.6, 0.9), rng.normal(1.6, 0.2), tilt, rng.normal(0.9, 0.12))
        _nucleus(tile, nucleus)


def _scattered(tile: _Tile, apart: float, tries: int) -> list[tuple[float, float]]:
    """Points no nearer to each other than ``apart`` micrometres (dart throwing on a grid of cells)."""
    cell = apart / 2**0.5
    taken: dict[tuple[int, int], tuple[float, float]] = {}
    for row, column in tile.rng.uniform(0, tile.side, (int(tries * (tile.side / apart) ** 2), 2)):
        at = int(row / cell), int(column / cell)
        near = (taken.get((at[0] + i, at[1] + j)) for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2))
        if all(n is None or (n[0] - row) ** 2 + (n[1] - column) ** 2 >= apart**2 for n in near):
            taken[at] = (float(row), float(column))
    return list(taken.values())


def _nucleus(tile: _Tile, nucleus: _Nucleus, pale: float = 0.15) -> None:
    """Draw one nucleus with a dark rim, clumped chromatin and an uneven outline; ``pale`` opens its middle."""
    rng, reach = tile.rng, nucleus.long * 1.3 + tile.mpp
    rows = slice(*_span(nucleus.row, reach, tile))
    columns = slice(*_span(nucleus.column, reach, tile))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    dr, dc = tile.rows[rows] - nucleus.row, tile.columns[:, columns] - nucleus.column
    cos, sin = np.cos(nucleus.tilt), np.sin(nucleus.tilt)
    u, v = (dr * cos + dc * sin) / nucleus.long, (dc * cos - dr * sin) / nucleus.short
    angle = np.arctan2(v, u)
    wobble = 1 + 0.06 * np.cos(2 * angle + rng.uniform(0, 6.3)) + 0.05 * np.cos(3 * angle + rng.uniform(0, 6.3))
    rho = np.hypot(u, v) / wobble
    share = np.clip((1 - rho) * nucleus.short / tile.mpp + 0.5, 0, 1)
    clumps = 0.14 * rng.standard_normal(rho.shape)
    chromatin = nucleus.darkness * (1 - pale * np.clip(1 - rho, 0, 1) * 1.5 + clumps)
    tile.haematoxylin[rows, columns] += share * (chromatin - tile.haematoxylin[rows, columns])
    tile.eosin[rows, columns] += share * (0.16 - tile.eosin[rows, columns])
    inside = share >= 0.5
    if inside.any():
        tile.count += 1
        tile.labels[rows, columns][inside] = tile.count


def _span(middle: float, reach: float, tile: _Tile) -> tuple[int, int]:
    low, high = int((middle - reach) / tile.mpp), int((middle + reach) / tile.mpp) + 1
    return max(low, 0), min(high, tile.pixels)
