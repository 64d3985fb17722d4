"""Arms of slides and pictures are shown alike, and what gives them away is found without a slide in memory."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from reading.small_studies import arm, study_text
from synthassay.errors import DataError
from synthassay.reading.compiling import compile_study

REASON = '[reencode]\nreason = "For a test of slides among pictures."\n'
ACCEPTED = (
    'accept = ["size", "longer side", "shorter side", "border", "grey levels used", "clipped share", "pixel spacing"]\n'
)
ARMS = arm("real", "real", "real") + arm("synthetic", "synthetic", "synthetic")
DESIGN = "practice = 0\ncatch = 0\nrepeats = 0.0\nblocks = 1"


def section(rows, columns, seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (rows // 8 + 1, columns // 8 + 1, 3)).astype(np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, axis=0).repeat(8, axis=1)[:rows, :columns])


def write_slides(folder, count, *, size=(700, 640), seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        with tifffile.TiffWriter(folder / f"case-{number:02d}.tif") as file:
            pixels = section(*size, seed + number)
            told = {"photometric": "rgb", "tile": (128, 128), "compression": "zlib", "metadata": None}
            file.write(pixels, subifds=1, description="DOE^JANE 1950-01-01", **told)
            file.write(pixels[::2, ::2], subfiletype=1, **told)


def write_pngs(folder, count, *, size=(700, 640), seed=50):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Pillow.fromarray(section(*size, seed + number)).save(folder / f"case-{number:02d}.png")


def write_study(tmp_path, *, arms=ARMS, extra=REASON + ACCEPTED):
    file = tmp_path / "reader.toml"
    file.write_text(study_text("turing", arms=arms, design=DESIGN) + extra, encoding="utf-8")
    return file


def test_slides_and_pictures_are_coded_alike_and_say_nothing_of_their_files(tmp_path):
    write_slides(tmp_path / "real", 3)
    write_pngs(tmp_path / "synthetic", 3)
    compiled = compile_study(write_study(tmp_path), tmp_path / "study")
    heads = [json.loads(path.read_text()) for path in sorted((tmp_path / "study" / "images").glob("*.json"))]
    assert len(heads) == 6
    assert all(head == heads[0] for head in heads)
    assert (heads[0]["depth"], heads[0]["levels"], heads[0]["tile"]) == ("png", 2, 512)
    for path in (tmp_path / "study" / "images").iterdir():
        body = path.read_bytes()
        assert b"DOE" not in body
        assert path.suffix == ".json" or body.startswith(b"\x89PNG")
    again = compile_study(tmp_path / "reader.toml", tmp_path / "again")
    assert again.design.digest() == compiled.design.digest()


def test_a_jpeg_quality_is_given_to_every_arm(tmp_path):
    write_slides(tmp_path / "real", 2)
    write_pngs(tmp_path / "synthetic", 2)
    compile_study(write_study(tmp_path, extra=REASON + "jpeg = 80\n" + ACCEPTED), tmp_path / "study")
    for path in (tmp_path / "study" / "images").glob("*.bin"):
        assert path.read_bytes().startswith(b"\xff\xd8\xff")


def test_slides_of_another_size_give_themselves_away(tmp_path):
    write_slides(tmp_path / "real", 6)
    write_slides(tmp_path / "synthetic", 6, size=(900, 640), seed=20)
    with pytest.raises(DataError, match="size: real 700 x 640"):
        compile_study(write_study(tmp_path, extra=REASON), tmp_path / "study")


def test_what_needs_a_slide_whole_is_refused(tmp_path):
    write_slides(tmp_path / "real", 4)
    write_slides(tmp_path / "synthetic", 4, seed=9)
    with pytest.raises(DataError, match=r"what would need them whole \(crop, size\)"):
        compile_study(write_study(tmp_path, extra=REASON + "crop = 4\nsize = [64, 64]\n"), tmp_path / "study")
    write_slides(tmp_path / "real", 6)
    arms = arm("real", "real", "real") + arm("blurred", "positive_control", more="count = 2\n")
    with pytest.raises(DataError, match="does not degrade"):
        compile_study(write_study(tmp_path, arms=arms), tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_large_slide_is_never_in_memory_whole(tmp_path):
    (tmp_path / "real").mkdir()
    rows, columns = 12_000, 800
    for case in ("a", "b"):
        with tifffile.TiffWriter(tmp_path / "real" / f"{case}.tif") as file:
            told = {"photometric": "rgb", "tile": (256, 256), "compression": "zlib", "metadata": None}
            file.write(np.zeros((rows, columns, 3), np.uint8), subifds=1, **told)
            file.write(np.zeros((rows // 2, columns // 2, 3), np.uint8), subfiletype=1, **told)
    (tmp_path / "cases.csv").write_text("case,subject,truth\na,a,1\nb,b,0\n", encoding="utf-8")
    text = study_text("diagnostic", arms=arm("real", "real", "real"), design=DESIGN, extra='cases = "cases.csv"')
    (tmp_path / "reader.toml").write_text(text, encoding="utf-8")
    tracemalloc.start()
    compile_study(tmp_path / "reader.toml", tmp_path / "study")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < rows * columns * 3 * 0.8  # halving a band in floating point is the most; it does not grow with rows
