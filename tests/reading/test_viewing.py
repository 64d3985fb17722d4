"""Slides and volumes in a real browser, by every viewer: the same places, the same keys, the same log."""

from __future__ import annotations

import io
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from reading.real_server import RealServer
from reading.small_studies import arm
from reading.viewed_studies import BLOCK_SHOWN, SPOT, compiled, slide_study, volume_study
from synthassay.reading.joining import join

CHROMIUM = Path("/usr/bin/chromium")
READY = "#stage[data-ready=true]"
DRAFT = "JSON.parse(localStorage.getItem(Object.keys(localStorage).find((name) => name.startsWith('draft:'))))"
NO_CARD = """
const given = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : given.call(this, kind, ...more);
};
"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    return slide_study(tmp_path_factory.mktemp("slides"))


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    return volume_study(tmp_path_factory.mktemp("volumes"))


@pytest.fixture
def visit(browser, tmp_path):
    """Open a room on a copy of a study and enter it; ``page.faults`` collects all that went wrong."""
    opened = []

    def enter(study, *options, script="", refuse=""):
        shutil.copytree(study, tmp_path / "study")
        server = RealServer(tmp_path / "study", "", *options).start()
        page = browser.new_context(viewport={"width": 960, "height": 640}).new_page()
        opened.append((server, page))
        page.faults, page.server = [], server
        page.on("pageerror", lambda problem: page.faults.append(str(problem)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        if script:
            page.add_init_script(script)
        if refuse:
            page.route(refuse, lambda route: route.abort())
        page.goto(server.invite("r01"))
        page.click("#go")
        page.wait_for_selector(READY)
        return page

    yield enter
    for server, page in opened:
        page.context.close()
        server.kill()


def kept(page, count):
    until = time.monotonic() + 20
    while len(found := join(page.server.study).readings) < count and time.monotonic() < until:
        time.sleep(0.1)
    return found


def pixels(page, pane=0):
    shot = page.locator("canvas.screen").nth(pane).screenshot()
    return np.asarray(Pillow.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def middle_of(mask):
    rows, columns = np.nonzero(mask)
    return columns.min() / 2 + columns.max() / 2 + 0.5, rows.min() / 2 + rows.max() / 2 + 0.5


def seen(page, look):
    """Wait until the picture holds what is looked for, and return where, on the pane."""
    until = time.monotonic() + 10
    while not (mask := look(pixels(page))).any():
        assert time.monotonic() < until, "never painted"
        time.sleep(0.1)
    return middle_of(mask)


def green(picture):
    return picture[..., 1] > picture[..., 0] + 80


def bright(picture):
    return picture.min(axis=-1) > 215


def click(page, place):
    box = page.locator("canvas.screen").first.bounding_box()
    page.mouse.click(box["x"] + place[0], box["y"] + place[1])


def finish(page, *, trials):
    """Answer what is shown and go on, until nothing is left."""
    from playwright.sync_api import expect

    for number in range(trials):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        if number + 1 < trials:
            expect(page.locator("#count")).to_have_text(f"{number + 1} of {trials}")
            page.wait_for_selector(READY)
    expect(page.locator("#card")).to_contain_text("All cases are read")


def kinds(reading):
    return {event[1] for event in reading.events}


@pytest.mark.parametrize("viewer", ["openseadragon", "canvas"])
def test_a_study_of_slides_is_read_to_the_end(visit, slides, viewer):
    page = visit(slides, *(["--plain"] if viewer == "canvas" else []))
    first = page.evaluate("document.body.dataset.trial")
    if not green(pixels(page)).any():  # the case without the square came first
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.wait_for_function("(before) => document.body.dataset.trial !== before", arg=first)
        page.wait_for_selector(READY)
    for keys in (["+", "+"], ["Shift+ArrowRight", "Shift+ArrowDown"], ["-"]):
        for key in keys:
            page.keyboard.press(key)
        time.sleep(0.3)
        click(page, seen(page, green))
        page.keyboard.press("x")  # the same place again: the mark goes, and hides nothing of the square
        page.mouse.move(5, 5)
        time.sleep(0.2)
    page.keyboard.press("0")
    for key in ("e", *["ArrowRight"] * 4, "x", "d", *["Shift+ArrowDown"] * 2, "d", "e"):
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    done = page.evaluate("document.body.dataset.trial") != first
    finish(page, trials=1 if done else 2)
    readings = kept(page, 2)
    assert page.faults == []
    read = next(one for one in readings if "mark" in kinds(one))
    assert {"viewer", "zoom", "pan", "measure", "mark", "point", "reset", "answer", "submitted"} <= kinds(read)
    assert next(event for event in read.events if event[1] == "viewer")[2:] == [0, viewer]
    told = [event for event in read.events if event[1] == "mark"]
    column, row, side = SPOT
    for event in told[:6]:
        assert event[3:] == pytest.approx([column + side / 2, row + side / 2, 0], abs=2)
    assert next(event for event in read.events if event[1] == "measure")[3].endswith(" µm")
    by_keys = read.answer["marks"][-1]
    assert (by_keys["y"], by_keys["slice"]) == (350, 0)
    assert by_keys["x"] > 620


@pytest.mark.parametrize("viewer", ["niivue", "canvas"])
def test_a_study_of_volumes_is_read_to_the_end(visit, volumes, viewer):
    from playwright.sync_api import expect

    page = visit(volumes, *(["--plain"] if viewer == "canvas" else []))
    words = page.locator("figcaption")
    expect(words.nth(0)).to_contain_text("slice 11 / 20")
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    expect(words.nth(1)).to_contain_text("slice 15 / 20")  # the series beside follows
    click(page, seen(page, bright))
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("o")
    click(page, seen(page, bright))  # the crosshair, for all planes of both series
    for key, plane, slices in (("c", "coronal", 60), ("g", "sagittal", 40)):
        page.keyboard.press(key)
        expect(words.nth(1)).to_contain_text(f"{plane} slice")
        expect(words.nth(1)).to_contain_text(f"/ {slices}")
        page.keyboard.press("k")
        time.sleep(0.2)
        click(page, seen(page, bright))
    page.keyboard.press("t")
    for key in ("y", "ArrowDown", "]", "m", "d", "e", *["Shift+ArrowDown"] * 2, "d", "e"):
        page.keyboard.press(key)
    page.keyboard.press("0")
    finish(page, trials=2)
    readings = kept(page, 2)
    assert page.faults == []
    read = readings[0]
    expected = {"viewer", "window", "zoom", "pan", "slice", "plane", "cross", "measure", "mark", "point", "reset"}
    assert expected <= kinds(read)
    assert [event[2:] for event in read.events if event[1] == "viewer"] == [[0, viewer], [1, viewer]]
    x, y, z = BLOCK_SHOWN
    marked = [event for event in read.events if event[1] == "mark"]
    assert len(marked) == 3
    for event in marked:  # axial, coronal, sagittal: the same place, to the size of a voxel
        assert event[3:5] == pytest.approx([x, y], abs=2.1)
        assert event[5] in (z - 1, z)
    cross = next(event for event in read.events if event[1] == "cross")
    assert cross[3:] == pytest.approx([x, y, z], abs=1.1)
    assert next(event for event in read.events if event[1] == "measure")[3].endswith(" mm")
    assert [event[2:] for event in read.events if event[1] == "slice"][3] == [0, 14, "axial"]


@pytest.mark.parametrize("lack", [{"script": NO_CARD}, {"refuse": "**/vendor/**"}], ids=["graphics card", "viewer"])
def test_the_plain_viewer_takes_over(visit, volumes, lack):
    page = visit(volumes, **lack)
    for key in (*["ArrowDown"] * 4, "c", *["ArrowUp"] * 17):
        page.keyboard.press(key)
    page.keyboard.press("g")
    for _ in range(11):
        page.keyboard.press("ArrowUp")
    seen(page, bright)
    events = page.evaluate(DRAFT)["events"]
    assert [event[1:] for event in events if event[1] == "viewer"] == [["viewer", 0, "canvas"], ["viewer", 1, "canvas"]]
    assert [fault for fault in page.faults if "ERR_FAILED" not in fault] == []


def test_a_real_slide_is_read(visit, tmp_path_factory):
    data = os.environ.get("SYNTHASSAY_DATA", "")
    source = Path(data) / "path-openslide-cmu1-small" / "CMU-1-Small-Region.svs"
    if not data or not source.is_file():
        pytest.skip("path-openslide-cmu1-small is not in SYNTHASSAY_DATA")
    folder = tmp_path_factory.mktemp("real")
    (folder / "real").mkdir()
    for case in ("a", "b"):
        shutil.copy(source, folder / "real" / f"{case}.svs")
    jpeg = '[reencode]\nreason = "Tiles are sent to readers far away."\njpeg = 80\n'
    page = visit(compiled(folder, arm("real", "real", "real"), jpeg))
    assert pixels(page)[60:-120, 5:-150].std() > 5  # tissue, not a blank
    for _ in range(8):
        page.keyboard.press("+")
    page.keyboard.press("x")
    finish(page, trials=2)
    read = kept(page, 2)[0]
    assert page.faults == []
    assert read.answer["marks"] == [{"x": 1110.0, "y": 1483.5, "slice": 0, "image": 0, "rating": 50}]
    assert b"Aperio" not in b"".join(path.read_bytes() for path in (page.server.study / "images").iterdir())
