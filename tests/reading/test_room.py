"""Whole readings in process: order, repetition, drafts, washout, going back."""

from __future__ import annotations

import json

from reading.small_studies import TestClient, Visit, answer_for, arm, response_to, write_cases, write_pictures
from synthassay.reading.chain import verify_chain
from synthassay.reading.compiling import read_design


def visit(app, reader="r01", **more):
    return Visit(app, app.state.room.store, reader, **more)


def read_all(one, **given):
    names = []
    while (state := one.state())["trial"]:
        names.append(state["trial"]["name"])
        assert one.respond(**given).json()["new"]
    return names


def test_a_whole_study_is_read_in_the_compiled_order(room, tmp_path):
    app = room()
    one = visit(app)
    names = read_all(one)
    plan = read_design(tmp_path / "study").plan("r01")
    assert names == [trial.name for trial in plan.trials]
    progress = one.state()["progress"]
    assert progress["done"] == progress["total"] == len(plan.trials) - 2
    check = verify_chain(app.state.room.store)
    assert check.ok
    assert check.responses == len(names)


def test_the_browser_receives_no_truth(room, tmp_path):
    app = room()
    (tmp_path / "study" / "truth.json").unlink()
    one = visit(app)
    text = json.dumps(one.state())
    for word in ("synthetic/", "case-", "catch", "repeat", "truth", "treatment", '"arm"', "png"):
        assert word not in text
    assert set(one.state()["trial"]) == {"name", "practice", "notice", "linked", "images"}


def test_the_same_response_again_changes_nothing(room):
    app = room()
    one = visit(app)
    state = one.state()
    body = response_to(state["trial"]["name"], answer_for(state["questions"]))
    first, second = one.post("/api/response", body).json(), one.post("/api/response", body).json()
    assert (first["new"], second["new"]) == (True, False)
    assert first["hash"] == second["hash"]
    assert verify_chain(app.state.room.store).responses == 1


def test_two_tabs_answer_a_trial_once(room):
    app = room()
    one = visit(app)
    state = one.state()
    name, answer = state["trial"]["name"], answer_for(state["questions"])
    other = answer_for(state["questions"], verdict="synthetic")
    assert one.post("/api/response", response_to(name, answer, "tab-one-00000000")).status_code == 200
    second = one.post("/api/response", response_to(name, other, "tab-two-00000000"))
    assert second.status_code == 409
    assert "answer to this trial already" in second.json()["problem"]
    assert one.state()["progress"]["number"] == 1


def test_a_draft_is_kept_until_the_answer_and_is_no_answer(room):
    app = room()
    one = visit(app)
    name = one.state()["trial"]["name"]
    draft = {"answer": {"verdict": "synthetic"}, "active_ms": 900}
    assert one.post("/api/draft", {"trial": name, "draft": draft}).status_code == 200
    assert one.post("/api/draft", {"trial": name, "draft": draft | {"active_ms": 1200}}).status_code == 200
    assert one.state()["draft"]["active_ms"] == 1200
    assert one.state()["progress"]["number"] == 0
    one.respond()
    assert one.state()["draft"] is None


def test_sessions_wait_for_the_washout(room, tmp_path):
    write_cases(tmp_path / "cases.csv", 12)
    design = "practice = 2\ncatch = 0\nrepeats = 0.0\nwashout_days = 28.0"
    app = room("diagnostic", design=design, extra='cases = "cases.csv"')
    one = visit(app)
    first = read_all(one)
    assert len(first) == 12
    state = one.state()
    assert state["waits_until"] == app.state.clock.time + 28 * 86400
    assert state["trial"] is None
    following = read_design(tmp_path / "study").plan("r01").trials[12]
    late = response_to(following.name, {"rating": 3})
    assert one.post("/api/response", late).status_code == 409
    app.state.clock.time += 28 * 86400
    one = visit(app)
    assert one.state()["trial"]["name"] == following.name
    assert one.state()["progress"]["session"] == 2
    assert len(read_all(one)) == 10


def test_readers_go_back_only_where_the_design_says_so(room):
    one = visit(room())
    one.respond()
    assert one.client.get("/api/trial/0").status_code == 403


def test_a_changed_answer_is_a_revision_and_the_first_stays(room):
    app = room(design="practice = 0\ncatch = 0\ngo_back = true")
    one = visit(app)
    name = one.state()["trial"]["name"]
    one.respond(verdict="real")
    assert one.client.get("/api/trial/0").json()["answer"]["verdict"] == "real"
    changed = answer_for(one.state()["questions"], verdict="synthetic")
    assert one.post("/api/response", response_to(name, changed, "second-thought-0001")).json()["new"]
    assert one.client.get("/api/trial/0").json()["answer"]["verdict"] == "synthetic"
    assert verify_chain(app.state.room.store).responses == 2
    assert one.state()["progress"]["number"] == 1


def test_an_aid_cannot_be_fetched_before_the_first_rating(room, tmp_path):
    write_pictures(tmp_path / "aid", 12, seed=5)
    write_cases(tmp_path / "cases.csv", 12)
    arms = arm("cases", "real", "real") + arm("aid", "aid", "aid")
    app = room("change", arms=arms, extra='cases = "cases.csv"', design="practice = 0\ncatch = 0")
    one = visit(app)
    assert one.state()["ahead"] == []
    trials = app.state.room.plans["r01"].trials
    aid = trials[1].images[1]
    assert one.client.get(f"/image/{aid}/0/0/0/0").status_code == 404
    one.respond(rating=10)
    assert one.client.get(f"/image/{aid}/0/0/0/0").status_code == 200


def test_coordinators_see_counts_and_no_answers(room):
    app = room()
    visit(app, "r01").respond()
    chief = visit(app, "chief", role="coordinator")
    lines = chief.client.get("/api/progress").json()["readers"]
    assert [(line["reader"], line["done"]) for line in lines] == [("r01", 1), ("r02", 0)]
    assert "verdict" not in json.dumps(lines)
    assert chief.client.get("/api/state").status_code == 403
    assert visit(app, "r02").client.get("/api/progress").status_code == 403


def test_a_pause_is_in_the_log(room):
    app = room()
    one = visit(app)
    one.state()
    assert one.post("/api/pause", {"paused": True}).json() == {"paused": True}
    check = verify_chain(app.state.room.store)
    assert check.entries == 4  # invited, signed in, handed out, paused


def test_pages_are_there_and_nothing_else_is(room):
    client = TestClient(room(), base_url="http://127.0.0.1")
    for page in ("", "room.css", "room.js", "viewer.js"):
        found = client.get(f"/{page}")
        assert found.status_code == 200
        assert "http" not in found.text.replace("http://www.w3.org", "")
    assert client.get("/room.html").status_code == 404
