"""Studies that take seconds: virtual chests, and small volumes with a known relation between source and reference."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np

CHEST = """\
title = "Small chest study"
question = "Do synthetic radiographs help a classifier on held-out patients?"
modality = "xray"
task = "augment"
baselines = ["resample_real"]
[data]
source = "phantom:chest-xray"
subjects = 60
size = [32, 32]
split = "stratified"
fractions = [0.5, 0.15, 0.35]
[[generators]]
family = "vae"
images_seen = 480
batch = 16
widths = [8, 16]
latent = 8
[sampling]
per_class = 24
[evaluation]
bootstrap = 200
classifier_repeats = 1
classifier_steps = 20
"""


def write_chest_study(folder: Path) -> Path:
    """Write a class-conditional study of virtual chests."""
    path = folder / "chest.toml"
    path.write_text(CHEST, encoding="utf-8")
    return path


def write_volumes(folder: Path, *, subjects: int = 9, unit: str = "", slices: int = 4) -> Path:
    """Write NIfTI volumes of round bodies in two contrasts, T2 a smooth function of T1, and their table."""
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in (32, 32, slices)), indexing="ij"))
    rows = ["subject,split,t1,t2"]
    for i in range(subjects):
        radius = np.hypot(grid[0] * rng.uniform(0.9, 1.1), grid[1])
        body = radius < rng.uniform(0.6, 0.85)
        texture = sum(np.cos(k * grid[i % 2] * 3 + rng.uniform(0, 6)) for k in (1, 2, 3)) / 3
        t1 = np.where(body, 500 + 200 * texture, 0.0)
        t2 = np.where(body, 900 - t1 + 30 * rng.standard_normal(t1.shape), 0.0)
        if unit == "HU":
            t2 = np.where(body, 40 + 60 * texture + np.where(radius < 0.3, 500, 0), -1000.0)
        split = "train" if i < subjects - 5 else "validation" if i == subjects - 5 else "test"
        names = []
        for name, volume in (("t1", t1), ("t2", t2)):
            file = folder / f"s{i}_{name}.nii.gz"
            nib.save(nib.Nifti1Image(volume.astype(np.float32), np.diag([3.0, 3.0, 5.0, 1.0])), file)
            if unit:
                file.with_name(f"s{i}_{name}.json").write_text(json.dumps({"Units": unit}))
            names.append(file.name)
        rows.append(f"s{i},{split},{','.join(names)}")
    (folder / "table.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "table.csv"


def write_translation_study(folder: Path) -> Path:
    """Write a study that makes T2 from T1 in small volumes."""
    write_volumes(folder)
    path = folder / "mri.toml"
    path.write_text(
        'title = "Small MRI study"\nquestion = "Can T2 be made from T1 here?"\nmodality = "mri"\n'
        'task = "translate"\nbaselines = ["identity", "linear_regression"]\n'
        '[data]\npath = "table.csv"\ninput = "t1"\nimage = "t2"\nsplit = "given"\n'
        '[[generators]]\nfamily = "pgan"\nimages_seen = 24\nbatch = 4\nwidth = 4\nblocks = 1\nhalvings = 1\n'
        "patch_width = 4\npatch_layers = 1\nperceptual_steps = 3\n[evaluation]\nbootstrap = 200\n",
        encoding="utf-8",
    )
    return path


def write_denoising_study(folder: Path) -> Path:
    """Write a study that denoises small CT volumes, by baselines alone."""
    write_volumes(folder, unit="HU")
    path = folder / "ct.toml"
    path.write_text(
        'title = "Small CT study"\nquestion = "Does smoothing give back Hounsfield units?"\nmodality = "ct"\n'
        'task = "denoise"\nbaselines = ["identity", "non_local_means"]\n'
        '[data]\npath = "table.csv"\nimage = "t2"\nsplit = "given"\nwindow = [-1150, 1500]\n'
        '[sampling]\nformat = "dicom"\n[evaluation]\nbootstrap = 200\n',
        encoding="utf-8",
    )
    return path
