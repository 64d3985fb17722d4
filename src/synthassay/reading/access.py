"""Who may come in: invitations, sessions, and how often one may try."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import defaultdict, deque
from dataclasses import dataclass

import sqlalchemy as sa

from synthassay.errors import ReadingError
from synthassay.reading.chain import append
from synthassay.reading.store import INVITATION, SESSION, Store

READER, COORDINATOR = "reader", "coordinator"
SESSION_SECONDS = 12 * 3600
MOST_FAILURES, WITHIN_SECONDS = 10, 600.0


@dataclass(frozen=True)
class Visitor:
    """Who is signed in."""

    reader: str
    role: str
    csrf: str


def hashed(token: str) -> str:
    """Return the SHA-256 of a token. Tokens have 192 random bits, so that a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(store: Store, reader: str, role: str, *, now: float, days: float) -> str:
    """Make an invitation and return its token, which is shown once; earlier ones of the same reader end.

    Raises:
        ReadingError: The invitation would have expired already.
    """
    if not 0 < days <= 366:
        raise ReadingError("--days", "must be more than 0 and at most 366", value=days)
    token = secrets.token_urlsafe(24)
    with store.writing() as connection:
        revoke(store, reader, connection)
        connection.execute(
            INVITATION.insert().values(
                token=hashed(token), reader=reader, role=role, expires=now + days * 86400, revoked=False
            )
        )
        append(connection, now, reader, "invited", {"role": role, "days": days})
    return token


def revoke(store: Store, reader: str, connection: sa.engine.Connection) -> None:
    """End all invitations and sessions of a reader."""
    connection.execute(INVITATION.update().where(INVITATION.c.reader == reader).values(revoked=True))
    connection.execute(SESSION.delete().where(SESSION.c.reader == reader))


def sign_in(store: Store, token: str, *, now: float) -> tuple[str, Visitor] | None:
    """Return a session's secret and who it is for, or None where the invitation is unknown, ended or expired."""
    with store.writing() as connection:
        found = connection.execute(sa.select(INVITATION).where(INVITATION.c.token == hashed(token))).one_or_none()
        if found is None or found.revoked or found.expires <= now:
            return None
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        connection.execute(SESSION.delete().where(SESSION.c.expires <= now))
        connection.execute(
            SESSION.insert().values(
                token=hashed(secret), reader=found.reader, role=found.role, csrf=csrf, invitation=found.token,
                expires=min(now + SESSION_SECONDS, found.expires),
            )
        )  # fmt: skip
        append(connection, now, found.reader, "signed in", {"role": found.role})
    return secret, Visitor(found.reader, found.role, csrf)


def visitor_of(store: Store, secret: str, *, now: float) -> Visitor | None:
    """Return who holds a session, or None."""
    with store.reading() as connection:
        found = connection.execute(sa.select(SESSION).where(SESSION.c.token == hashed(secret))).one_or_none()
    return None if found is None or found.expires <= now else Visitor(found.reader, found.role, found.csrf)


def sign_out(store: Store, secret: str, visitor: Visitor, *, now: float) -> None:
    """End a session."""
    with store.writing() as connection:
        connection.execute(SESSION.delete().where(SESSION.c.token == hashed(secret)))
        append(connection, now, visitor.reader, "signed out", {})


class Attempts:
    """Failed tries per address; more than ten in ten minutes are not looked at."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = defaultdict(deque)
        self._turn = threading.Lock()

    def too_many(self, address: str, now: float) -> bool:
        """Whether this address must wait."""
        with self._turn:
            failed = self._failed[address]
            while failed and failed[0] <= now - WITHIN_SECONDS:
                failed.popleft()
            if not failed:
                del self._failed[address]
                return False
            return len(failed) >= MOST_FAILURES

    def failed(self, address: str, now: float) -> None:
        """Note a failed try."""
        with self._turn:
            self._failed[address].append(now)
