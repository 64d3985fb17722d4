"""A study read by readers of known skill is analysed as its design fixed it, or refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reading.small_studies import Visit, answer_for, arm, response_to, write_cases
from synthassay.errors import ReadingError
from synthassay.reading.analysing import analyse_study
from synthassay.records.reader_result import ReaderResult


def read_by(app, folder, choose):
    told = {one["trial"]: one for one in json.loads((folder / "truth.json").read_text())["trials"]}
    for reader in app.state.room.plans:
        one = Visit(app, app.state.room.store, reader)
        rng = np.random.default_rng(int(reader[1:]))
        while (state := one.state())["trial"]:
            name = state["trial"]["name"]
            answer = answer_for(state["questions"]) | choose(told[name], rng) | told[name]["expected"]
            assert one.post("/api/response", response_to(name, answer)).status_code == 200


def guess(told, rng):
    if told["treatment"] == "degraded":
        return {"verdict": "synthetic", "sureness": 90}
    return {"verdict": ["real", "synthetic"][int(rng.integers(2))], "sureness": int(rng.integers(101))}


def test_guessing_readers_are_not_called_unable_to_tell_from_few_cases(room, tmp_path):
    arms = arm("real", "real", "real") + arm("synthetic", "synthetic", "synthetic")
    arms += arm("degraded", "positive_control", more="count = 4") + arm("null", "negative_control", more="count = 4")
    app = room(count=14, arms=arms, design="practice = 0\ncatch = 1\nrepeats = 0.1\nleast_gap = 3", readers="3")
    read_by(app, tmp_path / "study", guess)
    found = analyse_study(tmp_path / "study", tmp_path / "out")
    assert ReaderResult.read(tmp_path / "out" / "reader_result.json") == found
    assert found.treatments == ("synthetic",)
    assert found.turing[0].indistinguishable is False
    assert {one.treatment: one.kind for one in found.controls} == {"degraded": "positive", "null": "negative"}
    assert next(one for one in found.controls if one.kind == "positive").passed
    assert found.margin == 0.05


def test_a_diagnostic_study_compares_its_arms(room, tmp_path):
    write_cases(tmp_path / "cases.csv", 20)
    design = "practice = 0\ncatch = 0\nrepeats = 0.0"
    app = room("diagnostic", count=20, extra='cases = "cases.csv"', design=design, readers="3")

    def skilled(told, rng):
        apart = {"real": 2.5, "synthetic": 0.5}[told["treatment"]]
        return {"rating": int(np.clip(40 + 15 * (rng.normal() + apart * told["truth"]), 0, 100))}

    read_by(app, tmp_path / "study", skilled)
    found = analyse_study(tmp_path / "study", tmp_path / "out", cut=50)
    assert found.design == "crossed"
    assert found.mean["real"] > 0.85 > found.mean["synthetic"]
    assert found.rrrc is not None
    assert found.rrrc.differences[0].p < 0.05
    assert {one.figure for one in found.at_cut} == {"sensitivity", "specificity"}


def test_an_unfinished_or_other_kind_of_study_is_refused(room, tmp_path):
    app = room("choice", count=6, design="practice = 0\ncatch = 0")
    with pytest.raises(ReadingError, match="no ratings between two truths"):
        analyse_study(tmp_path / "study", tmp_path / "out")
    assert app.state.room.design.kind == "choice"


def test_what_is_not_read_to_the_end_is_not_analysed(room, tmp_path):
    app = room(count=6)
    Visit(app, app.state.room.store, "r01").respond()
    with pytest.raises(ReadingError, match="is not read to the end"):
        analyse_study(tmp_path / "study", tmp_path / "out")
    assert not (tmp_path / "out").exists()
