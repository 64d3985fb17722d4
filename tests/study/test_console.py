import io

import pytest
from rich.console import Console

from synthassay.study import console as room
from synthassay.study.console import Voice


@pytest.fixture
def plain():
    return io.StringIO()


def test_plain_lines_say_how_far_how_fast_and_how_long(plain, monkeypatch):
    clock = iter(float(10 * i) for i in range(100))
    monkeypatch.setattr(room.time, "monotonic", lambda: next(clock))
    voice = Voice(Console(file=plain, width=200))
    with voice.track("train vae") as advance:
        for done in (0, 100, 200, 300):
            advance(done, 1000)
    lines = plain.getvalue().splitlines()
    assert lines[0] == "train vae: 100/1,000 images, 5.0 images/s, 3.0 min left"


def test_a_panel_without_a_terminal_is_one_line_and_the_next_command(plain):
    Voice(Console(file=plain, width=200)).panel("trained [x]", {"took": "3 s"}, next_command="synthassay report RUN")
    assert plain.getvalue() == "trained [x]: took 3 s\nnext: synthassay report RUN\n"


def test_a_terminal_gets_a_panel(plain):
    Voice(Console(file=plain, width=60, force_terminal=True)).panel("trained vae", {"took": "3 s"})
    assert "╭" in plain.getvalue()


def test_quiet_says_nothing(plain):
    voice = Voice(Console(file=plain), quiet=True)
    voice.say("x")
    voice.panel("x", {})
    with voice.track("x") as advance:
        advance(1, 2)
    assert plain.getvalue() == ""
