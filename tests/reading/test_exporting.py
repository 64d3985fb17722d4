from __future__ import annotations

import csv
import json

import pytest

from reading.small_studies import Visit, answer_for, arm, response_to, write_cases
from synthassay.errors import ReadingError
from synthassay.reading.chain import verify_chain
from synthassay.reading.exporting import export, table
from synthassay.reading.joining import join, ratings_of
from synthassay.records.reading import Purpose


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def read_by_truth(app, folder, choose):
    """Each reader answers what ``choose(told, question names)`` says."""
    told = {one["trial"]: one for one in json.loads((folder / "truth.json").read_text())["trials"]}
    for reader in app.state.room.plans:
        one = Visit(app, app.state.room.store, reader)
        while (state := one.state())["trial"]:
            name = state["trial"]["name"]
            answer = answer_for(state["questions"]) | choose(told[name])
            found = one.post("/api/response", response_to(name, answer))
            assert found.status_code == 200, found.text


@pytest.fixture
def turing(room, tmp_path):
    arms = (
        arm("real", "real", "real")
        + arm("synthetic", "synthetic", "synthetic")
        + arm("null", "negative_control", more="count = 3")
    )
    app = room(count=10, arms=arms, design="practice = 2\ncatch = 2\nrepeats = 0.2\nleast_gap = 3")
    read_by_truth(app, tmp_path / "study", lambda told: {
        "verdict": "synthetic" if told["treatment"] == "synthetic" else "real", "sureness": 80,
        "comment": "=HYPERLINK(1)",
    } | told["expected"])  # fmt: skip
    return tmp_path / "study", tmp_path / "export"


def test_tables_of_a_turing_test(turing):
    study, out = turing
    joined = join(study)
    assert {path.name for path in export(joined, out)} == {
        "responses.csv", "events.csv", "catch.csv", "ratings.csv", "imrmc.csv", "repeats.csv", "export.json",
    }  # fmt: skip
    ratings = rows(out / "ratings.csv")
    assert list(ratings[0]) == ["reader", "treatment", "case", "truth", "rating", "position", "seconds"]
    assert {r["seconds"] for r in ratings} == {"1.5"}
    assert {r["treatment"] for r in ratings} == {"synthetic", "null"}
    for one in ratings:
        arm_of = one["case"].split("/")[0]
        assert one["truth"] == str(int(arm_of != "real"))
        assert one["rating"] == ("90" if arm_of == "synthetic" else "10")
    of_real = [r for r in ratings if r["case"].startswith("real/")]
    main = [r for r in rows(out / "responses.csv") if r["purpose"] == "main"]
    assert len(of_real) == 2 * sum(r["treatment"] == "real" for r in main)
    assert all(r["comment"] == "'=HYPERLINK(1)" for r in main)
    assert all(r["right"] == str(int(r["treatment"] != "null")) for r in main)
    assert all(r["passed"] == "1" for r in rows(out / "catch.csv"))
    assert len(rows(out / "catch.csv")) == 4
    assert all(r["first"] == r["second"] for r in rows(out / "repeats.csv"))
    assert json.loads((out / "export.json").read_text())["unread"] == {}


def test_imrmc_has_one_truth_per_case(turing):
    study, out = turing
    export(join(study), out)
    lines = rows(out / "imrmc.csv")
    truth = {r["caseID"]: r["score"] for r in lines if r["readerID"] == "truth"}
    assert set(truth.values()) == {"0", "1"}
    assert len(truth) == sum(r["readerID"] == "truth" for r in lines)
    assert {r["caseID"] for r in lines} == set(truth)
    assert {r["modalityID"] for r in lines if r["readerID"] == "truth"} == {"truth"}


def test_an_export_is_never_overwritten(turing):
    study, out = turing
    export(join(study), out)
    with pytest.raises(ReadingError, match="exists already"):
        export(join(study), out)


def test_a_changed_log_is_not_analysed(turing):
    import sqlite3

    study, _ = turing
    with sqlite3.connect(study / "readings.db") as connection:
        connection.execute("DROP TRIGGER response_no_update")
        connection.execute("UPDATE response SET body = replace(body, '80', '20') WHERE id = 5")
    connection.close()
    with pytest.raises(ReadingError, match="has a log that was changed"):
        join(study)


def test_another_design_is_refused(turing):
    study, _ = turing
    path = study / "design.json"
    path.write_text(path.read_text().replace('"title": "A reading"', '"title": "Another"'))
    with pytest.raises(ReadingError, match="holds readings of another design"):
        join(study)


def test_the_truth_may_lie_elsewhere(turing, tmp_path):
    study, _ = turing
    (tmp_path / "safe").mkdir()
    (study / "truth.json").rename(tmp_path / "safe" / "truth.json")
    with pytest.raises(ReadingError, match="is not there"):
        join(study)
    assert join(study, truth=tmp_path / "safe").readings


def test_marks_are_held_against_places(room, tmp_path):
    lines = "".join(f"case-{i:02d},{i % 2},{'10,12,3' if i % 2 else ',,'}\n" for i in range(10))
    (tmp_path / "cases.csv").write_text("case,truth,x,y,radius\n" + lines)
    app = room("diagnostic", count=10, arms=arm("real", "real", "real"),
               extra='cases = "cases.csv"\n', design='practice = 0\ncatch = 0\n[scale]\nmarks = "many"')  # fmt: skip
    marks = [{"x": 11.0, "y": 11.0, "slice": 0, "image": 0, "rating": 70},
             {"x": 30.0, "y": 30.0, "slice": 0, "image": 0, "rating": 20}]  # fmt: skip
    read_by_truth(app, tmp_path / "study", lambda told: {"rating": 70, "marks": marks})
    export(join(tmp_path / "study"), tmp_path / "out")
    found = rows(tmp_path / "out" / "marks.csv")
    assert {(r["case"][-1] in "13579", r["lesions"], r["rating"], r["lesion"]) for r in found} == {
        (True, "1", "70", "1"), (True, "1", "20", ""), (False, "0", "70", ""), (False, "0", "20", ""),
    }  # fmt: skip


def test_one_mark_a_case_is_right_or_wrong_and_none_is_wrong(room, tmp_path):
    lines = "".join(f"case-{i:02d},{i % 2},{'10,12,3' if i % 2 else ',,'}\n" for i in range(6))
    (tmp_path / "cases.csv").write_text("case,truth,x,y,radius\n" + lines)
    app = room("diagnostic", count=6, arms=arm("real", "real", "real"), readers="1",
               extra='cases = "cases.csv"\n', design='practice = 0\ncatch = 0\n[scale]\nmarks = "one"')  # fmt: skip
    near = [{"x": 10.0, "y": 14.0, "slice": 0, "image": 0, "rating": 100}]
    read_by_truth(
        app, tmp_path / "study", lambda told: {"rating": 70} | ({"marks": near} if told["case"] > "case-02" else {})
    )
    export(join(tmp_path / "study"), tmp_path / "out")
    located = {r["case"]: r["located"] for r in rows(tmp_path / "out" / "ratings.csv")}
    assert located == {f"case-{i:02d}": str(int(i in (3, 5))) for i in range(6)}
    marks = rows(tmp_path / "out" / "marks.csv")
    assert [r["rating"] for r in sorted(marks, key=lambda r: r["case"])] == ["", "", "", "100", "100", "100"]


def test_ratings_of_a_diagnostic_study(room, tmp_path):
    write_cases(tmp_path / "cases.csv", 12)
    app = room("diagnostic", extra='cases = "cases.csv"', design="practice = 2\ncatch = 0\nrepeats = 0.0")
    read_by_truth(app, tmp_path / "study", lambda told: {"rating": 60 + 20 * told["truth"]})
    ratings = ratings_of(join(tmp_path / "study"))
    assert {(r.treatment, r.truth, r.rating) for r in ratings} == {
        (arm_, truth, 60.0 + 20 * truth) for arm_ in ("real", "synthetic") for truth in (0, 1)
    }
    assert len(ratings) == 2 * 2 * 10


def test_quality_has_no_ratings_and_says_so(room, tmp_path):
    items = '[[items]]\nname = "realism"\ntext = "It looks real."\n'
    app = room(
        "quality",
        count=6,
        extra='artefacts = ["blur", "seam"]',
        arms=arm("real", "real", "real") + arm("s", "synthetic", "synthetic") + items,
    )
    read_by_truth(app, tmp_path / "study", lambda told: {"realism": 4, "artefacts": ["seam"]} | told["expected"])
    joined = join(tmp_path / "study")
    with pytest.raises(ReadingError, match="has no ratings between two truths"):
        ratings_of(joined)
    export(joined, tmp_path / "out")
    main = [r for r in rows(tmp_path / "out" / "responses.csv") if r["purpose"] == "main"]
    assert {r["realism"] for r in main} == {"4"}
    assert len(joined.of(Purpose.MAIN)) == len(main)
    assert {(r["artefact"], r["present"]) for r in rows(tmp_path / "out" / "artefacts.csv")} == {
        ("blur", "0"),
        ("seam", "1"),
    }
    assert verify_chain(app.state.room.store).ok


def test_formulas_are_disarmed():
    assert table(("a",), [("@x",), ("=1",), (-3,), ("-",)]).splitlines() == ["a", "'@x", "'=1", "-3", "'-"]
