"""The packaged viewers are what their makers published, come with their licences, and can be done without."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import tomllib
from pathlib import Path

import pytest

from synthassay.reading import viewers
from synthassay.reading.viewers import packaged_viewers, packed_viewer, vendor_folder

ROOT = Path(__file__).resolve().parents[2]
TOLD = tomllib.loads(vendor_folder().joinpath("vendor.toml").read_text(encoding="utf-8"))["viewers"]


@pytest.mark.parametrize("viewer", TOLD, ids=[one["name"] for one in TOLD])
def test_each_file_has_the_hash_on_record(viewer):
    for name, digest in ((viewer["file"], viewer["sha256"]), (viewer["licence_file"], viewer["licence_sha256"])):
        assert hashlib.sha256(vendor_folder().joinpath(name).read_bytes()).hexdigest() == digest
    licence = vendor_folder().joinpath(viewer["licence_file"]).read_text(encoding="utf-8")
    assert "Redistribution and use in source and binary forms" in licence
    assert all(one["of"] in licence for one in viewer["licences"])
    assert gzip.decompress(packed_viewer(viewer["file"])) == vendor_folder().joinpath(viewer["file"]).read_bytes()


def test_no_viewer_needs_what_the_policy_forbids():
    for viewer in TOLD:
        text = vendor_folder().joinpath(viewer["file"]).read_text(encoding="utf-8")
        assert len(text.encode()) < 3_000_000
        assert "eval(" not in text
        assert "new Function(" not in text


def test_nothing_lies_there_unlisted():
    listed = {"vendor.toml"} | {one[key] for one in TOLD for key in ("file", "licence_file")}
    assert {entry.name for entry in vendor_folder().iterdir()} == listed


def test_an_installation_without_them(tmp_path, monkeypatch):
    monkeypatch.setattr(viewers, "vendor_folder", lambda: tmp_path)
    assert packaged_viewers() == {}
    (tmp_path / "vendor.toml").write_text('[[viewers]]\nname = "niivue"\nfile = "niivue.umd.js"\n')
    assert packaged_viewers() == {}
    (tmp_path / "niivue.umd.js").write_text("")
    assert packaged_viewers() == {"niivue": "niivue.umd.js"}


def test_another_file_than_the_one_on_record_is_refused(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("vendor_viewers", ROOT / "scripts" / "vendor_viewers.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    (tmp_path / "vendor.toml").write_text(vendor_folder().joinpath("vendor.toml").read_text(encoding="utf-8"))
    monkeypatch.setattr(script, "VENDOR", tmp_path)
    monkeypatch.setattr(script, "member", lambda *_: b"something else")
    monkeypatch.setattr("sys.argv", ["vendor_viewers.py"])
    with pytest.raises(SystemExit, match="Nothing was written"):
        script.main()
    assert [path.name for path in tmp_path.iterdir()] == ["vendor.toml"]
    spec.loader.exec_module(script)
    with pytest.raises(SystemExit, match="no https address"):
        script.member("http://registry.example", "a/-/a-1.tgz", "package/a.js", {})
