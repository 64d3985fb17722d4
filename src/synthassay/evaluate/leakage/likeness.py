"""The images most like each image, even where one was mirrored, moved or cut out of the other.

Each image, its middle parts and their mirror images are taken in turn. By their spectra a few candidates are found
among all images, and these are compared pixel by pixel under every small shift. A part cut out of a corner is a middle
part that was shifted.

Cost: images x images x values of a spectrum, ten times (five zooms, two mirrorings); memory grows with the number of
images, not with its square, as rows are taken in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.leakage.matching import shifted_correlation
from synthassay.evaluate.leakage.sketches import ROWS_AT_ONCE, Floats, Sketches, mirrorings, spectrum

ZOOMS = (1.0, 0.95, 0.9, 0.85, 0.8)
FINER = (-0.025, -0.0125, 0.0125, 0.025)
PER_DISGUISE = 3  # nearest spectra per zoom and mirroring
COMPARED = 8  # of them, per image
OF_OTHERS = 4  # compared on top, of other subjects


@dataclass(frozen=True)
class Likeness:
    """Per judged image those compared with it, most alike first.

    Attributes:
        position: ``cases compared``: positions among the targets; -1 where there are fewer.
        correlation: ``cases compared``: of the detail, after the best zoom, mirroring and shift; -2 at position -1.
    """

    position: NDArray[np.intp]
    correlation: NDArray[np.float64]


def likeness(
    judged: Sketches,
    among: Sketches,
    *,
    owner: NDArray[np.intp] | None = None,
    owner_among: NDArray[np.intp] | None = None,
) -> Likeness:
    """Return the images of ``among`` that are most like each judged one.

    Args:
        judged: Images to find likes of. Where they are the very object ``among``, none is compared with itself.
        among: Images to search.
        owner: Number of each judged image's subject. With it, images of other subjects are always among the compared.
        owner_among: Likewise for the images that are searched.
    """
    centre, spread = among.spectra.mean(axis=0), among.spectra.std(axis=0) + 1e-6
    known = (among.spectra - centre) / spread
    squares = (known**2).sum(axis=1)
    found = []
    for start in range(0, len(judged), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(judged)))
        barred = rows if judged is among else None
        same = None if owner is None or owner_among is None else owner[rows, None] == owner_among
        found.append(_block(judged, among, rows, barred, same, (known, squares, centre, spread)))
    return Likeness(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _block(
    judged: Sketches,
    among: Sketches,
    rows: NDArray[np.intp],
    barred: NDArray[np.intp] | None,
    same: NDArray[np.bool_] | None,
    spectra: tuple[Floats, Floats, Floats, Floats],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    known, squares, centre, spread = spectra
    disguises = list(product(ZOOMS, mirrorings(judged.averaged.ndim - 1)))
    near, others = [], []
    for zoom, (mirrored, _) in disguises:
        mine = (spectrum(np.flip(judged.detail(rows, zoom), mirrored)) - centre) / spread
        distance = squares - 2 * (mine @ known.T) + (mine**2).sum(axis=1, keepdims=True)
        if barred is not None:
            distance[np.arange(len(rows)), barred] = np.inf
        near.append(_nearest(distance, min(PER_DISGUISE, len(known))))
        if same is not None:
            distance[same] = np.inf
            others.append(_nearest(distance, 1))
    wanted = [_over_disguises(near, COMPARED)]
    if same is not None:
        wanted.append(_over_disguises(others, OF_OTHERS))
    position, disguise, useful = (np.concatenate(parts, axis=1) for parts in zip(*wanted, strict=True))
    correlation = np.full(position.shape, -2.0)
    _compare(judged, among, rows, position, correlation, disguise, useful, disguises)
    # The most alike is compared once more, at zooms in between.
    best = np.arange(position.shape[1]) == correlation.argmax(axis=1)[:, None]
    for step in FINER:
        finer = [(round(zoom + step, 4), turns) for zoom, turns in disguises]
        _compare(judged, among, rows, position, correlation, disguise, useful & best, finer)
    return _ranked(position, correlation)


def _nearest(distance: Floats, count: int) -> tuple[NDArray[np.intp], Floats]:
    near = np.argpartition(distance, count - 1, axis=1)[:, :count] if count > 1 else distance.argmin(axis=1)[:, None]
    return near, np.take_along_axis(distance, near, 1)


def _over_disguises(
    found: list[tuple[NDArray[np.intp], Floats]], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    position = np.concatenate([near for near, _ in found], axis=1)
    distance = np.concatenate([far for _, far in found], axis=1)
    disguise = np.repeat(np.arange(len(found)), found[0][0].shape[1])
    first = np.argsort(distance, axis=1, kind="stable")[:, :count]
    kept = np.take_along_axis(distance, first, 1)
    return np.take_along_axis(position, first, 1), disguise[first], np.isfinite(kept)


def _compare(
    judged: Sketches,
    among: Sketches,
    rows: NDArray[np.intp],
    position: NDArray[np.intp],
    correlation: NDArray[np.float64],
    disguise: NDArray[np.intp],
    useful: NDArray[np.bool_],
    disguises: list[tuple[float, tuple[tuple[int, ...], tuple[int, ...]]]],
) -> None:
    """Raise ``correlation`` to what the useful of its cells reach; a zoom above 1 has no middle part to take."""
    for number, (zoom, turns) in enumerate(disguises):
        at = np.nonzero((disguise == number) & useful)
        if not len(at[0]) or zoom > 1:
            continue
        mine = judged.detail(rows[at[0]], zoom)
        theirs = among.detail(position[at])
        pairs = np.arange(len(theirs))[:, None]
        alike = [shifted_correlation(np.flip(mine, turn)[:, None], theirs[:, None], pairs)[:, 0] for turn in turns]
        correlation[at] = np.maximum.reduce([correlation[at], *alike])


def _ranked(
    position: NDArray[np.intp], correlation: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    order = np.argsort(-correlation, axis=1, kind="stable")
    position, correlation = np.take_along_axis(position, order, 1), np.take_along_axis(correlation, order, 1)
    earlier = np.tril(np.ones((position.shape[1],) * 2, bool), -1)
    again = ((position[:, :, None] == position[:, None, :]) & earlier).any(axis=2)
    gone = again | (correlation < -1.5)
    position, correlation = np.where(gone, -1, position), np.where(gone, -2.0, correlation)
    order = np.argsort(-correlation, axis=1, kind="stable")
    return np.take_along_axis(position, order, 1), np.take_along_axis(correlation, order, 1)
