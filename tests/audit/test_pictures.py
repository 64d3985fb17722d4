"""The page shows pairs side by side, those across splits first, and gives no name away.

Covers synthassay.audit.pictures and synthassay.report.audit_page.
"""

from __future__ import annotations

import json

import numpy as np
from typer.testing import CliRunner

from audit.planted import pictures, save
from synthassay.audit.pictures import draw_shown, shown_pairs
from synthassay.audit.run import audit_cases, declared
from synthassay.cli import app
from synthassay.data.listing import Fields
from synthassay.report.audit_page import write_audit_page


def leaky(folder):
    one, two, three, four = pictures(4)
    save(folder / "train" / "secret1_a.png", one)
    save(folder / "train" / "secret2_a.png", two)
    save(folder / "train" / "secret3_a.png", four)
    save(folder / "train" / "secret3_b.png", four)
    save(folder / "val" / "secret1_b.png", one)
    save(folder / "val" / "secret4_a.png", np.ascontiguousarray(two[::-1]))
    save(folder / "val" / "secret5_a.png", three)
    return folder


def test_pairs_across_splits_come_first_and_are_drawn(tmp_path):
    listing = declared(leaky(tmp_path), Fields(subject=r"(secret\d)"))
    found = audit_cases(listing, name=str(tmp_path))
    pairs = shown_pairs(found)
    assert [(a, b) for a, b, _ in pairs] == [
        ("train/secret1_a.png", "val/secret1_b.png"),
        ("train/secret2_a.png", "val/secret4_a.png"),
        ("train/secret3_a.png", "train/secret3_b.png"),
    ]
    assert pairs[0][2] == "equal pixels, train and val"
    assert pairs[1][2].endswith("train and val, two subjects")
    drawn = draw_shown(found, listing)
    assert set(drawn) == {name for pair in pairs for name in pair[:2]}
    assert all(png.startswith(b"\x89PNG") for png in drawn.values())


def test_the_page_names_nobody_and_is_the_same_twice(tmp_path):
    listing = declared(leaky(tmp_path / "data"), Fields(subject=r"(secret\d)"))
    found = audit_cases(listing, name=str(tmp_path / "data"))
    assert found.subjects_crossing == ("secret1",)
    pages = [write_audit_page(found, shown_pairs(found), draw_shown(found, listing), tmp_path / n) for n in ("a", "b")]
    first, second = (page.read_text() for page in pages)
    assert first == second
    assert "secret" not in first
    assert first.count("<img") == 6
    assert "Subjects in two splits: S-" in first


def test_a_folder_gets_page_and_record(tmp_path):
    data, out = leaky(tmp_path / "data"), tmp_path / "out"
    ran = CliRunner().invoke(app, ["audit", str(data), "--json", "--out", str(out)])
    assert ran.exit_code == 1
    assert json.loads(ran.stdout) == json.loads((out / "audit.json").read_text())
    assert (out / "audit.html").exists()
    page = tmp_path / "page.html"
    CliRunner().invoke(app, ["audit", str(data), "--out", str(page)])
    assert page.exists()
