"""Screening in the browser: one reviewer, this computer alone, each decision on the disk before the next record shows.

The page is forms without scripts, so that nothing in a title can run. Whoever has the printed link is signed in by a
cookie; each form carries a second secret, so that no other page can send it; requests to another host are refused.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.errors import DataError, SynthassayError, did_you_mean
from synthassay.records.review import CONSENSUS, Choice, Decision, Stage
from synthassay.review.keys import normal_doi
from synthassay.review.project import Project
from synthassay.review.screening import Screening, checked
from synthassay.review.sheets import now
from synthassay.review.words import STAGE_WORDS

COOKIE = "synthassay_review"
LONGEST_NOTE = 2000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def screening_app(review: Path, reviewer: str, *, token: str, port: int) -> FastAPI:
    """Return the app of one reviewer.

    Args:
        review: Folder of the review.
        reviewer: A name of the plan, or ``consensus``.
        token: Secret of the link that signs in.
        port: Port that the browser names in its requests.

    Raises:
        DataError: The folder is no review, or nobody of that name screens in it.
    """
    project = Project(review)  # imports never change: they are read once, and the logs for each page
    plan = project.plan
    if reviewer not in (*plan.reviewers, CONSENSUS):
        remedy = did_you_mean(reviewer, (*plan.reviewers, CONSENSUS))
        raise DataError("reviewer", "nobody screens under this name", value=reviewer, remedy=remedy)
    session, form_secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    app = FastAPI(title="synthassay review", docs_url=None, redoc_url=None, openapi_url=None)
    _guard(app, session, hosts=(f"127.0.0.1:{port}", f"localhost:{port}"))

    link = token

    @app.get("/enter")
    def enter(token: str = "") -> Response:
        if not hmac.compare_digest(token.encode(), link.encode()):
            return PlainTextResponse("This link is not of the running command.", status_code=403)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, session, httponly=True, samesite="strict", path="/")
        return answer

    @app.get("/")
    def show(stage: str = Stage.TITLE_ABSTRACT.value, after: str = "", problem: str = "") -> Response:
        known = [s.value for s in Stage]
        stage = stage if stage in known else Stage.TITLE_ABSTRACT.value
        return _page(Screening(project), Stage(stage), reviewer, form_secret, after, problem)

    @app.post("/decide")
    def decide(
        record: Annotated[str, Form()],
        stage: Annotated[Stage, Form()],
        choice: Annotated[Choice, Form()],
        secret: Annotated[str, Form()],
        reason: Annotated[str, Form()] = "",
        note: Annotated[str, Form(max_length=LONGEST_NOTE)] = "",
    ) -> Response:
        if not hmac.compare_digest(secret.encode(), form_secret.encode()):
            return PlainTextResponse("This form is not of the running command; reload the page.", status_code=403)
        made = Decision(
            record=record, stage=stage, reviewer=reviewer, choice=choice, note=note.strip(), at=now(),
            reason=reason if choice is Choice.EXCLUDE else "",
        )  # fmt: skip
        try:
            project.add_decisions(checked([made], project))
        except SynthassayError as problem:
            return _page(Screening(project), stage, reviewer, form_secret, "", str(problem), report=record, status=422)
        return RedirectResponse(f"/?stage={stage.value}&after={record}", status_code=303)

    return app


def _guard(app: FastAPI, session: str, *, hosts: tuple[str, ...]) -> None:
    """Refuse other hosts, other origins and whoever is not signed in; give every answer its headers."""

    @app.middleware("http")
    async def guard(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        origin = request.headers.get("origin", "")
        cookie = request.cookies.get(COOKIE, "")
        if request.headers.get("host", "") not in hosts:
            answer: Response = PlainTextResponse("Only this computer is served.", status_code=421)
        elif request.method == "POST" and origin not in ("", *(f"http://{host}" for host in hosts)):
            answer = PlainTextResponse("Another page sent this form.", status_code=403)
        elif request.url.path != "/enter" and not hmac.compare_digest(cookie.encode(), session.encode()):
            answer = PlainTextResponse("Open the link that the command printed.", status_code=401)
        else:
            answer = await proceed(request)
        for name, value in _HEADERS.items():
            answer.headers[name] = value
        return answer


def _page(
    screening: Screening, stage: Stage, reviewer: str, secret: str, after: str, problem: str, *, report: str = "",
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    waiting = list(screening.waiting(stage, reviewer))
    shown = report if report in screening.records else next(iter(waiting), "")
    last = screening.clusters.leader.get(after, "")
    said = screening.said(shown, stage) if shown and reviewer == CONSENSUS else {}
    environment = Environment(
        loader=PackageLoader("synthassay.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    context: dict[str, Any] = {
        "css": files("synthassay.review").joinpath("templates/base.css").read_text(encoding="utf-8"),
        "plan": screening.plan,
        "reviewer": reviewer,
        "stage": stage,
        "stages": STAGE_WORDS,
        "doi": normal_doi(screening.records[shown].doi) if shown else "",
        "waiting": len(waiting),
        "total": sum(1 for _ in screening.candidates(stage)),
        "record": screening.records.get(shown),
        "copies": screening.clusters.members.get(shown, ())[1:],
        "said": said,
        "last": screening.records.get(last),
        "last_choice": screening.said(last, stage).get(reviewer) if last else None,
        "secret": secret,
        "problem": problem,
    }
    return HTMLResponse(environment.get_template("screen.html.j2").render(**context), status_code=status)
