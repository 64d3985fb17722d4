"""The documentation's picture: whole, coloured where tissue is, and small enough to commit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from synthassay.data.phantoms import montage


def test_montage_is_written_whole_and_shows_all_four_modalities(tmp_path: Path) -> None:
    montage.write_montage(tmp_path / "montage.png")
    assert [file.name for file in tmp_path.iterdir()] == ["montage.png"]
    assert (tmp_path / "montage.png").stat().st_size < 300_000
    picture = np.asarray(Image.open(tmp_path / "montage.png").convert("RGB")).astype(int)
    side = picture.shape[1] // 4
    assert picture.shape == (6 * side, 4 * side, 3)
    colour = [np.ptp(picture[row * side : (row + 1) * side], axis=2).mean() for row in range(6)]
    assert max(colour[:4]) < 12 < 30 < min(colour[4:])
    lit = [
        [picture[r * side : (r + 1) * side, c * side : (c + 1) * side].std() > 20 for c in range(4)] for r in range(6)
    ]
    assert np.all(lit)
