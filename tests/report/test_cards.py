from __future__ import annotations

import re

from synthassay.report.cards import AUTHORS, write_cards
from synthassay.report.contents import read_contents

NAMES = ["methods.md", "datasheet.md", "model-card-pgan.md", "model-card-vae.md"]


def cards(run) -> dict[str, str]:
    written = write_cards(read_contents(run), run / "reporting")
    return {path.name: path.read_text(encoding="utf-8") for path in written}


def test_a_card_for_each_generator_and_one_sheet_and_one_text(written_run, make_run):
    assert list(cards(make_run())) == NAMES


def test_nobody_is_named_and_no_place(make_run):
    for name, text in cards(make_run()).items():
        assert "HOSP-" not in text, name
        assert "dr-quill" not in text, name


def test_methods_tell_the_settings(make_run):
    text = cards(make_run())["methods.md"]
    for told in (
        "20 subjects (20 cases) for training, 4 subjects (4 cases) for validation and 6 subjects (6 cases) for testing",
        "no subject stood on two sides",
        "The generator pgan was used with its defaults",
        "until it had seen 40,000 images",
        "beside linear_regression and identity",
        "On the side of fidelity we measured: Mean absolute error; ",
        "subject-clustered bootstrap, BCa, 2000 draws",
        "synthassay 0.1.0 under Python 3.11.9",
        "root seed 7",
        "doi:10.1109/TIP.2003.819861",
        "torch 2.4.1",
    ):
        assert told in text, told


def test_cards_tell_numbers_as_the_report_does_and_what_was_not_shown(make_run):
    text = cards(make_run())["model-card-pgan.md"]
    assert "Completing missing contrasts in registration research." in text
    assert re.search(
        r"\| fidelity \| Peak signal-to-noise ratio \| [\d.]+ \[[\d.]+, [\d.]+\] dB \| higher is better", text
    )
    assert "- No clinical reader has judged the images." in text
    assert "ef" * 32 in text


def test_what_only_authors_know_is_marked(make_run):
    for text in cards(make_run()).values():
        assert AUTHORS in text


def test_outside_images_say_what_is_not_recorded(make_run):
    found = cards(make_run(outside=True, training=False))
    assert "the run does not record it" in found["methods.md"]
    assert "The images of pgan were made elsewhere." in found["methods.md"]
    assert "defaults" not in found["methods.md"]
    assert "| pgan | not recorded | not listed |" in found["datasheet.md"]


def test_nothing_measured_is_said(make_run):
    assert "Nothing could be measured." in cards(make_run(measured=False))["model-card-pgan.md"]


def test_equal_runs_give_equal_bytes_without_gaps(make_run):
    run = make_run()
    first = cards(run)
    assert cards(run) == first
    for name, text in first.items():
        assert "\n\n\n" not in text, name
        assert "None" not in text, name
        assert text.endswith("\n")
