"""Small studies to read: pictures drawn from a seed, and study files around them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from scipy import ndimage

from synthassay.reading.access import invite

with warnings.catch_warnings():  # newer starlette wishes for httpx2, and works with httpx
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


def write_pictures(folder: Path, count: int, *, seed: int, side: int = 48, prefix: str = "case", smooth: float = 1.5):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        noise = ndimage.gaussian_filter(rng.normal(size=(side, side)), smooth)
        grey = np.clip(128 + 45 * noise / noise.std(), 0, 255)
        grey.flat[0], grey.flat[-1] = 0, 255
        Pillow.fromarray(grey.astype(np.uint8)).save(folder / f"{prefix}-{number:02d}.png")


def study_text(kind: str, *, arms: str, design: str = "", extra: str = "", readers: str = "2") -> str:
    return (
        f'title = "A reading"\nquestion = "Can they be told apart by readers?"\nkind = "{kind}"\nreaders = {readers}\n'
        f"{extra}\n{arms}\n[design]\n{design}\n"
    )


def arm(name: str, role: str, path: str = "", more: str = "") -> str:
    where = f'path = "{path}"\n' if path else ""
    return f'[[arms]]\nname = "{name}"\nrole = "{role}"\n{where}{more}\n'


REENCODE = (
    '[reencode]\nreason = "File lengths differ, which readers never receive."\n'
    'accept = ["grey levels used", "clipped share"]\n'
)
TWO_ARMS = arm("real", "real", "real") + arm("synthetic", "synthetic", "synthetic")


def write_cases(path: Path, count: int, prefix: str = "case") -> None:
    lines = [f"{prefix}-{number:02d},s{number // 2},{number % 2}" for number in range(count)]
    path.write_text("case,subject,truth\n" + "\n".join(lines) + "\n", encoding="utf-8")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


def answer_for(questions, *, verdict="real", sureness=50, pick=0, rating=50):
    """An answer to each required question."""
    given = {}
    for question in questions:
        if question["type"] == "options":
            given[question["name"]] = verdict
        elif question["type"] == "pick":
            given[question["name"]] = pick
        elif question["type"] == "points":
            given[question["name"]] = min(max(rating, question["lowest"]), question["highest"])
        elif question["type"] == "slider":
            given[question["name"]] = sureness if question["name"] == "sureness" else rating
    return given


def response_to(trial: str, answer, key: str = "") -> dict:
    return {
        "trial": trial, "key": key or f"key-{trial}-0000000000", "answer": answer,
        "timing": {"active_ms": 1500, "first_input_ms": 700, "paused_ms": 0},
        "events": [[0, "shown"], [700, "window", 40, 400]], "screen": {"width": 1280, "height": 800, "ratio": 1},
    }  # fmt: skip


class Visit:
    """A reader at the room, in process."""

    def __init__(self, app, store, reader: str, *, role: str = "reader", clock=None) -> None:
        now = clock or app.state.room.now
        self.client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=True)
        self.token = invite(store, reader, role, now=now(), days=30)
        assert self.client.post("/sign-in", json={"token": self.token}).status_code == 200
        self.csrf = self.client.get("/api/me").json()["csrf"]

    def post(self, path: str, body, **headers):
        return self.client.post(path, json=body, headers={"X-CSRF-Token": self.csrf} | headers)

    def state(self):
        found = self.client.get("/api/state")
        assert found.status_code == 200, found.text
        return found.json()

    def respond(self, **given):
        """Answer the present trial."""
        state = self.state()
        answer = answer_for(state["questions"], **given)
        return self.post("/api/response", response_to(state["trial"]["name"], answer))
