"""Steps that reach past their transaction: an error says so, and a mended step goes through."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

import pytest

from pmd.store.migrations import (
    InvalidMigrationError,
    MigrationFailedError,
    MigrationRunner,
    TransactionControlError,
    load_migrations,
)
from tests.unit.store.migrations.application import state

WRITE = "db.execute('INSERT INTO t VALUES (99)')\n"
FAILED = "migration 0002 (step 2) failed and was undone: "
IN_WRITE = "\nin the statement: INSERT INTO t VALUES (99)"


def fails(app, conn, body, error=MigrationFailedError):
    """Run a step that writes and then does `body`, and return the error's text."""
    app.add(WRITE + body)
    with pytest.raises(error) as caught:
        app.runner(conn).run_migrations()
    return str(caught.value)


def mended(app, conn):
    """Run the same step without what was wrong with it."""
    app.replace(WRITE)
    assert app.runner(conn).run_migrations() == 1
    assert conn.execute("SELECT count(*) FROM t WHERE x = 99").fetchone() == (1,)
    assert conn.execute("PRAGMA user_version").fetchone() == (2,)


@pytest.fixture(params=["delete", "wal"])
def journal(request, at_one):
    """The journal mode of the application's database, each in turn."""
    (mode,) = at_one.execute(f"PRAGMA journal_mode = {request.param}").fetchone()
    assert mode == request.param
    return mode


@pytest.mark.parametrize("close", ["db.conn.close()", "db.close()"])
def test_a_step_that_closes_the_connection_is_undone(app, at_one, journal, close):
    before = state(at_one)
    assert fails(app, at_one, close, TransactionControlError) == (
        f"{FAILED}it closed the connection, which the runner and the application go on using."
        f" Leave that out.{IN_WRITE}"
    )
    with app.connect() as again:
        assert state(again) == before
        mended(app, again)


def test_what_is_raised_after_closing_the_connection_passes_through(app, at_one):
    app.add(f"{WRITE}db.conn.close()\nraise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        app.runner(at_one).run_migrations()
    with app.connect() as again:
        mended(app, again)


@pytest.mark.parametrize(
    "body",
    [
        "db.conn.set_authorizer(None)",
        "db.conn.set_authorizer(lambda *asked: 0)",
        "db.conn.set_authorizer(lambda *asked: 1)",
    ],
)
def test_a_step_that_replaces_the_guard_is_undone(app, at_one, journal, body):
    before = state(at_one)
    assert fails(app, at_one, body, TransactionControlError) == (
        f"{FAILED}it replaced the connection's authorizer, which keeps its transaction together;"
        f" what it committed after that stays. Leave set_authorizer() out.{IN_WRITE}"
    )
    assert state(at_one) == before
    mended(app, at_one)


@pytest.mark.parametrize("then", ["", "db.conn.execute('BEGIN IMMEDIATE')"])
def test_a_step_that_commits_behind_the_guards_back_is_never_stamped(app, at_one, then):
    body = f"db.conn.set_authorizer(None)\ndb.conn.commit()\n{then}"
    assert "what it committed after that stays" in fails(app, at_one, body, TransactionControlError)
    assert app.runner(at_one).get_current_version() == 1
    assert not at_one.in_transaction


def test_vacuum_is_said_with_the_way_out(app, at_one):
    assert fails(app, at_one, "db.vacuum()", TransactionControlError) == (
        f"{FAILED}VACUUM is not allowed in a step; SQLite runs it outside transactions only: do it"
        " before or after the migrations.\nin the statement: VACUUM;"
    )
    mended(app, at_one)


def test_a_statement_left_half_read_fails_the_step(app, at_one):
    before = state(at_one)
    body = (
        "db.conn.rows = db.execute('INSERT INTO t VALUES (7), (8) RETURNING x')\n"
        "db.conn.rows.fetchone()"
    )

    class Keeping(sqlite3.Connection):
        rows = None

    with app.connect(factory=Keeping) as conn:
        assert fails(app, conn, body).startswith(
            f"{FAILED}it could not be committed: cannot commit transaction"
        )
        conn.rows.close()
        assert state(conn) == before
        mended(app, conn)


def test_a_function_that_shadows_one_of_sqlites_fails_the_step(app, at_one):
    before = state(at_one)
    app.add(
        "db.executescript('CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);"
        " INSERT INTO a VALUES (5)')"
    )
    app.runner(at_one).run_migrations()
    before = state(at_one)
    app.add("db.conn.create_function('max', 1, lambda x: 1 / 0)")
    with pytest.raises(MigrationFailedError, match=r"0003 .* failed and was undone: "):
        app.runner(at_one).run_migrations()
    assert not at_one.in_transaction
    with app.connect() as again:
        assert state(again) == before


def test_an_interrupt_that_strikes_the_rollback_leaves_no_transaction(app, at_one):
    before = state(at_one)
    app.add(
        WRITE + "struck = []\n"
        "db.conn.set_progress_handler(lambda: not struck and not struck.append(1), 1)\n"
        "raise ValueError('mine')"
    )
    with pytest.raises(MigrationFailedError, match="ValueError: mine"):
        app.runner(at_one).run_migrations()
    assert not at_one.in_transaction
    assert state(at_one) == before
    mended(app, at_one)


LAZY = {
    "coroutine": "async def later():\n    pass\nreturn later()",
    "async_generator": "async def later():\n    yield\nreturn later()",
    "generator": "return (db.execute(sql) for sql in ['DELETE FROM t'])",
    "map": "return map(db.execute, ['DELETE FROM t'])",
}


@pytest.mark.parametrize("kind", LAZY)
def test_work_that_is_returned_and_not_done_is_an_error(app, at_one, kind):
    before = state(at_one)
    assert fails(app, at_one, LAZY[kind], InvalidMigrationError) == (
        f"{app.folder / '0002_step.py'}: its up returned a {kind} that nobody runs; expected a"
        " plain function up(db)."
    )
    assert state(at_one) == before
    mended(app, at_one)


@pytest.mark.parametrize(
    "body", ["return db.execute('INSERT INTO t VALUES (7)')", "return db['t']", "return 7"]
)
def test_any_other_result_is_not_looked_at(app, at_one, body):
    app.add(body)
    assert app.runner(at_one).run_migrations() == 1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="autocommit came with Python 3.12")
@pytest.mark.parametrize("mode", [True, False])
def test_an_autocommit_mode_set_inside_a_step_does_not_outlast_it(app, at_one, mode):
    before = state(at_one)
    app.add(f"{WRITE}try: db.conn.autocommit = {mode}\nexcept Exception: pass\nraise ValueError")
    with pytest.raises(MigrationFailedError):
        app.runner(at_one).run_migrations()
    assert at_one.autocommit == sqlite3.LEGACY_TRANSACTION_CONTROL
    assert not at_one.in_transaction
    assert state(at_one) == before
    mended(app, at_one)


def as_dict(cursor, row):
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


@pytest.mark.parametrize("text_factory", [str, bytes])
@pytest.mark.parametrize("row_factory", [None, sqlite3.Row, as_dict])
def test_a_connection_with_any_rows_will_do(app, row_factory, text_factory):
    with app.connect() as conn:
        conn.row_factory, conn.text_factory = row_factory, text_factory
        assert app.runner(conn).run_migrations() == 1
        assert app.runner(conn).run_migrations() == 0
        assert (conn.row_factory, conn.text_factory) == (row_factory, text_factory)
        app.runner(conn).set_version(9)
        with pytest.raises(Exception, match=r"newer than this code") as caught:
            app.runner(conn).run_migrations()
    assert str(caught.value).startswith(f"the database {app.path} is at version 9")


def test_a_module_in_a_bare_folder_may_define_a_dataclass(tmp_path):
    (tmp_path / "0001_first.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "VERSION = 1\n"
        "@dataclass\n"
        "class Row:\n"
        "    x: int\n"
        "def up(db):\n"
        "    db.execute(f'CREATE TABLE t{Row(1).x} (x)')\n"
    )
    with closing(sqlite3.connect(":memory:")) as conn:
        assert MigrationRunner(conn, load_migrations(tmp_path)).run_migrations() == 1


def test_ten_thousand_statements_and_a_long_one_are_one_step(app, at_one):
    many = "".join(f"INSERT INTO t VALUES ({number});\n" for number in range(100, 10_100))
    long = f"CREATE TABLE u (y); INSERT INTO u VALUES ('{'x;' * 500_000}');"
    (app.folder / "0002_many.sql").write_text(many + long)
    assert app.runner(at_one).run_migrations() == 1
    assert at_one.execute("SELECT count(*) FROM t").fetchone() == (10_002,)
    assert at_one.execute("SELECT length(y) FROM u").fetchone() == (1_000_000,)


def test_a_script_with_a_nul_is_refused_whole(app, at_one):
    before = state(at_one)
    (app.folder / "0002_nul.sql").write_text("CREATE TABLE u (y);\0CREATE TABLE v (y);")
    with pytest.raises(MigrationFailedError):
        app.runner(at_one).run_migrations()
    assert state(at_one) == before
