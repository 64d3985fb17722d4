"""How far readers are: counts and times, never an answer."""

from __future__ import annotations

import json
import statistics
from typing import Any

import sqlalchemy as sa

from synthassay.reading.room import Room
from synthassay.reading.store import INVITATION, RESPONSE


def reader_progress(room: Room) -> list[dict[str, Any]]:
    """Return one line per reader: trials done and in all, sessions, last response, median time, whether invited."""
    with room.store.reading() as connection:
        rows = connection.execute(sa.select(RESPONSE.c.reader, RESPONSE.c.trial, RESPONSE.c.at, RESPONSE.c.body)).all()
        where = sa.and_(INVITATION.c.revoked.is_(False), INVITATION.c.expires > room.now())
        invited = set(connection.execute(sa.select(INVITATION.c.reader).where(where)).scalars())
        standings = {reader: room.standing(reader, connection) for reader in room.plans}
    lines = []
    for reader, plan in room.plans.items():
        own = [row for row in rows if row.reader == reader]
        times = [json.loads(row.body).get("timing", {}).get("active_ms", 0) for row in own]
        standing = standings[reader]
        lines.append(
            {
                "reader": reader,
                "done": len({row.trial for row in own}),
                "total": len(plan.trials),
                "session": standing.trial.session + 1 if standing.trial else None,
                "sessions": room.design.sessions,
                "waits_until": standing.waits_until,
                "last": max((row.at for row in own), default=None),
                "median_s": round(statistics.median(times) / 1000, 1) if times else None,
                "invited": reader in invited,
            }
        )
    return lines
