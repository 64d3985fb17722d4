from __future__ import annotations

import sqlite3

import pytest

from reading.small_studies import Visit
from synthassay.errors import ReadingError
from synthassay.reading.chain import verify_chain
from synthassay.reading.store import Store


@pytest.fixture
def read(room, tmp_path):
    app = room(count=8)
    one = Visit(app, app.state.room.store, "r01")
    for _ in range(3):
        one.respond()
    return app.state.room.store, tmp_path / "study" / "readings.db"


def by_force(path, *statements):
    """Change the file as somebody would who has it in hands: triggers dropped first."""
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_log_that_nobody_touched_is_whole(read):
    check = verify_chain(read[0])
    assert check.ok
    assert check.responses == 3
    assert check.entries == 8


@pytest.mark.parametrize(
    "statement", ["UPDATE log SET at = 1", "DELETE FROM response", "UPDATE response SET body = ''"]
)
def test_log_and_responses_are_append_only(read, statement):
    connection = sqlite3.connect(read[1])
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("statement, fault", [
    ("UPDATE log SET at = at + 1 WHERE seq = 4", "entry 4 was changed"),
    ("UPDATE log SET actor = 'r02' WHERE seq = 4", "entry 4 was changed"),
    ("DELETE FROM log WHERE seq = 4", "entries 4 to 4 are missing"),
    ("DELETE FROM log WHERE seq = 8", "the log ends at entry 7"),
    ("UPDATE response SET body = replace(body, 'real', 'synthetic') WHERE id = 2", "was changed after it was given"),
    ("UPDATE response SET reader = 'r02' WHERE id = 2", "was changed after it was given"),
    ("DELETE FROM response WHERE id = 2", "was removed"),
    ("INSERT INTO response SELECT 99, 'r02', 'r02-1', 0, 'k', body, at, 99 FROM response WHERE id = 1", "not in the"),
])  # fmt: skip
def test_every_change_is_found(read, statement, fault):
    by_force(read[1], statement)
    check = verify_chain(read[0])
    assert not check.ok
    assert any(fault in one for one in check.faults), check.faults


def test_a_database_of_another_design_is_refused(read):
    with pytest.raises(ReadingError, match="holds readings of another design"):
        Store(f"sqlite:///{read[1]}", "f" * 64)


@pytest.mark.parametrize("url, words", [
    ("nonsense", "is no SQLAlchemy URL"), ("mysql://x/y", "is neither SQLite nor PostgreSQL"),
    ("sqlite:////nowhere/at/all/x.db", "cannot be used"),
])  # fmt: skip
def test_wrong_databases_are_messages(url, words):
    with pytest.raises(ReadingError, match=words):
        Store(url, "0" * 64)
