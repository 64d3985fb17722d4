"""Where the edges of one picture lie in another: neighbouring edges agree on how far they have moved together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.edge_f_score import PERCENTILE
from synthassay.evaluate.fidelity.edge_points import BORDER, Edges, Floats, Slopes, edges_of, profiles, slopes
from synthassay.evaluate.fidelity.stencil import known_spacing
from synthassay.evaluate.metric import Setting
from synthassay.shapes import Pixels, SpatialMask

RADIUS = 6.0
"""How far a counterpart is looked for; like all lengths here in sides of a cube as large as a voxel."""
CELL = 8.0
"""Side of the cells of which each, with its neighbours at falling weight, agrees on one move."""
NEAR = 1.5
"""How far from where the neighbourhood has moved an edge's own counterpart may lie."""
WEAK = 0.5
"""Steepness of a counterpart, and of what a neighbourhood finds on average, in parts of an edge's."""
STILL = 0.05
"""What a move as far as ``RADIUS`` costs in votes: of equal moves the smallest is taken."""
SEEN = 0.03
"""A direction that holds less than this share of a neighbourhood's normals is not seen to have moved."""
MOST = 10_000
"""Edges of a picture that are followed; of more, every second, third, ... is."""
ROUNDS = 2
AT_ONCE = 2048
SETTINGS: dict[str, Setting] = {
    "smoothed": "Gaussian of one pixel along each axis; channels are averaged",
    "edge": f"a crest of the gradient at or above the {PERCENTILE:g}th percentile of each image's own, per mm",
    "side": "lengths are in sides of a square or cube as large as a pixel or voxel",
    "radius": RADIUS,
    "neighbourhood": f"cells of {CELL:g} and those around, at half weight along each axis",
    "counterpart": f"within {NEAR:g} of where the neighbourhood has moved, at least {WEAK:g} as steep as an edge",
    "border": f"pixels within {BORDER} of the mask's outline or the image's border are left out",
    "most_edges": MOST,
}


@dataclass(frozen=True, eq=False)
class Matches:
    """What became of the edges of two pictures.

    Attributes:
        moved: ``edges axes``, mm: from an edge of the source to where its neighbourhood lies in the other picture.
        lost: ``edges``, whether an edge of the source has no counterpart.
        invented: ``edges of the other picture``, whether one has no counterpart in the source.
    """

    moved: Floats
    lost: NDArray[np.bool_]
    invented: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Voters:
    """Edges of both pictures, each looked for in the other one.

    Attributes:
        normals: ``edges axes``.
        rise: ``edges steps``: steepness of the picture in which it is looked for, in parts of that picture's edges;
            forwards along the normal for edges of the source, backwards for those of the other, so that the move of a
            counterpart has one sign.
        own: ``edges``, mm: where the edge itself lies, by the same rule, in its own picture.
        sources: How many of them, the first, are the source's.
    """

    normals: Floats
    rise: Floats
    own: Floats
    sources: int


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """Cells of space that hold edges.

    Attributes:
        cell: ``edges``, the cell of each.
        weights: ``cells cells``: 1 of a cell for itself, half as much for each axis along which another is next to it.
    """

    cell: NDArray[np.intp]
    weights: sparse.csr_matrix

    def __len__(self) -> int:
        return int(self.weights.shape[0])


def matched_edges(
    synthetic: Pixels,
    source: Pixels,
    spacing_mm: tuple[float, ...],
    mpp: float | None = None,
    mask: SpatialMask | None = None,
) -> Matches:
    """Find the edges of a source in the image that was made from it, and the other way round.

    Args:
        synthetic: ``channels *space``.
        source: ``channels *space``, of any contrast; the channels may be others.
        spacing_mm: Size of a pixel along each axis; empty where unknown.
        mpp: Micrometres per pixel, where the spacing is given so.
        mask: ``*space``; the whole picture where None.

    Raises:
        NotMeasured: The size of a pixel is unknown, sizes differ, a value inside the mask is not finite, an image has
            no edge there, or the mask leaves no room for one.
    """
    space = synthetic.shape[1:]
    if space != source.shape[1:]:
        raise NotMeasured(f"its size is {space} but its source has {source.shape[1:]}")
    if mask is not None and mask.shape != space:
        raise NotMeasured(f"its size is {space} but its mask has {mask.shape}")
    if not spacing_mm and mpp:
        spacing_mm = (mpp / 1000,) * len(space)
    spacing = known_spacing(spacing_mm, space)
    within = np.ones(space, bool) if mask is None else mask
    named = ((source, "its source"), (synthetic, "it"))
    found = [slopes(picture.astype(np.float32).mean(axis=0), spacing, within, name) for picture, name in named]
    return match(found[0], found[1], spacing)


def match(source: Slopes, other: Slopes, spacing: tuple[float, ...]) -> Matches:
    """Find the edges of two pictures in each other.

    Each edge is looked for along its normal, by how steep the other picture is in that direction, of whichever sign.
    One edge alone cannot tell the wrong neighbour from the right one, nor how far it slid along itself. So the edges
    of a neighbourhood, those of both pictures, vote for whole moves, as in generalised Hough voting; the winner tells
    each edge where to look for its own crest, and the crests found give the move by least squares. In a direction that
    no normal sees the move is 0. What moves over less than a neighbourhood is averaged with what did not.

    Args:
        source: Of the picture whose edges may have moved.
        other: Of the picture in which they are looked for.
        spacing: Of the pixels of both, in mm.

    Raises:
        NotMeasured: A picture has no edge.
    """
    side = float(np.exp(np.mean(np.log(spacing))))
    sizes = np.asarray(spacing, np.float32)
    steps = (np.arange(-2 * RADIUS, 2 * RADIUS + 1) * side / 2).astype(np.float32)
    edges = edges_of(source, spacing, MOST), edges_of(other, spacing, MOST)
    voters = _voters(edges, (source, other), spacing, steps, side)
    around = neighbourhoods(np.concatenate([found.places for found in edges]) * sizes, CELL * side)
    moves, held = _voted(voters, around, candidates(spacing, RADIUS * side), steps)
    for _ in range(ROUNDS):
        expected = (voters.normals * moves[around.cell]).sum(axis=1)
        along = crests(voters.rise, steps, expected + voters.own, WEAK, NEAR * side) - voters.own
        moves = _agreed(voters.normals, along, moves, around, side)
    gone = np.isnan(along) | ~held[around.cell]
    return Matches(moves[around.cell][: voters.sources], gone[: voters.sources], gone[voters.sources :])


def _voters(
    edges: tuple[Edges, Edges], found: tuple[Slopes, Slopes], spacing: tuple[float, ...], steps: Floats, side: float
) -> Voters:
    rise, own = [], []
    for one, mine, other, sign in zip(edges, found, reversed(found), (1, -1), strict=True):
        rise.append(profiles(one, other, spacing, sign * steps) / np.float32(other.strong))
        here = profiles(one, mine, spacing, sign * steps)
        own.append(np.nan_to_num(crests(here, steps, np.zeros(len(here), np.float32), 0.0, side)))
    normals = np.concatenate([one.normals for one in edges])
    return Voters(normals, np.concatenate(rise), np.concatenate(own), len(edges[0].places))


def neighbourhoods(places: Floats, side: float) -> Neighbourhoods:
    """Sort points in mm into cells, and say which cells lie next to each other."""
    index, cell = np.unique(np.floor(places / side).astype(np.int64), axis=0, return_inverse=True)
    number = {tuple(row): i for i, row in enumerate(index.tolist())}
    rows, columns, values = [], [], []
    for offset in np.ndindex(*(3,) * index.shape[1]):
        away = np.array(offset) - 1
        next_to = np.array([number.get(tuple(row), -1) for row in (index + away).tolist()])
        there = np.flatnonzero(next_to >= 0)
        rows.append(there)
        columns.append(next_to[there])
        values.append(np.full(len(there), 0.5 ** np.abs(away).sum(), np.float32))
    joined = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return Neighbourhoods(cell.reshape(-1), sparse.csr_matrix(joined, shape=(len(index), len(index))))


def candidates(spacing: tuple[float, ...], radius: float) -> Floats:
    """Return all moves by whole pixels that are no longer than a radius, ``moves axes`` in mm."""
    axes = [np.arange(-int(radius / size + 1e-6), int(radius / size + 1e-6) + 1) * size for size in spacing]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    return grid[np.square(grid).sum(axis=1) <= radius**2 * (1 + 1e-6)].astype(np.float32)


def _voted(voters: Voters, around: Neighbourhoods, moves: Floats, steps: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The move of each cell with the most votes, ``cells axes``, and whether its edges are there at all."""
    chosen = np.arange(len(voters.normals)) < voters.sources
    means = [_mean_votes(voters, np.flatnonzero(side), around, moves, steps) for side in (chosen, ~chosen)]
    cost = STILL * np.square(moves).sum(axis=1) / steps[-1] ** 2
    best = (means[0] + means[1] - cost).argmax(axis=1)
    highest = [mean[np.arange(len(best)), best] for mean in means]
    return moves[best], np.maximum(*highest) >= WEAK


def _mean_votes(
    voters: Voters, chosen: NDArray[np.intp], around: Neighbourhoods, moves: Floats, steps: Floats
) -> Floats:
    """What each move brings the edges of one picture on average, ``cells moves``, from 0 to 1; 0 without edges."""
    votes = np.zeros((len(around), len(moves)), np.float32)
    chosen = chosen[np.argsort(around.cell[chosen], kind="stable")]
    along = moves.T / (steps[1] - steps[0])
    for start in range(0, len(chosen), AT_ONCE):
        now = chosen[start : start + AT_ONCE]
        at = np.rint(voters.normals[now] @ along).astype(np.intp) + len(steps) // 2
        cell = around.cell[now]
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        given = np.take_along_axis(np.minimum(voters.rise[now], 1), at, axis=1)
        votes[cell[first]] += np.add.reduceat(given, first, axis=0)
    number = around.weights @ np.bincount(around.cell[chosen], minlength=len(around)).astype(np.float32)
    found: Floats = (around.weights @ votes) / np.maximum(number, 1e-6)[:, None]
    return found


def crests(rise: Floats, steps: Floats, expected: Floats, least: float, within: float) -> Floats:
    """Return where along each profile the crest nearest to an expected place lies; NaN where none is within reach.

    Args:
        rise: ``points steps``.
        steps: Equally spaced places, in mm.
        expected: ``points``.
        least: Height that a crest must have.
        within: How far from the expected place it may lie.

    Returns:
        ``points``: the top of a parabola through the crest and the values beside it.

    Example:
        >>> crests(np.float32([[0, 3, 4, 2, 0]]), np.arange(-2, 3), np.float32([0]), 1.0, 1.0).round(3)
        array([-0.167], dtype=float32)
    """
    before, here, after = rise[:, :-2], rise[:, 1:-1], rise[:, 2:]
    crest = (here >= before) & (here > after) & (here >= least)
    away = np.where(crest, np.abs(steps[1:-1] - expected[:, None]), np.inf)
    at = (np.arange(len(rise)), away.argmin(axis=1))
    bend = np.where(crest[at], before[at] - 2 * here[at] + after[at], -1)
    top = steps[1:-1][at[1]] + (before[at] - after[at]) / (2 * bend) * (steps[1] - steps[0])
    return np.where(away[at] <= within, top, np.nan).astype(np.float32)


def _agreed(normals: Floats, along: Floats, moves: Floats, around: Neighbourhoods, side: float) -> Floats:
    """The move of each cell by least squares, edges far from the last one trusted less (Cauchy weights)."""
    axes, seen = normals.shape[1], np.flatnonzero(~np.isnan(along))
    normal, distance, cell = normals[seen], along[seen], around.cell[seen]
    rest = distance - (normal * moves[cell]).sum(axis=1)
    trust = 1 / (1 + np.square(2 * rest / side))
    members = sparse.csr_matrix((trust, (cell, np.arange(len(cell)))), shape=(len(around), len(cell)))
    spread = around.weights @ members
    outer = np.asarray(spread @ (normal[:, :, None] * normal[:, None]).reshape(-1, axes**2), np.float64)
    pull = np.asarray(spread @ (normal * distance[:, None]), np.float64)
    values, vectors = np.linalg.eigh(outer.reshape(-1, axes, axes))
    known = values > SEEN * values.sum(axis=1, keepdims=True)
    inverse = np.divide(1.0, values, where=known, out=np.zeros_like(values))
    return np.einsum("cij,cj,ckj,ck->ci", vectors, inverse, vectors, pull).astype(np.float32)
