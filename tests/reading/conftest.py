"""What the tests of the reading room share."""

from __future__ import annotations

import pytest

from reading.small_studies import REENCODE, TWO_ARMS, Clock, study_text, write_pictures
from synthassay.reading.app import create_app
from synthassay.reading.compiling import compile_study


@pytest.fixture
def make_study(tmp_path):
    """Write pictures and a study file; returns the file."""

    def make(kind: str = "turing", *, count: int = 12, arms: str = TWO_ARMS, design: str = "", extra: str = "", **more):
        write_pictures(tmp_path / "real", count, seed=1)
        write_pictures(tmp_path / "synthetic", count, seed=2)
        file = tmp_path / "reader.toml"
        quiet = design or "practice = 2\ncatch = 1\nrepeats = 0.1\nleast_gap = 3"
        text = study_text(kind, arms=arms, design=quiet, extra=extra, **more)
        file.write_text(text if "[reencode]" in text else text + REENCODE, encoding="utf-8")
        return file

    return make


@pytest.fixture
def room(tmp_path, make_study):
    """A compiled study and its application, with a clock that the test moves."""
    clock = Clock()

    def build(*arguments, **given):
        compile_study(make_study(*arguments, **given), tmp_path / "study")
        app = create_app(tmp_path / "study", now=clock)
        app.state.clock = clock
        built.append(app)
        return app

    built: list = []
    yield build
    for app in built:
        app.state.room.store.close()
