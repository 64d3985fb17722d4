"""Small studies to read: pictures drawn from a seed, and study files around them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from scipy import ndimage


def write_pictures(folder: Path, count: int, *, seed: int, side: int = 48, prefix: str = "case", smooth: float = 1.5):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        noise = ndimage.gaussian_filter(rng.normal(size=(side, side)), smooth)
        grey = np.clip(128 + 45 * noise / noise.std(), 0, 255)
        grey.flat[0], grey.flat[-1] = 0, 255
        Pillow.fromarray(grey.astype(np.uint8)).save(folder / f"{prefix}-{number:02d}.png")


def study_text(kind: str, *, arms: str, design: str = "", extra: str = "", readers: str = "2") -> str:
    return (
        f'title = "A reading"\nquestion = "Can they be told apart by readers?"\nkind = "{kind}"\nreaders = {readers}\n'
        f"{extra}\n{arms}\n[design]\n{design}\n"
    )


def arm(name: str, role: str, path: str = "", more: str = "") -> str:
    where = f'path = "{path}"\n' if path else ""
    return f'[[arms]]\nname = "{name}"\nrole = "{role}"\n{where}{more}\n'


REENCODE = (
    '[reencode]\nreason = "File lengths differ, which readers never receive."\n'
    'accept = ["grey levels used", "clipped share"]\n'
)
TWO_ARMS = arm("real", "real", "real") + arm("synthetic", "synthetic", "synthetic")


def write_cases(path: Path, count: int, prefix: str = "case") -> None:
    lines = [f"{prefix}-{number:02d},s{number // 2},{number % 2}" for number in range(count)]
    path.write_text("case,subject,truth\n" + "\n".join(lines) + "\n", encoding="utf-8")
