"""The form in a real browser: filled, saved, loaded, read back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appraise.conftest import rewrite
from synthassay.appraise.answers import read_answers
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.form import write_form
from synthassay.appraise.library import instrument, instrument_names
from synthassay.records.appraisal import Level
from synthassay.records.instrument import Reply

EVIL = '</script><script>window.broken = 1</script><img src=x onerror="window.broken = 1">'


def form(run: Path, name: str) -> Path:
    asked = instrument(name)
    return write_form(asked, appraise(read_dossier(run), asked), run)


def test_every_item_has_its_row_and_no_reply_is_chosen_beforehand(run):
    for name in instrument_names():
        text = form(run, name).read_text()
        assert text.count("data-item=") == len(instrument(name).asked)
        assert "checked" not in text.split("<script")[0]


def test_equal_runs_give_equal_bytes(run):
    first = form(run, "own").read_bytes()
    assert form(run, "own").read_bytes() == first


def test_what_the_run_holds_cannot_become_script(run):
    rewrite(run / "cohort.json", citation=EVIL)
    (run / "study.toml").write_text((run / "study.toml").read_text().replace("Do these", EVIL.replace('"', "'")))
    text = form(run, "claim").read_text()
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "script-src 'sha256-" in text


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install synthassay[test]")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium here")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    context = browser.new_context(accept_downloads=True, offline=True)
    opened = context.new_page()
    opened.problems = []
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("console", lambda line: opened.problems.append(line.text) if line.type == "error" else None)
    yield opened
    assert not opened.problems
    context.close()


def choose(page, identifier: str, reply: str, where: str = "", why: str = "") -> None:
    row = page.locator(f'[data-item="{identifier}"]')
    row.locator(f'input[type=radio][value="{reply}"]').check()
    row.locator('[data-field="where"]').fill(where)
    row.locator('[data-field="why"]').fill(why)


def save(page, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save answers").click()
    download.value.save_as(path / download.value.suggested_filename)
    return path / download.value.suggested_filename


def test_a_form_filled_in_a_browser_completes_the_appraisal(run, tmp_path, page):
    page.goto(form(run, "own").as_uri())
    page.fill("#appraiser", "Dr. A. B.")
    choose(page, "2.5", "yes", "protocol, p. 4", 'said "so" <b>plainly</b>')
    choose(page, "4.4", "probably no", "", "only the resampling is told")
    page.locator('[data-domain="leakage"] select').select_option("some concerns")
    page.locator('[data-domain="leakage"] input').fill("one figure looks alike")
    saved = save(page, tmp_path)
    assert saved.name == "answers-generative-imaging-dr-a-b.json"
    answers = read_answers(saved)
    assert answers.answers["2.5"].why == 'said "so" <b>plainly</b>'
    assert answers.answers["4.4"].reply is Reply.PROBABLY_NO
    done = appraise(read_dossier(run), instrument("own"), [(str(saved), answers)])
    levels = {d.domain: d.level for d in done.domains}
    assert levels["separation"] is Level.LOW
    assert levels["preprocessing"] is Level.SOME
    assert levels["leakage"] is Level.SOME


def test_a_yes_without_a_place_is_not_saved(run, page):
    page.goto(form(run, "own").as_uri())
    page.fill("#appraiser", "AB")
    choose(page, "2.5", "yes")
    page.get_by_role("button", name="Save answers").click()
    assert page.locator("#message").inner_text() == "Item 2.5: a yes needs to say where it stands."
    assert page.locator('[data-item="2.5"] [data-field="where"]').evaluate("e => e === document.activeElement")


def test_a_name_is_needed(run, page):
    page.goto(form(run, "own").as_uri())
    page.get_by_role("button", name="Save answers").click()
    assert page.locator("#message").inner_text() == "Give your name or initials."


def test_a_saved_file_can_be_gone_on_with(run, tmp_path, page):
    page.goto(form(run, "metrics").as_uri())
    page.fill("#appraiser", "CD")
    choose(page, "segmentation", "no")
    choose(page, "1", "yes", "CLEAR, supplement 2")
    saved = save(page, tmp_path)
    before = json.loads(saved.read_text())
    page.goto(form(run, "metrics").as_uri())
    page.set_input_files("#load", saved)
    page.wait_for_function("document.getElementById('message').textContent === 'Loaded.'")
    assert json.loads(save(page, tmp_path / "again").read_text()) == before


def test_a_file_of_another_instrument_is_not_loaded(run, tmp_path, page):
    (tmp_path / "other.json").write_text('{"instrument": "claim-2024"}')
    page.goto(form(run, "own").as_uri())
    page.set_input_files("#load", tmp_path / "other.json")
    page.wait_for_function("document.getElementById('message').textContent.includes('another instrument')")


def test_what_the_run_tells_can_be_hidden(run, page):
    page.goto(form(run, "own").as_uri())
    page.check("#only-open")
    assert not page.locator('[data-item="2.1"]').is_visible()
    assert page.locator('[data-item="2.5"]').is_visible()
    assert page.locator("#count").inner_text().endswith("of 38 open")


def test_evil_texts_do_nothing_in_a_browser(run, page):
    rewrite(run / "cohort.json", citation=EVIL)
    page.goto(form(run, "claim").as_uri())
    assert page.evaluate("window.broken") is None
