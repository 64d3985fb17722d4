"""What somebody would try who wants to know the truth, to answer for others, or to break the room."""

from __future__ import annotations

import json

import pytest

from reading.small_studies import TestClient, Visit, answer_for, response_to
from synthassay.reading.chain import verify_chain


@pytest.fixture
def app(room):
    return room(count=8)


@pytest.fixture
def anna(app):
    return Visit(app, app.state.room.store, "r01")


def responses(app):
    return verify_chain(app.state.room.store).responses


def test_without_a_session_nothing_is_shown(app):
    stranger = TestClient(app, base_url="http://127.0.0.1")
    image = app.state.room.plans["r01"].trials[0].images[0]
    for path in ("/api/state", "/api/me", "/api/progress", "/api/trial/0", f"/image/{image}/0/0/0/0"):
        assert stranger.get(path).status_code == 401
    assert stranger.post("/api/response", json=response_to("r01-0001", {})).status_code == 401


def test_guessed_expired_and_replaced_invitations_are_refused(app, anna):
    stranger = TestClient(app, base_url="http://127.0.0.1")
    assert stranger.post("/sign-in", json={"token": "guessed-token"}).status_code == 401
    again = Visit(app, app.state.room.store, "r01")
    assert anna.client.get("/api/state").status_code == 401
    assert stranger.post("/sign-in", json={"token": anna.token}).status_code == 401
    app.state.clock.time += 31 * 86400
    assert again.client.get("/api/state").status_code == 401
    assert stranger.post("/sign-in", json={"token": again.token}).status_code == 401


def test_guessing_is_slowed_down(app, anna):
    stranger = TestClient(app, base_url="http://127.0.0.1")
    codes = [stranger.post("/sign-in", json={"token": f"guess-number-{i}"}).status_code for i in range(12)]
    assert codes == [401] * 10 + [429] * 2
    assert stranger.post("/sign-in", json={"token": anna.token}).status_code == 429
    app.state.clock.time += 601
    assert stranger.post("/sign-in", json={"token": anna.token}).status_code == 200


def test_tokens_and_sessions_are_kept_as_hashes_only(app, anna, tmp_path):
    app.state.room.store.close()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "study").glob("readings.db*"))
    assert anna.token.encode() not in kept
    assert anna.client.cookies["reading_session"].encode() not in kept


def test_one_reader_cannot_answer_for_another(app, anna):
    boris = Visit(app, app.state.room.store, "r02")
    name = boris.state()["trial"]["name"]
    body = response_to(name, answer_for(boris.state()["questions"]))
    assert anna.post("/api/response", body).status_code == 404
    assert anna.post("/api/response", body | {"reader": "r02"}).status_code == 422
    assert responses(app) == 0


def test_a_forged_or_replayed_key_is_refused(app, anna):
    state = anna.state()
    body = response_to(state["trial"]["name"], answer_for(state["questions"]), "the-key-of-anna-01")
    anna.post("/api/response", body)
    boris = Visit(app, app.state.room.store, "r02")
    theirs = response_to(boris.state()["trial"]["name"], answer_for(state["questions"]), "the-key-of-anna-01")
    assert boris.post("/api/response", theirs).status_code == 409
    changed = body | {"answer": body["answer"] | {"sureness": 99}}
    assert anna.post("/api/response", changed).status_code == 409
    assert responses(app) == 1


def test_trials_cannot_be_answered_ahead(app, anna):
    ahead = app.state.room.plans["r01"].trials[3].name
    found = anna.post("/api/response", response_to(ahead, answer_for(anna.state()["questions"])))
    assert found.status_code == 409
    assert responses(app) == 0


@pytest.mark.parametrize("answer", [
    {}, {"verdict": "real"}, {"verdict": "maybe", "sureness": 5}, {"verdict": "real", "sureness": 101},
    {"verdict": "real", "sureness": True}, {"verdict": "real", "sureness": 5.5}, {"verdict": ["real"], "sureness": 5},
    {"verdict": "real", "sureness": 5, "truth": 1}, {"verdict": "real", "sureness": 5, "comment": "x" * 2001},
    {"verdict": "real", "sureness": 5, "comment": "a\0b"}, {"verdict": "real", "sureness": None},
])  # fmt: skip
def test_answers_that_are_none_are_refused(app, anna, answer):
    assert anna.post("/api/response", response_to(anna.state()["trial"]["name"], answer)).status_code == 422
    assert responses(app) == 0


def test_csrf(app, anna):
    state = anna.state()
    body = response_to(state["trial"]["name"], answer_for(state["questions"]))
    assert anna.client.post("/api/response", json=body).status_code == 403
    assert anna.post("/api/response", body, **{"X-CSRF-Token": "wrong"}).status_code == 403
    assert anna.post("/api/response", body, Origin="http://evil.example").status_code == 403
    assert anna.post("/api/response", body, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    as_form = anna.client.post("/api/response", data={"trial": "x"}, headers={"X-CSRF-Token": anna.csrf})
    assert as_form.status_code == 415
    cookie = anna.client.post("/sign-in", json={"token": anna.token}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert responses(app) == 0


def test_another_host_name_is_refused(app):
    """DNS rebinding: a page of evil.example that resolves to this machine."""
    rebound = TestClient(app, base_url="http://evil.example")
    assert rebound.get("/").status_code == 421


@pytest.mark.parametrize("path", [
    "/image/..%2f..%2ftruth/0/0/0/0", "/image/..%2ftruth.json/0/0/0/0", "/..%2ftruth.json", "/truth.json",
    "/images/../truth.json", "/static/../../truth.json", "/%2e%2e/truth.json", "/design.json", "/readings.db",
    "/image/%00/0/0/0/0", "//etc/passwd", "/room.js/..%2f..%2fapp.py",
])  # fmt: skip
def test_paths_lead_nowhere(anna, path):
    found = anna.client.get(path)
    assert found.status_code in (404, 405)
    assert "stimuli" not in found.text


def test_images_are_shown_in_their_turn_only(app, anna):
    """Neither another reader's images nor a later one's can be fetched, and a guess is told no more than a miss."""
    trials = app.state.room.plans["r01"].trials
    now, following, later = (trials[i].images[0] for i in (0, 1, 4))
    assert anna.client.get(f"/image/{now}/0/0/0/0").status_code == 200
    assert anna.client.get(f"/image/{following}/0/0/0/0").status_code == 200
    hidden, missing = anna.client.get(f"/image/{later}/0/0/0/0"), anna.client.get(f"/image/{'0' * 24}/0/0/0/0")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    for place in ("9/0/0/0", "0/7/0/0", "0/0/5/0", "0/0/0/-1"):
        assert anna.client.get(f"/image/{now}/{place}").status_code == 404


def test_a_script_in_a_comment_stays_text(app, anna):
    state = anna.state()
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    body = response_to(state["trial"]["name"], answer_for(state["questions"]) | {"comment": script})
    assert anna.post("/api/response", body).status_code == 200
    page = anna.client.get("/")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "<script>" not in page.text.replace('<script type="module" src="room.js"></script>', "")
    told = anna.post("/api/response", body | {"trial": script[:50]})
    assert told.headers["content-type"] == "application/json"
    assert told.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in told.text


def test_oversized_bodies_are_cut_off(app, anna):
    large = response_to(anna.state()["trial"]["name"], {"verdict": "real", "sureness": 1, "comment": "x" * 600_000})
    assert anna.post("/api/response", large).status_code == 413
    headers = {"X-CSRF-Token": anna.csrf, "Content-Type": "application/json"}
    endless = (b" " * 65536 for _ in range(100))  # chunked: no length is announced
    assert anna.client.post("/api/response", content=endless, headers=headers).status_code == 413
    many = response_to(anna.state()["trial"]["name"], answer_for(anna.state()["questions"]))
    assert anna.post("/api/response", many | {"events": [[1, "x"]] * 5001}).status_code == 422
    assert responses(app) == 0


def test_errors_send_nothing_back(anna):
    found = anna.post("/api/response", {"trial": "<b>secret</b>" * 20})
    assert found.status_code == 422
    assert "secret" not in found.text
    assert anna.client.post(
        "/api/response", content=b"{", headers={"Content-Type": "application/json"}
    ).status_code in (
        403,
        422,
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(anna, method):
    assert anna.client.request(method, "/api/response").status_code == 405


def test_every_response_carries_the_headers(app):
    for path in ("/", "/room.js", "/api/state", "/nothing"):
        headers = TestClient(app, base_url="http://localhost").get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"


def test_no_documentation_of_the_interface_is_served(anna):
    for path in ("/docs", "/openapi.json", "/redoc"):
        assert anna.client.get(path).status_code == 404
    assert "stimuli" not in json.dumps(anna.state())
