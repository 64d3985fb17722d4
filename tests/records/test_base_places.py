"""Paths stay inside their folder; folders are written whole or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from synthassay.errors import DataError, RunError
from synthassay.records.base import inside, whole_folder


@pytest.mark.parametrize(
    "relative", ["../b.png", "a/../../b.png", "/etc/passwd", "C:/b.png", "C:b.png", "..\\b.png", "\\b.png", "", "a\0b"]
)
def test_a_path_that_leaves_its_folder_is_refused(tmp_path, relative):
    with pytest.raises(DataError, match="leaves this folder"):
        inside(tmp_path, relative)


def test_a_link_that_leads_out_is_refused_and_one_inside_is_followed(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(b"x")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "up").symlink_to(tmp_path)
    (root / "in").symlink_to(root / "sub")
    for relative in ("out.png", "up/secret.png"):
        with pytest.raises(DataError, match="leaves this folder"):
            inside(root, relative)
    assert inside(root, "in/a.png") == root / "in" / "a.png"


def test_a_root_that_is_itself_reached_by_a_link_is_fine(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    assert inside(tmp_path / "alias", "a/b..c.png") == tmp_path / "alias/a/b..c.png"


def test_a_folder_takes_the_place_of_an_older_one(tmp_path):
    target = tmp_path / "series"
    for name in ("old.dcm", "new.dcm"):
        with whole_folder(target) as partial:
            (partial / name).write_bytes(b"x")
    assert [path.name for path in target.iterdir()] == ["new.dcm"]
    assert [path.name for path in tmp_path.iterdir()] == ["series"]


def test_a_failed_folder_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "series"
    with whole_folder(target) as partial:
        (partial / "old.dcm").write_bytes(b"x")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="disk is full"), whole_folder(target) as partial:
        (partial / "new.dcm").write_bytes(b"x")
    assert [path.name for path in tmp_path.rglob("*")] == ["series", "old.dcm"]
