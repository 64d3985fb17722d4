"""Starts the screening page on this computer alone and prints the link that signs in."""

from __future__ import annotations

import secrets
from pathlib import Path

import typer
import uvicorn

from synthassay.review.project import Project
from synthassay.review.screen_app import screening_app

HOST = "127.0.0.1"


def serve_screening(review: Path, reviewer: str, port: int) -> None:
    """Serve until interrupted. The link holds a secret that lasts as long as this command.

    Raises:
        DataError: The folder is no review, or nobody of that name screens in it.
    """
    token = secrets.token_urlsafe(24)
    app = screening_app(Project(review).path, reviewer, token=token, port=port)
    typer.echo(f"open http://{HOST}:{port}/enter?token={token}")
    typer.echo("each decision is on the disk before the next record is shown; stop with Ctrl-C")
    uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False)
