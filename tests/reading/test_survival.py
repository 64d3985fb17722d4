"""A server that is killed, a slow disk, many tabs at once: nothing lost, nothing doubled."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from reading.real_server import RealServer
from reading.small_studies import Visit, answer_for, response_to
from synthassay.reading.compiling import compile_study
from synthassay.reading.joining import join
from synthassay.reading.serving import verify_readings


class Remote:
    """A reader's browser, as far as the network sees it."""

    def __init__(self, server, reader):
        token = server.invite(reader).split("=")[1]
        self.client = httpx.Client(base_url=server.url, timeout=10)
        assert self.client.post("/sign-in", json={"token": token}).status_code == 200

    def close(self):
        self.client.close()

    def state(self):
        return self.client.get("/api/state").json()

    def post(self, state, body):
        return self.client.post("/api/response", json=body, headers={"X-CSRF-Token": state["csrf"]})


@pytest.fixture
def server(tmp_path, make_study):
    compile_study(make_study(count=16, readers="4", design="practice = 0\ncatch = 0"), tmp_path / "study")
    server = RealServer(tmp_path / "study").start()
    yield server
    server.kill()


def test_a_killed_server_loses_and_doubles_nothing(server):
    """Four readers answer without pause; the server dies in between; each repeats what was not acknowledged."""
    readers = {name: Remote(server, name) for name in ("r01", "r02", "r03", "r04")}
    acknowledged: dict[str, list[str]] = {name: [] for name in readers}
    pending: dict[str, dict] = {}

    def read(name):
        remote = readers[name]
        try:
            while (state := remote.state())["trial"]:
                body = response_to(state["trial"]["name"], answer_for(state["questions"]), f"{name}-{time.time_ns()}")
                pending[name] = body
                assert remote.post(state, body).status_code == 200
                acknowledged[name].append(body["trial"])
                del pending[name]
        except httpx.TransportError:
            pass

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(read, name) for name in readers]
        while sum(map(len, acknowledged.values())) < 20:
            time.sleep(0.005)
        server.kill()
        for job in jobs:
            job.result()
    assert sum(map(len, acknowledged.values())) < 128
    server.start()
    for name, body in pending.items():
        assert readers[name].post(readers[name].state(), body).status_code in (200, 409)
    done = {name: readers[name].state()["progress"]["number"] for name in readers}
    for remote in readers.values():
        remote.close()
    readings = join(server.study).readings
    for name, trials in acknowledged.items():
        own = [one.told.trial for one in readings if one.reader == name]
        assert len(own) == len(set(own)) == done[name]
        assert set(trials) <= set(own)
    check = verify_readings(server.study)
    assert check.ok
    assert check.responses == len(readings)


def test_a_slow_disk_doubles_nothing(room, monkeypatch):
    """The first try is still being written when the impatient browser sends it again, ten times at once."""
    app = room(count=8)
    store = app.state.room.store
    one = Visit(app, store, "r01")
    state = one.state()
    body = response_to(state["trial"]["name"], answer_for(state["questions"]))
    quick = store.writing

    @contextmanager
    def slow():
        with quick() as connection:
            yield connection
            time.sleep(0.05)

    monkeypatch.setattr(store, "writing", slow)
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: one.post("/api/response", body).json(), range(10)))
    assert sorted(one["new"] for one in found) == [False] * 9 + [True]
    assert len({one["hash"] for one in found}) == 1
    assert one.state()["progress"]["number"] == 1


def test_a_disk_that_fails_says_so_and_keeps_nothing_half(room, monkeypatch):
    app = room(count=8)
    store = app.state.room.store
    one = Visit(app, store, "r01")
    state = one.state()
    body = response_to(state["trial"]["name"], answer_for(state["questions"]))
    quick = store.writing

    @contextmanager
    def full():
        with quick() as connection:
            yield connection
            raise OSError(28, "No space left on device")

    one.client._transport.raise_server_exceptions = False  # as uvicorn: a traceback in its log, 500 to the browser
    monkeypatch.setattr(store, "writing", full)
    assert one.post("/api/response", body).status_code == 500
    monkeypatch.setattr(store, "writing", quick)
    assert one.state()["progress"]["number"] == 0
    assert one.post("/api/response", body).json()["new"]


def test_many_tabs_of_one_reader_answer_each_trial_once(room):
    app = room(count=8)
    one = Visit(app, app.state.room.store, "r01")
    gate = threading.Barrier(6)

    def tab(number):
        state = one.state()
        gate.wait()
        body = response_to(state["trial"]["name"], answer_for(state["questions"]), f"tab-{number}-0000000000")
        return one.post("/api/response", body).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(tab, range(6)))
    assert codes == [200] + [409] * 5
    assert one.state()["progress"]["number"] == 1
