"""The log of a study: each entry holds the hash of the one before, so that none can be changed, removed or added."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from synthassay.reading.store import LOG, RESPONSE, STUDY, Store


@dataclass(frozen=True)
class Receipt:
    """Where an entry stands in the log, and its hash: whoever holds it can prove that the log was not cut before it."""

    seq: int
    hash: str


@dataclass(frozen=True)
class ChainCheck:
    """What a verification found.

    Attributes:
        faults: What is wrong, in words; empty where the log is whole.
        head: Hash of the last entry. Kept elsewhere, it shows later whether entries were cut off at the end.
    """

    entries: int
    responses: int
    head: str
    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values have equal text.

    >>> canonical({"b": 1, "a": [1.5]})
    '{"a":[1.5],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def lock_log(connection: Connection) -> None:
    """Wait for the log's turn, so that what is looked at next stays true until it is written about.

    SQLite has it already (BEGIN IMMEDIATE); PostgreSQL locks the one row that knows the log's head.
    """
    connection.execute(sa.select(STUDY.c.seq).where(STUDY.c.id == 1).with_for_update())


def append(connection: Connection, at: float, actor: str, kind: str, body: dict[str, Any]) -> Receipt:
    """Write one entry, in the transaction of what it tells.

    Args:
        connection: Of a writing transaction.
        at: Seconds since 1970, UTC.
        actor: Reader or coordinator.
        kind: Such as ``response``.
        body: JSON-able.
    """
    head = connection.execute(sa.select(STUDY.c.seq, STUDY.c.hash).where(STUDY.c.id == 1).with_for_update()).one()
    seq, text = head.seq + 1, canonical(body)
    digest = entry_hash(seq, at, actor, kind, text, head.hash)
    connection.execute(
        LOG.insert().values(seq=seq, at=at, actor=actor, kind=kind, body=text, previous=head.hash, hash=digest)
    )
    connection.execute(STUDY.update().where(STUDY.c.id == 1).values(seq=seq, hash=digest))
    return Receipt(seq, digest)


def entry_hash(seq: int, at: float, actor: str, kind: str, body: str, previous: str) -> str:
    """Return the SHA-256 of an entry and of the one before it."""
    return hashlib.sha256(canonical([previous, seq, at, actor, kind, body]).encode()).hexdigest()


def verify_chain(store: Store) -> ChainCheck:
    """Recompute every hash, and hold every response against the entry that tells of it."""
    faults: list[str] = []
    previous, expected = store.design, 1
    told: dict[int, dict[str, Any]] = {}
    with store.reading() as connection:
        for row in connection.execute(sa.select(LOG).order_by(LOG.c.seq)):
            if row.seq != expected:
                faults.append(f"entries {expected} to {row.seq - 1} are missing")
            if row.previous != previous:
                faults.append(f"entry {row.seq} does not follow from the one before")
            if entry_hash(row.seq, row.at, row.actor, row.kind, row.body, row.previous) != row.hash:
                faults.append(f"entry {row.seq} was changed")
            if row.kind == "response":
                told[row.seq] = json.loads(row.body) | {"reader": row.actor}
            previous, expected = row.hash, row.seq + 1
        head = connection.execute(sa.select(STUDY.c.seq, STUDY.c.hash)).one()
        if (head.seq, head.hash) != (expected - 1, previous):
            faults.append(f"the log ends at entry {expected - 1} where {head.seq} was the last that was written")
        responses = connection.execute(sa.select(RESPONSE)).all()
    faults += _responses_against(responses, told)
    return ChainCheck(expected - 1, len(responses), previous, tuple(faults))


def _responses_against(responses: Any, told: dict[int, dict[str, Any]]) -> list[str]:
    faults = []
    for row in responses:
        entry = told.pop(row.seq, None)
        if entry is None:
            faults.append(f"the response to {row.trial} is not in the log")
            continue
        same = (row.reader, row.trial, row.revision, row.key) == tuple(
            entry[name] for name in ("reader", "trial", "revision", "key")
        )
        if not same or hashlib.sha256(row.body.encode()).hexdigest() != entry["body_sha256"]:
            faults.append(f"the response to {row.trial} was changed after it was given")
    return faults + [f"the response of entry {seq} ({entry['trial']}) was removed" for seq, entry in told.items()]
