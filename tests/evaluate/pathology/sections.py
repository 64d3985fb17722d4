"""Stained tiles whose stains, amounts and nuclei are known, and tiles of real slides."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from synthassay.data.phantoms.histology import LABORATORIES, scan
from synthassay.data.phantoms.tissue_section import Section, draw_section
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit

RUIFROK = np.array([(0.65, 0.70, 0.29), (0.07, 0.99, 0.11)])
RUIFROK /= np.linalg.norm(RUIFROK, axis=1, keepdims=True)
SCANNERS = ("aperio", "nz210", "nz2", "3dhistech", "leica")


def mixture(vectors: np.ndarray = RUIFROK, *, seed: int = 0, size: int = 96, strength: float = 1.0) -> np.ndarray:
    """A tile of known stains: some pixels hold one stain only, the others both; ``3 size size``, 0 to 255."""
    rng = np.random.default_rng(seed)
    amounts = rng.uniform(0.2, 0.9, (2, size * size))
    pure = rng.integers(0, 6, size * size)
    amounts[0, pure == 0] = 0
    amounts[1, pure == 1] = 0
    amounts[:, pure == 2] = 0  # glass
    return (255 * 10.0 ** -(vectors.T @ (strength * amounts))).reshape(3, size, size)


def turned(degrees: float, which: int = 0) -> np.ndarray:
    """Ruifrok's vectors with one turned away from the other within their plane."""
    one, other = RUIFROK[which], RUIFROK[1 - which]
    across = one - (one @ other) * other
    across /= np.linalg.norm(across)
    angle = np.arctan2(one @ across, one @ other) + np.radians(degrees)
    vectors = RUIFROK.copy()
    vectors[which] = np.cos(angle) * other + np.sin(angle) * across
    return vectors


@cache
def section(seed: int, tissue: str = "normal", mpp: float = 0.5, pixels: int = 200) -> Section:
    return draw_section(np.random.default_rng(seed), tissue, pixels=pixels, mpp=mpp)


def scanned(drawn: Section, lab: str = "harbour-lab", seed: int = 7) -> np.ndarray:
    """The section as a scanner of one laboratory sees it, ``3 rows columns``."""
    return scan(drawn, LABORATORIES[lab], np.random.default_rng(seed)).transpose(2, 0, 1).astype(np.float32)


def without_nuclei(drawn: Section, share: float, seed: int = 0) -> Section:
    """The section with a share of its nuclei turned into the cytoplasm around them."""
    order = np.random.default_rng(seed).permutation(np.arange(1, drawn.nuclei.max() + 1))
    gone = np.isin(drawn.nuclei, order[: round(share * len(order))])
    haematoxylin, eosin = drawn.haematoxylin.copy(), drawn.eosin.copy()
    haematoxylin[gone], eosin[gone] = 0.12, 0.35
    return Section(haematoxylin, eosin, np.where(gone, 0, drawn.nuclei), drawn.mpp)


def specimens(pixels: list[np.ndarray], *, mpp: float | None = 0.5, name: str = "p", unit: Unit = Unit.RGB):
    return [
        Specimen(tile, mpp=mpp, unit=unit, case=f"{name}{i}", subject=f"{name}{i}") for i, tile in enumerate(pixels)
    ]


@cache
def crc_tiles(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Kather's tiles ``tiles 3 150 150``, their class numbers and the names of the classes; 0.495 µm per pixel."""
    table = np.load(folder / "path-kather2016-crc-tiles" / "kather2016_124.npz")
    return table["images"].transpose(0, 3, 1, 2).astype(np.float32), table["label"], list(table["class_names"])


def one_field(folder: Path) -> dict[str, np.ndarray]:
    """One field of tissue as five scanners see it, ``3 236 236`` each."""
    place = folder / "path-multiscanner-scc"
    return {
        name: np.asarray(Image.open(place / f"{name}.png").convert("RGB"), np.float32).transpose(2, 0, 1)[:, :236, :236]
        for name in SCANNERS
    }


@cache
def slide_tiles(folder: Path, size: int = 200) -> tuple[np.ndarray, ...]:
    """Tiles with tissue cut from a slide of skin, ``3 size size`` each; 0.499 µm per pixel."""
    with tifffile.TiffFile(folder / "path-openslide-cmu1-small" / "CMU-1-Small-Region.svs") as file:
        slide = file.pages[0].asarray()
    places = ((1000, 1150), (2000, 1050), (2400, 1050), (1500, 1000), (2700, 800), (700, 1100))
    return tuple(slide[y : y + size, x : x + size].transpose(2, 0, 1).astype(np.float32) for y, x in places)
