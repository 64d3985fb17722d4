"""Small studies of slides and volumes that hold one thing to be found, at a place that the test knows."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import tifffile

from reading.small_studies import arm, study_text
from synthassay.reading.compiling import compile_study

DESIGN = "practice = 0\ncatch = 0\nrepeats = 0.0\nblocks = 1"
SLIDE = (700, 1240)  # rows, columns
SPOT = (780, 250, 40)  # column, row and side of the green square of a slide
VOLUME = (40, 60, 20)  # x, y, z as a NIfTI holds them
BLOCK = (8, 45, 14)  # the bright block's first voxel; 4 x 4 x 2 voxels
BLOCK_SHOWN = (30.0, 13.0, 15)  # its middle as shown: columns from the patient's right, rows from anterior, slice


def write_slide(path: Path, *, spot: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((*SLIDE, 3), (230, 200, 220), np.uint8)
    if spot:
        column, row, side = SPOT
        pixels[row : row + side, column : column + side] = (0, 150, 0)
    with tifffile.TiffWriter(path) as file:
        told = {"photometric": "rgb", "tile": (128, 128), "compression": "zlib", "metadata": None}
        scale = {"resolution": (40000, 40000), "resolutionunit": "centimeter"}
        file.write(pixels, subifds=1, **told, **scale)
        file.write(pixels[::2, ::2], subfiletype=1, **told)


def write_volume(path: Path, *, level: float = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.full(VOLUME, level, np.int16)
    x, y, z = BLOCK
    values[x : x + 4, y : y + 4, z : z + 2] = 1000
    image = nib.Nifti1Image(values, np.diag([1.0, 1.0, 2.0, 1.0]))
    image.header.set_xyzt_units("mm")
    nib.save(image, path)


def slide_study(folder: Path, extra: str = "") -> Path:
    for case in ("a", "b"):
        write_slide(folder / "real" / f"{case}.tif", spot=case == "a")
    return compiled(folder, arm("real", "real", "real"), extra)


def volume_study(folder: Path) -> Path:
    for case in ("a", "b"):
        write_volume(folder / "real" / f"{case}.nii.gz")
        write_volume(folder / "beside" / f"{case}.nii.gz", level=200)
    windows = '[[windows]]\nname = "wide"\nlow = 0\nhigh = 1000\n'
    return compiled(folder, arm("real", "real", "real", 'beside = "beside"'), windows)


def compiled(folder: Path, arms: str, extra: str = "") -> Path:
    (folder / "cases.csv").write_text("case,subject,truth\na,a,1\nb,b,0\n", encoding="utf-8")
    text = study_text("diagnostic", arms=arms, design=DESIGN, extra='cases = "cases.csv"')
    (folder / "reader.toml").write_text(f'{text}[scale]\nmarks = "many"\n{extra}', encoding="utf-8")
    compile_study(folder / "reader.toml", folder / "study")
    return folder / "study"
