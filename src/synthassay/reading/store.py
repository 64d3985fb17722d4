"""Where readings are kept: SQLite beside the study, or PostgreSQL by URL; one way to write, serialised and durable."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from synthassay.errors import ReadingError

DATABASE = "readings.db"
BUSY_MS = 30_000

TABLES = sa.MetaData()
STUDY = sa.Table(
    "study", TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("design", sa.String(64), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)  # fmt: skip
INVITATION = sa.Table(
    "invitation", TABLES,
    sa.Column("token", sa.String(64), primary_key=True),  # SHA-256: the token itself is kept nowhere
    sa.Column("reader", sa.String(40), nullable=False),
    sa.Column("role", sa.String(12), nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
)  # fmt: skip
SESSION = sa.Table(
    "session", TABLES,
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("reader", sa.String(40), nullable=False),
    sa.Column("role", sa.String(12), nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("invitation", sa.String(64), nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)  # fmt: skip
RESPONSE = sa.Table(
    "response", TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("reader", sa.String(40), nullable=False),
    sa.Column("trial", sa.String(60), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("body", sa.Text, nullable=False),  # canonical JSON: answer, timing, events, screen
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.UniqueConstraint("reader", "trial", "revision", name="one_response_per_revision"),
)  # fmt: skip
DRAFT = sa.Table(
    "draft", TABLES,
    sa.Column("reader", sa.String(40), primary_key=True),
    sa.Column("trial", sa.String(60), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)  # fmt: skip
HANDED = sa.Table(
    "handed",
    TABLES,
    sa.Column("reader", sa.String(40), primary_key=True),
    sa.Column("trial", sa.String(60), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
)
LOG = sa.Table(
    "log", TABLES,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("actor", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)  # fmt: skip

APPEND_ONLY = ("log", "response")


class Store:
    """The database of one study.

    Args:
        url: SQLAlchemy URL.
        design: Digest of the compiled design; a database of another design is refused.

    Raises:
        ReadingError: The database cannot be reached, or belongs to another design.
    """

    def __init__(self, url: str, design: str) -> None:
        self.engine = _engine(url)
        self.design = design
        self._sqlite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer; waiting here is fair and quick, waiting in its busy handler is neither.
        self._turn = threading.Lock() if self._sqlite else None
        try:
            with self.writing() as connection:
                if not self._sqlite:
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7013)"))
                TABLES.create_all(connection)
                _forbid_changes(connection)
                self._adopt(connection)
        except DBAPIError as problem:
            where = self.engine.url.render_as_string(hide_password=True)
            raise ReadingError(
                where, f"cannot be used: {problem.orig}", remedy="Check the URL and your rights."
            ) from None

    def _adopt(self, connection: Connection) -> None:
        known = connection.execute(sa.select(STUDY.c.design)).scalar_one_or_none()
        if known is None:
            connection.execute(STUDY.insert().values(id=1, design=self.design, seq=0, hash=self.design))
        elif known != self.design:
            raise ReadingError(
                self.engine.url.render_as_string(hide_password=True),
                "holds readings of another design",
                value=f"{known[:12]}, not {self.design[:12]}",
                remedy="Use the design that was read, or another database.",
            )

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes; it is on the disk when the block ends, or nothing of it is."""
        if self._turn is None:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._turn, self.engine.connect().execution_options(writing=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def database_url(folder: Path, url: str = "") -> str:
    """Return the URL of a study's database: the one given, or SQLite in its folder."""
    return url or f"sqlite:///{(folder / DATABASE).resolve()}"


def _engine(url: str) -> Engine:
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise ReadingError("--database", "is no SQLAlchemy URL", value=url.rsplit("@", maxsplit=1)[-1]) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        remedy = "Use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME."
        raise ReadingError("--database", "is neither SQLite nor PostgreSQL", value=parsed.drivername, remedy=remedy)
    try:
        engine = sa.create_engine(parsed, pool_size=20, max_overflow=30, pool_timeout=60)
    except ModuleNotFoundError as problem:
        remedy = "pip install 'synthassay[postgres]', and write postgresql+psycopg://."
        raise ReadingError("--database", f"needs {problem.name}", remedy=remedy) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _durable)
        sa.event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock first: a transaction that reads and then writes could else fail at the write.
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _forbid_changes(connection: Connection) -> None:
    """Make log and responses append-only for everyone who comes through this database."""
    if connection.dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger AS "
        "'BEGIN RAISE EXCEPTION ''this table is append-only''; END' LANGUAGE plpgsql"
    )
    for table in APPEND_ONLY:
        connection.exec_driver_sql(
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "EXECUTE FUNCTION append_only()"
        )
