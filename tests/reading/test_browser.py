"""The room in a real browser: read by keys, interrupted in every way, nothing lost and nothing doubled."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reading.real_server import RealServer
from reading.small_studies import write_pictures
from synthassay.reading.compiling import compile_study
from synthassay.reading.joining import join
from synthassay.reading.serving import verify_readings

CHROMIUM = Path("/usr/bin/chromium")
READY = "#stage[data-ready=true]"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path, make_study):
    compile_study(make_study(count=7, design="practice = 1\ncatch = 0\nrepeats = 0.0\nblocks = 1"), tmp_path / "study")
    server = RealServer(tmp_path / "study").start()
    yield server
    server.kill()


def enter(browser, server, reader="r01", **context):
    page = browser.new_context(viewport={"width": 1280, "height": 800}, **context).new_page()
    page.faults = []
    page.on("pageerror", lambda problem: page.faults.append(str(problem)))
    page.goto(server.invite(reader))
    page.click("#go")
    page.wait_for_selector(READY)
    return page


def answer(page, key="s"):
    page.keyboard.press(key)
    page.keyboard.press("ArrowRight")


def trial(page):
    return page.evaluate("document.body.dataset.trial")


def kept(server, count: int = 1):
    """Return the readings that the server holds, once it holds so many: the page goes on before it is told that."""
    until = time.monotonic() + 20
    while len(found := join(server.study).readings) < count and time.monotonic() < until:
        time.sleep(0.1)
    return found


def go_on(page, before):
    """Wait until the next trial is shown, passing the end of practice."""
    page.wait_for_function(
        "(before) => document.querySelector('#go') && !document.querySelector('#card').hidden "
        "|| document.body.dataset.trial !== before && document.querySelector('#stage').dataset.ready === 'true'",
        arg=before,
    )
    if page.locator("#go").is_visible():
        page.click("#go")
        page.wait_for_selector(READY)


def test_a_reading_that_is_interrupted_in_every_way(browser, server):
    page = enter(browser, server)
    assert "invitation" not in page.url
    first = trial(page)

    # a double click is one answer
    answer(page)
    page.dblclick("#submit")
    go_on(page, first)

    # a reload keeps what was entered, and the time
    second = trial(page)
    page.keyboard.press("r")
    page.fill("textarea", "<b>bold</b> & more")
    page.reload()
    page.wait_for_selector(READY)
    assert trial(page) == second
    assert page.locator("button[value=real]").get_attribute("aria-pressed") == "true"
    assert page.input_value("textarea") == "<b>bold</b> & more"
    page.locator("#stage canvas").first.focus()
    page.keyboard.press("ArrowRight")

    # the connection is cut while the answer is sent
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.wait_for_selector("#status.bad")
    page.context.set_offline(False)
    go_on(page, second)

    # the server is killed, the page closed, both come back: the answer was kept in the browser
    third = trial(page)
    answer(page)
    server.kill()
    page.keyboard.press("Enter")
    page.wait_for_selector("#status.bad")
    page.close()
    server.start()
    page = page.context.new_page()
    page.goto(server.url)
    page.wait_for_selector(READY)
    assert trial(page) != third

    # two tabs: the second to answer is told that the case is read, and goes on
    fourth = trial(page)
    other = page.context.new_page()
    other.goto(server.url)
    other.wait_for_selector(READY)
    assert trial(other) == fourth
    answer(page, "r")
    page.keyboard.press("Enter")
    go_on(page, fourth)
    other.bring_to_front()
    answer(other, "s")
    other.keyboard.press("Enter")
    go_on(other, fourth)

    readings = {one.told.trial: one for one in join(server.study).readings}
    assert list(readings) == [first, second, third, fourth]
    assert readings[second].answer == {"verdict": "real", "sureness": 51, "comment": "<b>bold</b> & more"}
    assert readings[second].timing["loads"] == 2
    assert readings[fourth].answer["verdict"] == "real"
    assert verify_readings(server.study).ok


def test_a_tablet_and_large_type(browser, server):
    """By touch alone, and at 200 % on a small desktop: nothing needs a keyboard, nothing runs out of the page."""
    page = enter(browser, server, has_touch=True)
    page.set_viewport_size({"width": 820, "height": 1180})
    first = trial(page)
    page.locator("button[value=real]").tap()
    page.locator(".sliding input").tap()
    page.locator("#submit").tap()
    go_on(page, first)
    canvas = page.locator("#stage canvas").first
    zoom = page.locator("figcaption").first.inner_text()
    box = canvas.bounding_box()
    wire = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, apart in (("touchStart", 40), ("touchMove", 80), ("touchMove", 120), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}] if apart else []
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("(before) => document.querySelector('figcaption').textContent !== before", arg=zoom)
    for width, height in ((640, 400), (820, 1180), (1180, 820)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert kept(server)[0].answer["verdict"] == "real"
    assert page.faults == []


def test_the_viewer_by_keys_and_mouse(browser, tmp_path, make_study):
    expect = pytest.importorskip("playwright.sync_api").expect
    write_pictures(tmp_path / "x", 1, seed=0)
    windows = '[[windows]]\nname = "narrow"\nlow = 100\nhigh = 150\n'
    compile_study(make_study(count=6, arms=_arms() + windows, design="practice = 0\ncatch = 0"), tmp_path / "study")
    server = RealServer(tmp_path / "study").start()
    try:
        page = enter(browser, server)
        words = page.locator("#stage figcaption")
        first = page.locator("#stage canvas").first.screenshot()
        expect(words.first).to_contain_text("W 50 L 125")
        page.keyboard.press("]")
        expect(words.first).not_to_contain_text("W 50 ")
        page.keyboard.press("F1")
        box = page.locator("#stage canvas").first.bounding_box()
        page.mouse.move(box["x"] + 200, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(box["x"] + 300, box["y"] + 240)
        page.mouse.up()
        expect(words.first).not_to_contain_text("W 50 ")
        page.keyboard.press("+")
        page.keyboard.press("m")
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 180, box["y"] + 100)
        page.mouse.up()
        page.keyboard.press("0")
        expect(words.first).to_contain_text("W 50 L 125")
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        assert page.locator("#stage canvas").first.screenshot() == first
        page.keyboard.press("p")
        assert page.evaluate("document.body.dataset.phase") == "paused"
        page.keyboard.press("p")
        before = trial(page)
        answer(page)
        page.keyboard.press("Enter")
        go_on(page, before)
        assert page.faults == []
        kinds = {event[1] for event in kept(server)[0].events}
        assert {"shown", "window", "zoom", "measure", "reset", "paused", "answer", "submitted"} <= kinds
    finally:
        server.kill()


def _arms():
    from reading.small_studies import TWO_ARMS

    return TWO_ARMS
