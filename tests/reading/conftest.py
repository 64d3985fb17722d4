"""What the tests of the reading room share."""

from __future__ import annotations

import pytest

from reading.small_studies import REENCODE, TWO_ARMS, study_text, write_pictures


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
