"""The terminal says the answer first, then each measure, then reversals by name."""

from __future__ import annotations

import io

from rich.console import Console

from report.test_discordance_page import block
from synthassay.records.discordance import Discordance
from synthassay.study.showing_discordance import show_discordance


def shown(found):
    stream = io.StringIO()
    show_discordance(found, Console(file=stream, width=200))
    return stream.getvalue()


def test_answer_measure_and_reversal_are_printed_in_this_order():
    text = shown(Discordance(blocks=(block(),)))
    places = [
        text.index(part)
        for part in (
            "help: Gain in AUC, 6 sets",
            "The best proxy",
            "Fréchet distance ↓",
            "set_0 looks better than set_5",
        )
    ]
    assert places == sorted(places)
    assert "0.50 to 1.00" in text


def test_what_was_not_correlated_and_notes_are_printed():
    bare = block().rows[0].model_copy(update={"tau": None, "interval": None, "says": "all sets have the same value"})
    found = block().model_copy(update={"rows": (bare,), "notes": ("left out: x",)})
    text = shown(Discordance(blocks=(found,)))
    assert "all sets have the same value" in text
    assert "note: left out: x" in text
