"""The page of looks and help: every set labelled, shapes by kind, right is better, and nothing loaded from outside."""

from __future__ import annotations

import itertools
import re

import pytest

from synthassay.records.discordance import Discordance, DiscordanceBlock, ProxyRow, Reversal, Spot
from synthassay.records.measurement import Interval
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.discordance_page import write_discordance_page
from synthassay.report.quadrant import BOTTOM, LEFT, RIGHT, TOP, quadrant


def spot(of, kind, value, half):
    return Spot(of=of, kind=kind, value=value, interval=Interval(low=value - half, high=value + half, method="t"))


KINDS = ["generator", "generator", "baseline", "control", "control", "control"]


def block(better=Better.LOWER, target=None):
    looks = tuple(spot(f"set_{i}", kind, 3.0 + i, 0.4) for i, kind in enumerate(KINDS))
    helps = tuple(spot(f"set_{i}", kind, 0.1 - 0.03 * i, 0.02) for i, kind in enumerate(KINDS))
    row = ProxyRow(
        metric="frechet", title="Fréchet distance", axis=Axis.FIDELITY, unit="1", better=better, target=target,
        tau=1.0, interval=Interval(low=0.5, high=1, method="t"), p=0.003, adjusted_p=0.003, n=6, spots=looks,
        reversals=(Reversal(looks_better="set_0", helps_more="set_5"),), says="the better, the more",
    )  # fmt: skip
    return DiscordanceBlock(
        modality="xray", task="augment", protocol="xray", runs=("run",), gain="auc_gain", gain_title="Gain in AUC",
        sets=helps, rows=(row,), best="frechet", says="The best proxy is <b>Fréchet</b>.",
    )  # fmt: skip


def test_the_page_is_whole_and_says_the_answer(tmp_path):
    path = write_discordance_page(Discordance(blocks=(block(),)), tmp_path / "page.html")
    page = path.read_text(encoding="utf-8")
    assert "The best proxy is &lt;b&gt;Fréchet&lt;/b&gt;." in page
    assert "set_0 looks better than set_5, and helps less." in page
    assert len(re.findall(r'class="name"', page)) == 6
    assert len(re.findall(r'<path class="control"', page)) == 3 + 3 + 1  # picture, table of sets, legend
    assert not re.search(r"(?:src|href)=[\"']?https?:", page)
    assert "<script" not in page


@pytest.mark.parametrize(("better", "target", "best"), [("lower", None, 0), ("higher", None, 5), ("target", 5.2, 2)])
def test_right_is_better_looking_and_up_is_more_helpful(better, target, best):
    found = block(Better(better), target)
    picture = quadrant(found, found.rows[0])
    assert max(picture.points, key=lambda p: p.x).of == f"set_{best}"
    assert min(picture.points, key=lambda p: p.y).of == "set_0"
    for point in picture.points:
        assert LEFT <= point.x_low <= point.x <= point.x_high <= RIGHT
        assert TOP <= point.y_low <= point.y <= point.y_high <= BOTTOM


def test_one_set_far_out_does_not_press_the_others_against_an_edge():
    found = block()
    looks = tuple(spot(f"set_{i}", kind, 10.0**i, 2.0) for i, kind in enumerate(KINDS))  # whiskers below 0
    picture = quadrant(found, found.rows[0].model_copy(update={"spots": looks}))
    places = [point.x for point in picture.points]
    assert places == sorted(places, reverse=True)
    assert min(a - b for a, b in itertools.pairwise(places)) > 60
    assert all(LEFT <= point.x_low <= point.x <= point.x_high <= RIGHT for point in picture.points)
    assert "by decades" in picture.x_title and len(picture.x_ticks) > 1


def test_names_do_not_cover_each_other_in_a_crowd():
    crowd = tuple(spot(f"set_{i}", "generator", 1 + 0.001 * i, 0.0005) for i in range(6))
    far = spot("far", "generator", 9, 0.1)
    row = block().rows[0].model_copy(update={"spots": (*crowd, far)})
    found = block().model_copy(update={"sets": (*crowd, far), "rows": (row,)})
    points = quadrant(found, row).points
    places = [(p.text_x, p.text_y, p.anchor) for p in points]
    assert len(set(places)) == len(places)


def test_a_constant_measure_has_no_picture():
    same = tuple(spot(f"set_{i}", "generator", 1.0, 0.1) for i in range(6))
    assert quadrant(block(), block().rows[0].model_copy(update={"spots": same})) is None


def test_a_reason_for_leaving_sets_out_is_told_once(tmp_path):
    row = block().rows[0].model_copy(update={"without": {"a": "too few", "b": "too few", "c": "constant"}})
    found = Discordance(blocks=(block().model_copy(update={"rows": (row,)}),))
    page = write_discordance_page(found, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "(without a and b: too few; c: constant)" in page
