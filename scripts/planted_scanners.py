"""Show real heads as two further, simulated scanners would: what harmonisation must undo is then known for every voxel.

    python scripts/planted_scanners.py ixi_hh_t1_2mm.npz planted-scanners.npz

Each training and validation subject is seen by one scanner alone, each test subject by all three, so that a study of
``harmonise`` knows the answer. The two planted scanners differ from the real one in contrast (a power of the values),
in the receive field (a smooth factor of its own for each scan), in sharpness, and in noise (Rician). No real pair of
scanners differs in just this way: the study shows that a family undoes what was planted, not that it will undo yours.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

REAL = "hammersmith"
SLAB = slice(26, 50)  # 24 slices of 2 mm through the ventricles and deep grey matter
SCALE = 16  # stored per grey level of the source, so that rounding is not what differs


@dataclass(frozen=True)
class Planted:
    """A simulated scanner.

    Attributes:
        power: Exponent of the values relative to the 99.5th percentile; below 1 flattens contrast.
        field: SD of the logarithm of the receive field.
        blur_mm: SD of the Gaussian by which it is less sharp.
        noise: SD of each channel's noise, relative to the 99.5th percentile.
    """

    power: float
    field: float
    blur_mm: float
    noise: float


SCANNERS = {"flat": Planted(0.7, 0.15, 1.0, 0.02), "steep": Planted(1.4, 0.1, 0.6, 0.04)}


def scan(volume: np.ndarray, brain: np.ndarray, scanner: Planted, seed: int) -> np.ndarray:
    """Return one subject, ``x y z`` with its brain mask, as a planted scanner shows it, in the unit of ``volume``."""
    rng = np.random.default_rng(seed)
    bright = np.percentile(volume[brain], 99.5)
    values = bright * (volume / bright) ** scanner.power
    smooth = ndimage.gaussian_filter(rng.standard_normal(volume.shape), 15.0)
    smooth = (smooth - smooth[brain].mean()) / smooth[brain].std()
    values = ndimage.gaussian_filter(values * np.exp(scanner.field * smooth), scanner.blur_mm / 2.0)
    real, imaginary = rng.normal(0, scanner.noise * bright, (2, *volume.shape))
    return np.where(brain, np.hypot(values + real, imaginary), 0.0)


def cohort(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a plain ``.npz``: image and mask, subject, site and split per scan, and the spacing."""
    images, masks, subjects, sites, splits = [], [], [], [], []
    with np.load(path, allow_pickle=False) as file:
        volumes, structures, names, parts = file["t1"], file["dlmuse"], file["subject"], file["split"]
        spacing = file["spacing_mm"]
    for index, (volume, drawn, name, part) in enumerate(zip(volumes, structures, names, parts, strict=True)):
        brain, values = (drawn > 0)[..., SLAB], volume[..., SLAB].astype(float)
        seen = (REAL, *SCANNERS) if part == "test" else ((REAL, *SCANNERS)[index % 3],)
        for site in seen:
            number = list(SCANNERS).index(site) + 1 if site in SCANNERS else 0
            made = scan(values, brain, SCANNERS[site], 10 * index + number) if number else np.where(brain, values, 0.0)
            images.append(np.rint(SCALE * made).astype(np.int16))
            masks.append(brain.astype(np.uint8))
            subjects.append(str(name))
            sites.append(site)
            splits.append(str(part))
    case = [f"{subject}-{site}" for subject, site in zip(subjects, sites, strict=True)]
    texts = {"subject": subjects, "case": case, "site": sites, "split": splits}
    arrays = {"image": np.stack(images), "mask": np.stack(masks), "spacing_mm": spacing}
    return arrays | {key: np.array(value) for key, value in texts.items()}


if __name__ == "__main__":
    np.savez_compressed(sys.argv[2], **cohort(Path(sys.argv[1])))  # type: ignore[arg-type]
