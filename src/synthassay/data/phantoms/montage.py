"""One picture of all virtual patients, for the documentation and for a first look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from scipy import ndimage

from synthassay.data.phantoms import ct, histology, mri, radiograph
from synthassay.data.phantoms.anatomy import Anatomy, Grid, draw_traits
from synthassay.data.phantoms.chest import FINDINGS, draw_thorax
from synthassay.data.phantoms.head import build_head
from synthassay.data.phantoms.tissue_section import TISSUE_CLASSES, draw_section
from synthassay.randomness import stream
from synthassay.records.base import whole_file

_TILE = 160
_DOSES = (1.0, 0.25, 0.1)


def montage(seed: int = 7) -> UInt8[np.ndarray, "rows columns 3"]:
    """Return MR contrasts, CT at three doses, chests of both findings at three sites, and tissue of both classes.

    Rows: T1, T2, PD and FLAIR of a patient with plaques; CT of a patient with a tumour at routine dose, a quarter and a
    tenth, then without noise and its lesion outlined; radiographs, normal above opacity; tiles, glands above tumour.
    """
    ms, tumour = (_patient(seed, disease) for disease in ("ms", "tumour"))
    rows = [_mri_row(ms, seed), _ct_row(tumour, seed)]
    rows += [_chest_row(finding_at, seed) for finding_at in range(2)]
    rows += [_tissue_row(class_at, seed) for class_at in range(2)]
    return np.concatenate(rows)


def write_montage(path: Path, seed: int = 7) -> None:
    """Write the montage as a PNG of 192 colours, whole or not at all."""
    picture = Image.fromarray(montage(seed)).convert("RGB").quantize(192, dither=Image.Dither.NONE)
    with whole_file(path) as partial:
        picture.save(partial, format="PNG", optimize=True)


def _patient(seed: int, disease: str) -> Anatomy:
    index = next(i for i in range(1000) if draw_traits(stream(seed, "montage", i)).disease == disease)
    grid = Grid((104, 124, 24), (1.6, 1.6, 4.0), (0.0, -15.0, 18.0))
    return build_head(
        replace(draw_traits(stream(seed, "montage", index)), age=50.0, atrophy=0.35, ventricles=1.1), grid
    )


def _slice_of_lesion(anatomy: Anatomy) -> int:
    return int(anatomy.lesion[:, :, 4:-4].sum((0, 1)).argmax()) + 4


def _mri_row(anatomy: Anatomy, seed: int) -> np.ndarray:
    z, scanner = _slice_of_lesion(anatomy), mri.SCANNERS["harbour-3T"]
    tiles = []
    for contrast in mri.CONTRASTS:
        volume = mri.acquire(anatomy, scanner, contrast, stream(seed, "montage", contrast))
        tiles.append(_head_tile(volume[:, :, z] / np.percentile(volume[anatomy.brain], 99.5)))
    return np.concatenate(tiles, axis=1)


def _ct_row(anatomy: Anatomy, seed: int) -> np.ndarray:
    z, machine = _slice_of_lesion(anatomy), ct.TOMOGRAPHS["harbour-ct"]
    tiles = []
    for dose in _DOSES:
        hu = ct.acquire(anatomy, machine, stream(seed, "montage", "ct"), dose_fraction=dose)
        tiles.append(_head_tile((hu[:, :, z] + 10) / 90))
    truth = _head_tile((ct.attenuation(anatomy, stream(seed, "montage", "ct"))[:, :, z] + 10) / 90)
    lesion = _head_tile(anatomy.lesion[:, :, z].astype(float))[..., 0] > 127
    truth[ndimage.binary_dilation(lesion, iterations=2) & ~lesion] = 255
    return np.concatenate([*tiles, truth], axis=1)


def _chest_row(finding_at: int, seed: int) -> np.ndarray:
    tiles = []
    rooms = list(radiograph.ROOMS.values())
    for at, room in enumerate([*rooms, rooms[0]]):
        thorax = draw_thorax(stream(seed, "montage", "thorax", at), FINDINGS[finding_at])
        film = radiograph.expose(thorax, room, stream(seed, "montage", "exposure", at), pixels=128)
        tiles.append(_rgb(film.grey))
    return np.concatenate(tiles, axis=1)


def _tissue_row(class_at: int, seed: int) -> np.ndarray:
    tiles = []
    labs = list(histology.LABORATORIES.values())
    for at, lab in enumerate([*labs, labs[0]]):
        section = draw_section(stream(seed, "montage", "section", at), TISSUE_CLASSES[class_at], pixels=_TILE, mpp=0.75)
        tiles.append(histology.scan(section, lab, stream(seed, "montage", "scan", at)))
    return np.concatenate(tiles, axis=1)


def _head_tile(plane: np.ndarray) -> np.ndarray:
    """An axial plane as radiologists look at it: from the feet, anterior up, the patient's right on the left."""
    return _rgb((255 * np.clip(plane, 0, 1)).astype(np.uint8).T[::-1, ::-1])


def _rgb(grey: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(grey)
    scale = _TILE / max(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    tile = Image.new("L", (_TILE, _TILE))
    tile.paste(picture.resize(size, Image.Resampling.BICUBIC), ((_TILE - size[0]) // 2, (_TILE - size[1]) // 2))
    return np.asarray(tile.convert("RGB")).copy()
