"""The same room on PostgreSQL: order, repetition, append-only, chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from reading.own_postgres import OwnPostgres, binaries
from reading.small_studies import Visit, answer_for, response_to
from synthassay.reading.app import create_app
from synthassay.reading.chain import verify_chain
from synthassay.reading.compiling import compile_study
from synthassay.reading.joining import join


@pytest.fixture(scope="module")
def url():
    if binaries() is None:
        pytest.skip("no PostgreSQL under /usr/lib/postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install synthassay[postgres]")
    with OwnPostgres() as url:
        yield url


def test_many_readers_on_postgresql(url, tmp_path, make_study):
    compile_study(make_study(count=4, readers="4", design="practice = 0\ncatch = 0"), tmp_path / "study")
    app = create_app(tmp_path / "study", database=url)
    store = app.state.room.store

    def read(name):
        one = Visit(app, store, name)
        while (state := one.state())["trial"]:
            body = response_to(
                state["trial"]["name"],
                answer_for(state["questions"]),
                f"{name}-key-0000000000"[:16] + state["trial"]["name"],
            )
            with ThreadPoolExecutor(2) as twice:
                found = list(twice.map(lambda _, b=body: one.post("/api/response", b).json()["new"], range(2)))
            assert sorted(found) == [False, True]

    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(read, [plan.reader for plan in app.state.room.design.readers]))
        check = verify_chain(store)
        assert check.ok
        joined = join(tmp_path / "study", url)
        assert check.responses == len(joined.readings) == 4 * len(app.state.room.plans["r01"].trials)
        assert joined.unread == {}
        for statement in ("DELETE FROM log", "UPDATE response SET body = ''", "TRUNCATE log"):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.writing() as connection:
                connection.execute(sa.text(statement))
        assert verify_chain(store).ok
    finally:
        store.close()
