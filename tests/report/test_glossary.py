"""The glossary has every measure once, with what its number depends on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthassay.report.contents import read_contents
from synthassay.report.glossary import measures


def test_every_measure_stands_once_in_the_order_of_the_axes(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    found = measures(contents, contents.pseudonyms())
    assert [m.metric for m in found] == ["mae", "ssim", "psnr", "frechet", "tstr", "nearest_ratio"]
    assert all(m.source for m in found)


def test_settings_and_intervals_are_told(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    first = measures(contents, contents.pseudonyms())[0]
    assert first.settings == "data_range = 1000; mask = brain"
    assert first.interval == "95%, subject-clustered bootstrap, BCa, 2000 draws"


def test_differing_settings_are_all_told(make_run: Callable[..., Path]):
    run = make_run()
    path = run / "measurements.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"mask": "brain"', '"mask": "body"', 1), encoding="utf-8")
    contents = read_contents(run)
    assert "mask = body, brain" in measures(contents, contents.pseudonyms())[0].settings
