from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from reading.small_studies import TWO_ARMS, study_text, write_pictures
from synthassay.errors import DataError
from synthassay.images.image import Image
from synthassay.reading.compiling import compile_study
from synthassay.reading.giveaways import find_giveaways
from synthassay.reading.portraits import Portrait, blockiness, border_width


def bordered(path):
    picture = np.asarray(Pillow.open(path)).copy()
    picture[:3], picture[-3:], picture[:, :3], picture[:, -3:] = 0, 0, 0, 0
    Pillow.fromarray(picture).save(path)


def through_jpeg(path):
    Pillow.open(path).save(path.with_suffix(".jpg"), quality=12)
    Pillow.open(path.with_suffix(".jpg")).save(path)
    path.with_suffix(".jpg").unlink()


def as_format(path, suffix):
    Pillow.open(path).save(path.with_suffix(suffix))
    path.unlink()


def arms(values_a, values_b, *, words=False):
    make = lambda arm, i, v: Portrait(arm, f"{i}", {"it": v} if words else {}, {} if words else {"it": v})  # noqa: E731
    return [make("a", i, v) for i, v in enumerate(values_a)] + [make("b", i, v) for i, v in enumerate(values_b)]


def test_equal_arms_give_nothing_away():
    rng = np.random.default_rng(0)
    assert find_giveaways(arms(rng.normal(size=40), rng.normal(size=40)), 1) == ()
    assert find_giveaways(arms(["x", "y"] * 10, ["x", "y"] * 10, words=True), 1) == ()


def test_many_sizes_on_both_sides_are_no_giveaway():
    """Every image has a value of its own, so that frequencies differ wholly, and by chance alone."""
    assert find_giveaways(arms([f"s{i}" for i in range(20)], [f"t{i}" for i in range(20)], words=True), 1) == ()


def test_one_constant_against_another_is_found_even_in_small_arms():
    found = find_giveaways(arms(["x"] * 2, ["y"] * 2, words=True), 1)
    assert [one.attribute for one in found] == ["it"]
    assert found[0].separation == 1.0


def test_a_shifted_number_is_found_and_names_images():
    found = find_giveaways(arms(np.arange(20.0), np.arange(20.0) + 15), 1)
    assert found[0].separation == pytest.approx(0.75)
    assert found[0].p <= 0.01
    assert found[0].images


@pytest.mark.parametrize("spoil, named", [
    (lambda path: Pillow.open(path).resize((64, 64)).save(path), "size"),
    (bordered, "border"),
    (lambda path: Pillow.open(path).convert("RGB").save(path), "colour"),
    (through_jpeg, "8x8 grid of JPEG"),
    (lambda path: as_format(path, ".tif"), "format"),
    (lambda path: Pillow.fromarray(np.asarray(Pillow.open(path)).astype(np.uint16) * 16).save(path), "bit depth"),
    (lambda path: Pillow.fromarray(np.asarray(Pillow.open(path)) // 2).save(path), "brightest value"),
    (lambda path: Pillow.open(path).save(path, compress_level=0), "file length"),
])  # fmt: skip
def test_each_giveaway_stops_the_study_and_is_named(tmp_path, spoil, named):
    write_pictures(tmp_path / "real", 10, seed=1)
    write_pictures(tmp_path / "synthetic", 10, seed=2)
    for path in (tmp_path / "synthetic").iterdir():
        spoil(path)
    (tmp_path / "reader.toml").write_text(study_text("turing", arms=TWO_ARMS, design="practice = 2"))
    with pytest.raises(DataError, match="give themselves away") as told:
        compile_study(tmp_path / "reader.toml", tmp_path / "out")
    assert f"- {named}: " in str(told.value)
    assert "synthetic/case-" in str(told.value)
    assert not (tmp_path / "out").exists()


def test_reencoding_removes_a_giveaway_and_is_told_in_the_truth(tmp_path):
    write_pictures(tmp_path / "real", 10, seed=1)
    write_pictures(tmp_path / "synthetic", 10, seed=2, side=64)
    text = study_text("turing", arms=TWO_ARMS, design="practice = 2")
    asked = '[reencode]\nreason = "The sets have other sizes."\nsize = [40, 40]\nstretch = true\nlevels = 256\n'
    accepted = 'accept = ["8x8 grid of JPEG", "clipped share", "grey levels used"]\n'
    (tmp_path / "reader.toml").write_text(text + asked + accepted)
    made = compile_study(tmp_path / "reader.toml", tmp_path / "out")
    assert {one.attribute for one in made.truth.give_aways} <= {"8x8 grid of JPEG", "clipped share", "grey levels used"}
    lengths = {path.stat().st_size for path in (tmp_path / "out" / "images").glob("*.bin")}
    assert lengths == {1600}


def test_borders_and_grids_are_measured():
    framed = np.pad(np.random.default_rng(0).integers(1, 9, (1, 20, 30)), ((0, 0), (3, 3), (3, 3)))
    assert border_width(framed) == 3
    assert border_width(framed[:, 3:-3, 3:-3]) == 0
    smooth = np.random.default_rng(0).normal(size=(1, 64, 64))
    assert blockiness(smooth) == pytest.approx(1, abs=0.2)
    assert blockiness(smooth + 4 * (np.arange(64) // 8 % 2)) > 2


def test_a_volume_is_compared_by_its_middle_slice():
    volume = np.zeros((1, 12, 12, 5))
    volume[:, 2:-2, 2:-2, 2] = 1
    assert border_width(Image(volume).pixels) == 2
