"""Cut the one field that five scanners share into tiles: its left half to learn from, its right half to judge by.

    python scripts/five_scanner_tiles.py FOLDER_OF_PNG five-scanners.npz

Each place is a subject with five scans, so that a study of ``stain_normalise`` knows the answer. It is one section of
one dog: the numbers show that a path works, not how well it does on another section. Scans are shifted by up to 2
pixels.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

SCANNERS = ("3dhistech", "aperio", "leica", "nz2", "nz210")
SIDE, ACROSS, DOWN, EDGE = 64, 3, 6, 236


def tiles(folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a plain ``.npz``: images, subject, site and split per tile."""
    fields = {name: np.asarray(Image.open(folder / f"{name}.png").convert("RGB"))[:EDGE, :EDGE] for name in SCANNERS}
    images, subject, site, split = [], [], [], []
    half = EDGE // 2
    for part, start in (("train", 0), ("test", half)):
        for x in np.linspace(start, start + half - SIDE, ACROSS).astype(int):
            for y in np.linspace(0, EDGE - SIDE, DOWN).astype(int):
                for name, field in fields.items():
                    images.append(field[y : y + SIDE, x : x + SIDE])
                    subject.append(f"{part}-{x:03d}-{y:03d}")
                    site.append(name)
                    split.append(part)
    case = [f"{s}-{n}" for s, n in zip(subject, site, strict=True)]
    texts = {"subject": subject, "case": case, "site": site, "split": split}
    return {"image": np.stack(images), **{key: np.array(value) for key, value in texts.items()}}


if __name__ == "__main__":
    np.savez_compressed(sys.argv[2], **tiles(Path(sys.argv[1])))  # type: ignore[arg-type]
