"""A virtual thorax seen from behind: how many millimetres of each material every ray crosses.

The organs are solids with closed-form chords along the ray (ellipsoids, tubes, a rib cage of tilted hoops), so that the
line integrals of a whole chest cost milliseconds. Coordinates on the detector: x grows towards the patient's left,
which is the picture's right; z grows upwards; millimetres; the origin lies in mid-chest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from synthassay.randomness import stream

Finding = Literal["normal", "opacity"]
FINDINGS: tuple[Finding, ...] = ("normal", "opacity")
FIELD_MM = 320.0
LUNG_DENSITY = 0.26
"""Mean density of inflated lung relative to soft tissue (ICRU 44: 0.26 g/cm3)."""


@dataclass(frozen=True)
class Thorax:
    """One patient's chest, drawn apart from its use; lengths in millimetres.

    Attributes:
        width: Half width of the rib cage; depth: half its depth from front to back.
        wall: Soft tissue over the cage, on each side.
        heart: Half the heart's width; a cardiothoracic ratio of heart to width is near 0.45.
        domes: Height of the right and the left diaphragm.
        turn: Rotation about the long axis, as a shift of the front structures.
        breasts: Thickness of the breasts; 0 for none.
    """

    sex: Literal["F", "M"]
    width: float
    depth: float
    wall: float
    heart: float
    domes: tuple[float, float]
    turn: float
    breasts: float
    finding: Finding
    seed: int


def draw_thorax(rng: np.random.Generator, finding: Finding) -> Thorax:
    """Draw one adult; which finding it has is asked for, everything else does not depend on it.

    >>> draw_thorax(np.random.default_rng(0), "normal").finding
    'normal'
    """
    male = bool(rng.random() < 0.5)
    width = float(rng.normal(128 if male else 117, 6))
    right = float(rng.normal(-72, 9))
    return Thorax(
        sex="M" if male else "F",
        width=width,
        depth=width * float(rng.normal(0.68, 0.05)),
        wall=float(np.exp(rng.normal(3.3, 0.25))),
        heart=width * float(np.clip(rng.normal(0.46, 0.035), 0.38, 0.56)),
        domes=(right, right - float(rng.normal(12, 4))),
        turn=float(rng.normal(0, 4)),
        breasts=0.0 if male else float(rng.uniform(8, 32)),
        finding=finding,
        seed=int(rng.integers(1 << 62)),
    )


@dataclass(frozen=True)
class Paths:
    """Millimetres of material along each ray, axes rows (top first) and columns (patient's right first).

    Attributes:
        soft: Soft tissue, with lung counted by its density.
        bone: Bone, in addition to the soft tissue whose place it takes.
        lung: Air-bearing lung, before the opacity fills it.
        opacity: Lung that the opacity fills.
        opacity_mask: Where the opacity would be outlined: it fills at least 8 mm of lung that is 20 mm deep.
    """

    soft: Float[np.ndarray, "rows columns"]
    bone: Float[np.ndarray, "rows columns"]
    lung: Float[np.ndarray, "rows columns"]
    opacity: Float[np.ndarray, "rows columns"]
    opacity_mask: Bool[np.ndarray, "rows columns"]


def trace(thorax: Thorax, pixels: int) -> Paths:
    """Return the path lengths of one patient on a square detector of ``pixels`` rows and columns over 320 mm."""
    line = ((np.arange(pixels) + 0.5) / pixels - 0.5) * FIELD_MM
    x, z = line[None, :].astype(np.float32), -line[:, None].astype(np.float32)
    middle, hollow = _mediastinum(thorax, x, z)
    lung = _lung(thorax, x, z, middle)
    vessels = np.minimum(_vessels(thorax, pixels), lung)
    opacity = _opacity(thorax, x, z, lung)
    body = _body(thorax, x, z)
    aerated = lung - vessels - opacity
    soft = body - (1 - LUNG_DENSITY) * aerated - hollow - _stomach_bubble(thorax, x, z)
    return Paths(
        soft=np.clip(soft, 0, None),
        bone=_ribs(thorax, x, z) + _spine(thorax, x, z) + _shoulder_girdle(thorax, x, z),
        lung=lung,
        opacity=opacity,
        opacity_mask=(opacity >= 8.0) & (lung >= 20.0),
    )


def _chord(x: np.ndarray, z: np.ndarray, centre: tuple[float, float], radii: tuple[float, float, float]) -> np.ndarray:
    """Millimetres inside an ellipsoid with half axes across, up, and along the ray."""
    inside = 1 - np.square((x - centre[0]) / radii[0]) - np.square((z - centre[1]) / radii[1])
    return 2 * radii[2] * np.sqrt(np.clip(inside, 0, None))


def _width_at(thorax: Thorax, z: np.ndarray) -> np.ndarray:
    """Half width of the rib cage at height z: a dome that closes above the apices."""
    top = np.clip((128.0 - z) / 190.0, 0, 1)
    return thorax.width * np.clip(top, 1e-6, None) ** 0.42


def _cage(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Millimetres inside the rib cage, whose section is an ellipse that a hollow back flattens."""
    width = _width_at(thorax, z)
    depth = thorax.depth * np.clip(width / thorax.width, 0, 1) ** 1.3
    return 2 * depth * np.clip(1 - np.abs(x / width) ** 2.4, 0, None) ** 0.5


def _lung(thorax: Thorax, x: np.ndarray, z: np.ndarray, mediastinum: np.ndarray) -> np.ndarray:
    """Millimetres of lung: what the mediastinum leaves of the cage, above the diaphragm."""
    return np.clip(_cage(thorax, x, z) - mediastinum, 0, None) * _above_diaphragm(thorax, x, z)


def _body(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Millimetres of body from skin to skin: trunk, neck, shoulders and arms, breasts."""
    side = np.abs(x)
    trunk_width = thorax.width + thorax.wall + 6 * np.clip((-z - 60) / 60, 0, 1.5)
    top = 134.0 - 0.26 * np.clip(side - 62, 0, None)  # the line of trapezius and shoulder
    below = np.clip((top - z) / 48, 0, 1) ** 0.5
    section = np.sqrt(np.clip(1 - (side / trunk_width) ** 2.6, 0, None))
    trunk = 2 * (thorax.depth + thorax.wall) * section * below
    neck = 2 * 62 * np.sqrt(np.clip(1 - np.square(x / 58), 0, None)) * np.clip((z - 60) / 90, 0, 1)
    shoulder = 165 * below * np.clip((z - 8 - 0.45 * np.clip(side - 100, 0, None)) / 55, 0, 1) * (side < 200)
    arm = 80 * np.sqrt(np.clip(1 - np.square((side - 196 - 0.1 * z) / 34), 0, None)) * below
    breast = _chord(side, z, (0.58 * thorax.width, -48.0), (56.0, 50.0, 1.0)) / 2 * thorax.breasts
    return np.maximum(np.maximum(trunk, neck), np.maximum(shoulder, arm)) + breast * (trunk > 0)


def _mediastinum(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the millimetres that mediastinum and heart take from the lungs, and the air in the airways."""
    rng = stream(thorax.seed, "mediastinum")
    turn, wide = thorax.turn, thorax.depth * 2
    waist = 17 + 6 * rng.random() + 9 * np.clip((z - 70) / 60, 0, 1) + 6 * np.exp(-np.square((z - 8) / 26))
    column = wide * np.clip(1.35 - np.abs(x - 0.6 * turn) / waist, 0, 1) ** 0.8
    tilt = 0.62
    along, across = (x - turn - 0.38 * thorax.heart), z + 42
    u, v = along * np.cos(tilt) - across * np.sin(tilt), along * np.sin(tilt) + across * np.cos(tilt)
    heart = _chord(u, v, (0, 0), (thorax.heart * 1.08, thorax.heart * 0.80, 0.62 * thorax.depth))
    atrium = _chord(x, z, (turn - 0.28 * thorax.heart, -34.0), (0.5 * thorax.heart, 36.0, 30.0))
    knob = _chord(x, z, (turn + 24.0, 58.0 + 5 * rng.normal()), (15.0 + 3 * rng.random(), 17.0, 16.0))
    hila = sum(_chord(x, z, (turn + s * 36.0, 8.0 + 6 * (s > 0)), (13.0, 22.0, 9.0)) for s in (-1, 1))
    taken = np.maximum(np.maximum(column, np.maximum(heart, atrium)), knob) + hila
    trachea = 14 * np.sqrt(np.clip(1 - np.square((x - 0.7 * turn + 2) / 8.5), 0, None)) * np.clip((z - 36) / 8, 0, 1)
    bronchi = [9 * np.sqrt(np.clip(1 - np.square((z - 36 + 0.9 * (s * x)) / 7), 0, None)) * ((s * x > 0) & (s * x < 30))
               for s in (-1, 1)]  # fmt: skip
    return taken, np.maximum(trachea, bronchi[0] + bronchi[1]) * (z < 175)


def _above_diaphragm(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Share of the lung's depth that lies above the diaphragm; behind its dome the lung reaches lower."""
    rng = stream(thorax.seed, "diaphragm")
    share = np.zeros(np.broadcast(x, z).shape, np.float32)
    for sign, top in zip((-1, 1), thorax.domes, strict=True):
        centre = sign * thorax.width * float(rng.normal(0.46, 0.03))
        sag = 46 * np.clip(np.abs((x - centre) / (0.62 * thorax.width)), 0, 1.2) ** 2.2
        height = z - (top - sag)
        here = np.clip(height / 5 + 0.5, 0, 1) * 0.86 + 0.14 * np.clip((height + 30) / 30, 0, 1)
        share += here * (np.sign(x) == sign)
    return share


def _stomach_bubble(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    rng = stream(thorax.seed, "stomach")
    size = float(rng.uniform(0, 26))
    if size < 8:
        return np.zeros(np.broadcast(x, z).shape, np.float32)
    centre = 0.45 * thorax.width + rng.normal(0, 6), thorax.domes[1] - 8 - size
    return 0.8 * _chord(x, z, centre, (1.3 * size, size, size))


def _ribs(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Bone of ten pairs of ribs: hoops tilted forwards, seen twice, behind and in front."""
    rng = stream(thorax.seed, "ribs")
    bone = np.zeros(np.broadcast(x, z).shape, np.float32)
    mineral = float(rng.normal(1.0, 0.12))
    spacing = float(rng.normal(22.0, 1.0))
    for sign in (-1, 1):
        side = sign * (x - 0.3 * thorax.turn)
        for k in range(11):
            behind = 122.0 - spacing * k + float(rng.normal(0, 1.0))
            drop = 44 + 6.2 * k
            width = float(_width_at(thorax, np.asarray(behind - 0.42 * drop))) + 3
            arc = np.sqrt(np.clip(1 - np.square(side / width), 1e-4, 1))
            seen = (side > 9) & (side < width)
            edge = np.clip(1 / arc, 1, 3.2)  # where the hoop turns, the ray runs along it
            for front in (False, True):
                height = (
                    behind + 7 * np.sin(np.pi * np.clip(side / width, 0, 1)) - drop / 2 * (1 + (arc if front else -arc))
                )
                slope = drop / 2 * side / width**2 / np.maximum(arc, 0.18)
                off = (z - height) / np.sqrt(1 + np.square(slope))
                half = 6.4 if front else 5.6
                shell = np.sqrt(np.clip(1 - np.square(off / half), 0, None))
                ends = np.clip((side / width - 0.52) / 0.14, 0, 1) if front else 1.0  # cartilage shows little
                bone += (4.3 if front else 5.6) * mineral * shell * edge * ends * seen * (behind > -95)
    return bone


def _spine(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    rng = stream(thorax.seed, "spine")
    bend = float(rng.normal(0, 3)) * np.sin(z / 90)
    body = np.clip(1.5 - np.abs(x - bend) / 12.5, 0, 1) ** 0.5
    disc = np.clip(0.5 + 1.2 * np.cos(2 * np.pi * (z - float(rng.uniform(0, 22))) / 22), 0.12, 1)
    spinous = np.exp(-np.square((x - bend) / 3.2)) * np.clip(np.cos(2 * np.pi * z / 22 + 1), 0, 1)
    return 15.0 * body * disc + 7 * spinous


def _shoulder_girdle(thorax: Thorax, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Clavicles, scapulae and humeral heads."""
    rng = stream(thorax.seed, "shoulders")
    bone = np.zeros(np.broadcast(x, z).shape, np.float32)
    for sign in (-1, 1):
        side = sign * (x - thorax.turn)
        raised = float(rng.normal(0, 4))
        height = 104 + raised + 0.17 * side + 7 * np.sin((side - 15) / 38)
        off = (z - height) / (5.4 + 1.5 * np.exp(-np.square((side - 14) / 12)))
        clavicle = 9 * np.sqrt(np.clip(1 - np.square(off), 0, None)) * ((side > 10) & (side < 150))
        blade = np.clip(1.2 - np.hypot((side - 150 - 0.3 * (z - 60)) / 30, (z - 62) / 58), 0, 0.25) * 14
        head = _chord(side, z, (172.0, 96.0 + raised), (23.0, 23.0, 13.0))
        bone += clavicle + blade + head
    return bone


def _vessels(thorax: Thorax, pixels: int) -> np.ndarray:
    """Millimetres of blood in the pulmonary vessels: trees that branch outwards from both hila."""
    out = np.zeros((pixels, pixels), np.float32)
    step = FIELD_MM / pixels
    for x0, z0, x1, z1, radius in _branches(thorax):
        reach = radius + step
        left, right = (int((v + FIELD_MM / 2) / step) for v in (min(x0, x1) - reach, max(x0, x1) + reach))
        top, bottom = (int((FIELD_MM / 2 - v) / step) for v in (max(z0, z1) + reach, min(z0, z1) - reach))
        left, top, right, bottom = max(left, 0), max(top, 0), min(right + 1, pixels), min(bottom + 1, pixels)
        if left >= right or top >= bottom:
            continue
        x = ((np.arange(left, right) + 0.5) * step - FIELD_MM / 2)[None, :]
        z = (FIELD_MM / 2 - (np.arange(top, bottom) + 0.5) * step)[:, None]
        dx, dz = x1 - x0, z1 - z0
        along = np.clip(((x - x0) * dx + (z - z0) * dz) / (dx * dx + dz * dz), 0, 1)
        away = np.hypot(x - x0 - along * dx, z - z0 - along * dz)
        width = radius * (1 - 0.3 * along)
        blood = 2 * np.sqrt(np.clip(np.square(width) + step**2 / 8 - np.square(away), 0, None))
        out[top:bottom, left:right] = np.maximum(out[top:bottom, left:right], blood)
    return out


def _branches(thorax: Thorax) -> Iterator[tuple[float, float, float, float, float]]:
    """Yield (x0, z0, x1, z1, radius) of each vessel; daughters follow Murray's law, r^3 = sum of r_i^3."""
    rng = stream(thorax.seed, "vessels")
    growing = [
        (sign * 32.0 + thorax.turn, 8.0 + 8 * (sign > 0), float(angle + rng.normal(0, 0.12)), 4.2, sign)
        for sign in (-1, 1)
        for angle in np.linspace(-1.45, 1.35, 7)
    ]
    while growing:
        x, z, angle, radius, sign = growing.pop()
        length = float(rng.uniform(5.5, 9.0)) * radius
        x1, z1 = x + sign * length * np.cos(angle), z + length * np.sin(angle)
        yield x, z, x1, z1, radius
        if radius > 1.9:
            for turn in (-1, 1):
                growing.append(
                    (x1, z1, angle + turn * float(rng.uniform(0.15, 0.5)), radius * 0.5 ** (1 / 3) * 0.93, sign)
                )


def _points_in_lung(thorax: Thorax, rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    """Draw points with a deep lung behind them, the same whatever the number of pixels."""
    x, z = rng.uniform(-0.9 * thorax.width, 0.9 * thorax.width, 400), rng.uniform(-90.0, 100.0, 400)
    depth = _lung(thorax, x, z, _mediastinum(thorax, x, z)[0])
    deep = np.flatnonzero(depth > 0.6 * depth.max())[:count]
    return [(float(x[i]), float(z[i])) for i in deep]


def _opacity(thorax: Thorax, x: np.ndarray, z: np.ndarray, lung: np.ndarray) -> np.ndarray:
    """Millimetres of lung filled by one to three patches of consolidation with feathered edges."""
    out = np.zeros_like(lung)
    if thorax.finding == "normal":
        return out
    rng = stream(thorax.seed, "opacity")
    grain = rng.standard_normal((48, 48))
    rough = sum(w * ndimage.gaussian_filter(grain, s, mode="wrap") * s for s, w in ((1.2, 0.5), (2.5, 1.0)))
    rough = ndimage.zoom(rough / rough.std(), lung.shape[0] / 48, order=1)
    for centre in _points_in_lung(thorax, rng, int(rng.choice([1, 1, 2, 3]))):
        size = float(rng.uniform(26, 52))
        radii = size * float(rng.uniform(0.8, 1.35)), size * float(rng.uniform(0.75, 1.2))
        away = np.hypot((x - centre[0]) / radii[0], (z - centre[1]) / radii[1]) + 0.22 * rough
        filled = np.clip(1.15 - away, 0, 1) ** 0.6 * size * 2.4
        out = np.maximum(out, filled * (np.sign(x) == np.sign(centre[0])))
    return np.minimum(out * float(rng.uniform(0.6, 0.95)), 0.9 * lung)
