"""A study read by readers of known skill is analysed as its design fixed it, or refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reading.small_studies import TWO_ARMS, Visit, answer_for, arm, response_to, write_cases
from synthassay.errors import ReadingError
from synthassay.reading.analysing import analyse_study
from synthassay.reading.clinical import clinical_measurements
from synthassay.records.reader_result import ReaderResult
from synthassay.report.reader_study import write_reader_page
from synthassay.stats.detection import forced_choice_d_prime


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
    assert (found.cases, found.patients) == (20, 10)  # two images of each subject, which the table of cases tells
    assert "patient" in (tmp_path / "out" / "ratings.csv").read_text().splitlines()[0]


def test_a_choice_study_is_held_against_guessing(room, tmp_path):
    app = room("choice", count=24, design="practice = 0\ncatch = 0\nrepeats = 0.0", readers="4")

    def skilled(told, rng):
        return {"pick": told["truth"] if rng.random() < 0.85 else 1 - told["truth"]}

    read_by(app, tmp_path / "study", skilled)
    found = analyse_study(tmp_path / "study", tmp_path / "out")
    assert ReaderResult.read(tmp_path / "out" / "reader_result.json") == found
    (mean,) = found.rrrc.single
    assert (mean.treatment, mean.reference) == ("synthetic", 0.5)
    assert mean.ci[0] < 0.85 < mean.ci[1]
    assert mean.p < 0.05
    assert [c.trials for c in found.choices] == [24] * 4
    assert found.choices[0].d_prime == forced_choice_d_prime(found.choices[0].right, 24, 2)
    assert any("They told it apart" in line for line in found.says)
    (row,) = clinical_measurements(found)
    assert (row.metric, row.of, row.target, row.value) == (
        "reader_share_of_right_choices", "synthetic", 0.5, mean.estimate,
    )  # fmt: skip


def test_guessing_at_choices_is_not_called_equivalence_from_few_trials(room, tmp_path):
    app = room("choice", count=12, design="practice = 0\ncatch = 0\nrepeats = 0.0", readers="3")
    read_by(app, tmp_path / "study", lambda told, rng: {"pick": int(rng.integers(2))})
    found = analyse_study(tmp_path / "study", tmp_path / "out")
    assert found.rrrc.single[0].within.equivalent_p > 0.05
    assert any("does not show that they cannot" in line for line in found.says)


ITEMS = """
[[items]]
name = "realism"
text = "It looks real"
low = "no"
high = "yes"
[[items]]
name = "sharp"
text = "It is sharp"
low = "no"
high = "yes"
"""


def test_a_quality_study_compares_arms_item_by_item(room, tmp_path):
    design = "practice = 0\ncatch = 0\nrepeats = 0.0"
    app = room("quality", count=20, arms=TWO_ARMS + ITEMS, extra='artefacts = ["ring"]', design=design, readers="4")

    def worse(told, rng):
        mean = {"real": 4.2, "synthetic": 2.4}[told["treatment"]]
        points = int(np.clip(round(rng.normal(mean, 0.7)), 1, 5))
        ring = ["ring"] if told["treatment"] == "synthetic" and int(told["case"][-2:]) < 5 else []
        return {"realism": points, "sharp": int(rng.integers(2, 5)), "artefacts": ring}

    read_by(app, tmp_path / "study", worse)
    found = analyse_study(tmp_path / "study", tmp_path / "out")
    apart = {(d.a, d.b): d for d in found.rrrc.differences}
    assert {item for a, b in apart for item in (a.partition(": ")[2], b.partition(": ")[2])} == {"realism", "sharp"}
    assert len(apart) == 2
    by_item = {a.partition(": ")[2]: d for (a, _), d in apart.items()}
    assert by_item["realism"].p < 0.001
    assert abs(by_item["realism"].estimate) == pytest.approx(1.8, abs=0.4)
    assert by_item["sharp"].ci[0] < 0 < by_item["sharp"].ci[1]
    (ring,) = found.artefacts
    assert (ring.present, ring.cases) == (5, 40)
    assert {a.treatment for a in found.agreement} == set(found.treatments)
    rows = {(row.of, row.stratum): row for row in clinical_measurements(found) if row.metric == "reader_points"}
    assert rows["synthetic", "item=realism"].unit == "points"
    page = write_reader_page(found, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Satterthwaite" in page
    assert "positive" not in page.partition("<table>")[0].partition("<main")[2]


def test_answers_of_one_reader_do_not_generalise(room, tmp_path):
    app = room("choice", count=6, design="practice = 0\ncatch = 0", readers="1")
    read_by(app, tmp_path / "study", lambda told, rng: {})
    with pytest.raises(ReadingError, match="nothing generalises from one"):
        analyse_study(tmp_path / "study", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_not_read_to_the_end_is_not_analysed(room, tmp_path):
    app = room(count=6)
    Visit(app, app.state.room.store, "r01").respond()
    with pytest.raises(ReadingError, match="is not read to the end"):
        analyse_study(tmp_path / "study", tmp_path / "out")
    assert not (tmp_path / "out").exists()
