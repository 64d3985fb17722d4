"""The room as a web application: a handful of routes over the rules of ``Room``."""

from __future__ import annotations

import gzip
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from synthassay.errors import ImageError, ReadingError
from synthassay.reading.access import COORDINATOR, READER, Attempts, Visitor, sign_in, sign_out, visitor_of
from synthassay.reading.compiling import read_design
from synthassay.reading.guard import Guard
from synthassay.reading.progress import reader_progress
from synthassay.reading.room import CODED, Refused, Room, Standing
from synthassay.reading.store import Store, database_url
from synthassay.reading.viewers import packaged_viewers, packed_viewer
from synthassay.reading.volume_file import volume_parts
from synthassay.records.reading import Trial

COOKIE = "reading_session"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SCRIPTS = (
    "room", "keys", "viewer", "pane", "planes", "overlay", "gestures", "canvas_pane", "slide_pane", "volume_pane",
    "engines", "pixels", "form", "outbox", "signing", "progress", "clock",
)  # fmt: skip
PAGES = {
    "": ("room.html", "text/html; charset=utf-8"),
    "room.css": ("room.css", "text/css; charset=utf-8"),
    **{f"{name}.js": (f"{name}.js", "text/javascript; charset=utf-8") for name in SCRIPTS},
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(_Body):
    """An invitation."""

    token: str = Field(min_length=8, max_length=100)


class ResponseIn(_Body):
    """A response. Who gives it is known from the session alone."""

    trial: str = Field(max_length=60)
    key: str = Field(pattern=r"^[A-Za-z0-9-]{16,64}$")
    answer: dict[str, Any] = Field(max_length=40)
    timing: dict[str, int] = Field(max_length=20)
    events: list[list[float | int | str]] = Field(max_length=5000)
    screen: dict[str, float | int] = Field(max_length=10)


class DraftIn(_Body):
    """What is entered so far."""

    trial: str = Field(max_length=60)
    draft: dict[str, Any] = Field(max_length=20)


class PauseIn(_Body):
    """Whether the reader pauses or goes on."""

    paused: bool


def create_app(
    folder: Path, *, database: str = "", hosts: Sequence[str] = LOOPBACK, secure: bool = False,
    viewers: Mapping[str, str] | None = None, now: Callable[[], float] = time.time,
) -> FastAPI:  # fmt: skip
    """Return the application for a compiled study.

    Args:
        folder: Of the compiled study. ``truth.json`` is not opened and may lie elsewhere.
        database: SQLAlchemy URL; SQLite in the folder where empty.
        hosts: Host names that it answers to.
        secure: Whether it is reached through HTTPS, so that cookies are sent through nothing else.
        viewers: Packaged viewers that readers are given, by name; all that are there where None.
        now: Clock, in seconds since 1970.

    Raises:
        ReadingError: The folder holds no compiled study, or the database belongs to another design.
    """
    design = read_design(folder)
    store = Store(database_url(folder, database), design.digest())
    room = Room(folder, design, store, now)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, on_shutdown=[store.close])
    app.state.room, app.state.attempts, app.state.secure = room, Attempts(), secure
    app.state.viewers = packaged_viewers() if viewers is None else dict(viewers)
    app.add_middleware(Guard, hosts=tuple(hosts))
    app.exception_handler(ReadingError)(_refused)
    app.exception_handler(ImageError)(lambda _r, _p: JSONResponse({"problem": "there is no such part"}, 404))
    app.exception_handler(RequestValidationError)(_invalid)
    _add_routes(app)
    return app


def _refused(_request: Request, problem: Exception) -> JSONResponse:
    status = problem.status if isinstance(problem, Refused) else 422
    what = problem.what if isinstance(problem, ReadingError) else "refused"
    return JSONResponse({"problem": what}, status)


def _invalid(_request: Request, problem: Exception) -> JSONResponse:
    """Say where a body is wrong, without sending its contents back."""
    places = [".".join(map(str, e["loc"][1:])) for e in getattr(problem, "errors", list)()][:5]
    return JSONResponse({"problem": "the request is not understood", "fields": places}, 422)


def _room(request: Request) -> Room:
    return request.app.state.room


def _visitor(request: Request) -> Visitor:
    secret = request.cookies.get(COOKIE, "")
    room = _room(request)
    visitor = visitor_of(room.store, secret, now=room.now()) if secret else None
    if visitor is None:
        raise Refused("needs you to sign in", status=401)
    return visitor


def _reader(visitor: Annotated[Visitor, Depends(_visitor)]) -> Visitor:
    if visitor.role != READER:
        raise Refused("is for readers here", status=403)
    return visitor


def _writer(
    reader: Annotated[Visitor, Depends(_reader)], x_csrf_token: Annotated[str, Header(max_length=100)] = ""
) -> Visitor:
    if not hmac.compare_digest(x_csrf_token.encode(), reader.csrf.encode()):
        raise Refused("needs the session's CSRF token", status=403)
    return reader


RoomHere = Annotated[Room, Depends(_room)]
Reader = Annotated[Visitor, Depends(_reader)]
Writer = Annotated[Visitor, Depends(_writer)]


def _add_routes(app: FastAPI) -> None:
    app.post("/sign-in")(_sign_in)
    app.post("/sign-out")(_sign_out)
    app.get("/api/me")(_me)
    app.get("/api/state")(_state)
    app.get("/api/trial/{number}")(_earlier)
    app.get("/api/progress")(_progress)
    app.get("/image/{image}/{level}/{z}/{row}/{column}")(_tile)
    app.get("/volume/{image}")(_volume)
    app.get("/vendor/{name}")(_viewer)
    app.post("/api/response")(_respond)
    app.post("/api/draft")(_draft)
    app.post("/api/pause")(_pause)
    app.get("/")(lambda: _page(""))
    app.get("/{page}")(_page)


def _sign_in(request: Request, room: RoomHere, body: SignIn) -> Response:
    address = request.client.host if request.client else ""
    attempts: Attempts = request.app.state.attempts
    if attempts.too_many(address, room.now()):
        raise Refused("has had too many tries from this address; wait ten minutes", status=429)
    found = sign_in(room.store, body.token, now=room.now())
    if found is None:
        attempts.failed(address, room.now())
        raise Refused("does not know this invitation, or it has expired", status=401)
    secret, visitor = found
    response = JSONResponse({"reader": visitor.reader, "role": visitor.role})
    response.set_cookie(
        COOKIE, secret, httponly=True, samesite="strict", secure=request.app.state.secure, path="/"
    )  # fmt: skip
    return response


def _sign_out(
    request: Request, room: RoomHere, visitor: Annotated[Visitor, Depends(_visitor)],
    x_csrf_token: Annotated[str, Header(max_length=100)] = "",
) -> Response:  # fmt: skip
    if not hmac.compare_digest(x_csrf_token.encode(), visitor.csrf.encode()):
        raise Refused("needs the session's CSRF token", status=403)
    sign_out(room.store, request.cookies.get(COOKIE, ""), visitor, now=room.now())
    response = JSONResponse({"signed_out": True})
    response.delete_cookie(COOKIE, path="/")
    return response


def _me(room: RoomHere, visitor: Annotated[Visitor, Depends(_visitor)]) -> dict[str, Any]:
    return {"reader": visitor.reader, "role": visitor.role, "csrf": visitor.csrf, "title": room.design.title}


def _state(request: Request, room: RoomHere, reader: Reader) -> dict[str, Any]:
    standing, draft = room.hand_out(reader.reader)
    design = room.design
    return {
        "title": design.title,
        "instructions": design.instructions,
        "intended_use": design.intended_use,
        "reader": reader.reader,
        "csrf": reader.csrf,
        "questions": [question.model_dump(mode="json") for question in design.questions],
        "windows": [window.model_dump(mode="json") for window in design.windows],
        "go_back": design.go_back,
        "viewers": request.app.state.viewers,
        "slides": room.slides,
        "progress": _progress_of(standing, design.sessions),
        "waits_until": standing.waits_until,
        "trial": _shown(room, standing.trial) if standing.trial else None,
        "draft": draft,
        "ahead": [{"image": one, **room.head(one).model_dump(mode="json")} for one in room.ahead(standing)],
    }


def _progress_of(standing: Standing, sessions: int) -> dict[str, Any]:
    trials, number = standing.plan.trials, standing.number
    trial = standing.trial
    before = trials[number - 1] if trial and number else None
    practice = [one for one in trials if one.practice]
    main = len(trials) - len(practice)
    return {
        "number": number,
        "done": max(0, number - len(practice)),
        "total": main,
        "practice_left": max(0, len(practice) - number),
        "practice": len(practice),
        "session": trial.session + 1 if trial else sessions,
        "sessions": sessions,
        "new_block": bool(trial and before and (before.block, before.session) != (trial.block, trial.session)),
        "practice_over": bool(before and before.practice and trial and not trial.practice),
    }


def _shown(room: Room, trial: Trial) -> dict[str, Any]:
    images = [{"image": one, **room.head(one).model_dump(mode="json")} for one in trial.images]
    return trial.model_dump(mode="json", include={"name", "practice", "notice", "linked"}) | {"images": images}


def _earlier(room: RoomHere, reader: Reader, number: int) -> dict[str, Any]:
    trial, answer = room.earlier(reader.reader, number)
    return {"trial": _shown(room, trial), "answer": answer, "number": number}


def _progress(room: RoomHere, visitor: Annotated[Visitor, Depends(_visitor)]) -> dict[str, Any]:
    if visitor.role != COORDINATOR:
        raise Refused("shows this to coordinators only", status=403)
    return {"title": room.design.title, "readers": reader_progress(room)}


def _tile(
    room: RoomHere, reader: Reader, image: str, level: int, z: int, row: int, column: int
) -> Response:  # fmt: skip
    tile = room.tile(reader.reader, image, (level, z, row, column))
    depth = room.head(image).depth
    return Response(tile, media_type=f"image/{depth}" if depth in CODED else "application/octet-stream")


def _volume(room: RoomHere, reader: Reader, image: str) -> Response:
    header, path = room.volume(reader.reader, image)
    length = str(len(header) + path.stat().st_size)
    return StreamingResponse(
        volume_parts(header, path), media_type="application/octet-stream", headers={"Content-Length": length}
    )  # fmt: skip


def _viewer(request: Request, name: str) -> Response:
    """Send a packaged viewer; whoever is here, since it is public software."""
    body = packed_viewer(name) if name in request.app.state.viewers.values() else None
    if body is None:
        raise Refused("has no such page", status=404)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(body), media_type="text/javascript; charset=utf-8")
    return Response(body, media_type="text/javascript; charset=utf-8", headers={"Content-Encoding": "gzip"})


def _respond(room: RoomHere, reader: Writer, body: ResponseIn) -> dict[str, Any]:
    content = body.model_dump(include={"answer", "timing", "events", "screen"})
    receipt, new = room.respond(reader.reader, body.trial, body.key, content)
    return {"seq": receipt.seq, "hash": receipt.hash, "new": new}


def _draft(room: RoomHere, reader: Writer, body: DraftIn) -> dict[str, bool]:
    room.save_draft(reader.reader, body.trial, body.draft)
    return {"saved": True}


def _pause(room: RoomHere, reader: Writer, body: PauseIn) -> dict[str, bool]:
    room.note(reader.reader, "paused" if body.paused else "went on", {})
    return {"paused": body.paused}


def _page(page: str) -> Response:
    known = PAGES.get(page)
    if known is None:
        raise Refused("has no such page", status=404)
    name, kind = known
    content = files("synthassay.reading").joinpath("static", name).read_bytes()
    return Response(content, media_type=kind)
