"""Planted crossings and copies are found in every kind of data set; nothing is dropped in silence.

Covers synthassay.audit.run, synthassay.audit.portraits, synthassay.audit.near, synthassay.audit.showing and
synthassay.records.audit.
"""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from audit.planted import pictures, save
from synthassay.audit import audit_data
from synthassay.audit.portraits import hash_of, one_channel
from synthassay.audit.showing import show_audit
from synthassay.cli import app
from synthassay.data.listing import Fields
from synthassay.errors import DataError

KEYS = ("exact_duplicates", "cross_split_exact", "near_duplicates", "subjects_crossing")


@pytest.fixture
def folder(tmp_path):
    for i, picture in enumerate(pictures(12)):
        split = ("train", "val", "test")[i % 3]
        save(tmp_path / split / ("a", "b")[i % 2] / f"p{i:02d}.png", picture)
    return tmp_path


def test_a_clean_folder_is_clean(folder):
    found = audit_data(folder)
    assert not found.leaks
    assert found.cross_split_exact == {"train|val": (), "train|test": (), "val|test": ()}
    assert (found.exact_duplicates, found.near_duplicates, found.without_subject) == ((), (), 12)
    assert {name: split.images for name, split in found.splits.items()} == {"train": 4, "val": 4, "test": 4}


def test_copies_in_other_formats_types_and_channels_are_exact(folder):
    one, _, three, *_ = pictures(12)
    save(folder / "val" / "a" / "again.tif", one.astype(np.uint16))
    save(folder / "test" / "a" / "again.png", np.stack([one] * 3, axis=-1))
    save(folder / "test" / "b" / "twice.tif", three)
    found = audit_data(folder)
    assert found.leaks
    assert found.exact_duplicates == (
        ("test/a/again.png", "train/a/p00.png", "val/a/again.tif"),
        ("test/a/p02.png", "test/b/twice.tif"),
    )
    assert found.cross_split_exact == {
        "train|val": ("val/a/again.tif",),
        "train|test": ("test/a/again.png",),
        "val|test": ("test/a/again.png",),
    }
    assert found.near_duplicates == ()
    assert found.about["val/a/again.tif"].split == "val"


def test_disguised_copies_across_splits_are_near_duplicates(folder):
    one, _, three, *_ = pictures(12)
    save(folder / "val" / "a" / "mirrored.png", np.ascontiguousarray(one[:, ::-1]))
    save(folder / "test" / "a" / "darker.png", np.round(0.8 * three).astype(np.uint8))
    found = audit_data(folder)
    assert not found.leaks
    near = {(pair.a, pair.b, pair.splits) for pair in found.near_duplicates}
    assert near == {
        ("train/a/p00.png", "val/a/mirrored.png", "train|val"),
        ("test/a/darker.png", "test/a/p02.png", "test|test"),
    }
    assert found.near_duplicates[0].splits == "train|val"
    assert all(0.9 < pair.correlation <= 1 for pair in found.near_duplicates)
    assert [pair.b for pair in found.near_across] == ["val/a/mirrored.png"]


def test_what_cannot_be_read_or_is_empty_is_named(folder):
    (folder / "train" / "a" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\nnot more")
    for i in range(2):
        save(folder / ("train", "val")[i] / "a" / f"black{i}.png", np.zeros((9, 7 + i), np.uint8))
    found = audit_data(folder)
    assert list(found.unreadable) == ["train/a/torn.png"]
    assert found.constant == ("train/a/black0.png", "val/a/black1.png")
    assert found.images == 14
    assert not found.leaks


def test_subjects_in_two_splits_are_found_by_a_pattern_in_a_folder(tmp_path):
    for name, picture in zip(("train/s1_1", "train/s2_1", "val/s1_2", "val/s3_1"), pictures(4), strict=True):
        save(tmp_path / f"{name}.png", picture)
    assert audit_data(tmp_path, Fields(subject=r"(s\d+)_")).subjects_crossing == ("s1",)
    assert audit_data(tmp_path).subjects_crossing == ()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_that_no_study_accepts_is_audited(tmp_path, ending):
    for i, picture in enumerate(pictures(4)):
        save(tmp_path / "files" / f"{i}.png", picture)
    rows = [
        ("files/0.png", "ann", "fold1", "north", "2020-01-05"),
        ("files/1.png", "bob", "fold1", "north", "2020-01-06"),
        ("files/2.png", "ann", "fold2", "south", "2020-01-07"),
        ("files/0.png", "cid", "fold2", "south", "2020-01-06"),
        ("files/9.png", "dee", "fold2", "south", "2020-01-09"),
    ]
    table = tmp_path / f"list.{ending}"
    columns = ("path", "patient", "split", "site", "date")
    if ending == "csv":
        table.write_text("\n".join(",".join(row) for row in (columns, *rows)))
    else:
        import pandas

        pandas.DataFrame(rows, columns=columns).to_parquet(table)
    found = audit_data(table)
    assert found.subjects_crossing == ("ann",)
    assert [list(values) for values in found.cross_split_exact.values()] == [["files/0.png#2"]]
    assert list(found.unreadable) == ["files/9.png"]
    assert found.days_crossing == ("2020-01-06",)
    assert found.sites_crossing == ()
    assert found.splits["fold1"].sites == {"north": 2}
    assert (found.splits["fold2"].first_date, found.splits["fold2"].last_date) == ("2020-01-06", "2020-01-07")


def test_arrays_with_usual_names_are_understood(tmp_path):
    taken = pictures(6)
    taken[5] = taken[0]
    names = np.array([f"scan {i}.jpeg" for i in range(6)])
    np.savez(
        tmp_path / "set.npz",
        images=taken,
        split=np.array(["train"] * 3 + ["val"] * 3),
        patient=np.array(["a", "b", "c", "c", "d", "e"]),
        label=np.array([0, 0, 0, 1, 1, 1]),
        filename=names,
    )
    found = audit_data(tmp_path / "set.npz")
    assert found.exact_duplicates == (("scan 0.jpeg", "scan 5.jpeg"),)
    assert found.cross_split_exact == {"train|val": ("scan 5.jpeg",)}
    assert found.subjects_crossing == ("c",)
    assert found.splits["val"].label_shift == 1.0
    assert found.about["scan 5.jpeg"].file == "set.npz::images[5]"


def test_arrays_with_an_axis_of_one_are_pictures_and_known_layouts_may_lack_names(tmp_path):
    taken = pictures(4)[..., None]
    taken[3] = taken[0, ::-1]
    np.savez(tmp_path / "four.npz", images=taken, splits=np.array([0, 0, 1, 1]), patients=np.arange(4))
    found = audit_data(tmp_path / "four.npz")
    assert found.bounds[0].dimensions == 2
    assert [(pair.splits, pair.same_subject) for pair in found.near_duplicates] == [("0|1", False)]
    known = {"label": np.zeros(4, int), "subtype": np.array(["n"] * 4), "source_resolution": np.array(["orig"] * 4)}
    np.savez(
        tmp_path / "known.npz",
        images=pictures(4),
        patient=np.array(list("abca")),
        split=np.array(list("1122")),
        **known,
    )
    assert audit_data(tmp_path / "known.npz").subjects_crossing == ("a",)


def test_folders_below_splits_may_be_subjects_and_names_of_any_script(tmp_path):
    for i, picture in enumerate(pictures(12)):
        save(tmp_path / ("train" if i < 6 else "val") / f"patient{i // 2 if i < 10 else 0}" / f"像{i % 2}.png", picture)
    found = audit_data(tmp_path)
    assert found.subjects_crossing == ("patient0",)
    assert (found.images, found.without_subject) == (12, 0)


def test_medmnist_and_floats_with_holes_and_volumes(tmp_path):
    taken = pictures(4).astype(np.float32)
    taken[3, 0, 0] = np.nan
    np.savez(tmp_path / "m.npz", train_images=taken[:2], val_images=taken[[0, 3]])
    found = audit_data(tmp_path / "m.npz")
    assert found.cross_split_exact == {"train|val": ("val-00000",)}
    assert list(found.unreadable) == ["val-00001"]
    volumes = np.random.default_rng(0).normal(size=(3, 20, 21, 22))
    volumes[2] = 2 * volumes[0][::-1] + 1
    np.savez(tmp_path / "v.npz", image=volumes, split=np.array(["train", "train", "test"]))
    (pair,) = audit_data(tmp_path / "v.npz").near_duplicates
    assert (pair.a, pair.b, pair.same_subject) == ("case-0", "case-2", None)


def test_one_image_and_no_split(tmp_path):
    save(tmp_path / "only.png", pictures(1)[0])
    found = audit_data(tmp_path)
    assert (found.images, found.cross_split_exact, found.near_duplicates) == (1, {}, ())
    assert any("no split" in note for note in found.notes)
    with pytest.raises(DataError, match="neither a path nor a known source"):
        audit_data(tmp_path / "nothing")
    (tmp_path / "only.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match=r"not one image can be read; the first, only\.png"):
        audit_data(tmp_path)


def test_the_fifteen_known_groups_of_the_radiographs(real_data):
    place = real_data / "xray-kermany-pneumonia"
    for data in ("xray-kermany-pneumonia", place, place / "kermany_pneumonia_64.npz"):
        found = audit_data(data, near=False)
        assert len(found.exact_duplicates) == 15
        assert ("person124_virus_246.jpeg", "person124_virus_247.jpeg") in found.exact_duplicates
        assert not found.leaks
        assert found.subjects == 2846
        for group in found.exact_duplicates:
            assert len({found.about[name].subject for name in group}) == 1
        assert set(found.cross_split_exact) == {"train|val", "train|test", "val|test"}


def test_the_command_prints_json_alone_and_fails_on_a_leak(folder):
    clean = CliRunner().invoke(app, ["audit", str(folder), "--json"])
    assert clean.exit_code == 0
    assert set(KEYS) <= set(json.loads(clean.stdout))
    save(folder / "val" / "a" / "again.png", pictures(12)[0])
    leaky = CliRunner().invoke(app, ["audit", str(folder), "--json"])
    assert leaky.exit_code == 1
    assert json.loads(leaky.stdout)["cross_split_exact"]["train|val"] == ["val/a/again.png"]


def test_words_name_the_check_and_those_concerned(folder):
    save(folder / "val" / "a" / "again.png", pictures(12)[0])
    console = Console(record=True, width=160, file=io.StringIO())
    show_audit(audit_data(folder), console)
    text = console.export_text()
    assert "LEAK   1 exact copy across splits" in text
    assert "val/a/again.png" in text
    assert "12 of 13 images" not in text
    assert "13 of 13 images name no subject" in text


def test_hashes_are_of_values_and_grey_rgb_is_grey():
    grey = pictures(1)[0][None]
    assert hash_of(one_channel(np.repeat(grey, 3, 0))) == hash_of(grey.astype(np.int16))
    assert hash_of(grey) != hash_of(grey + np.float32(1e-3))
    assert hash_of(np.full((1, 3, 3), 7)) == ""
    colour = np.stack([grey[0], grey[0], grey[0].T])
    assert one_channel(colour) is colour
