"""Steps that reach past their transaction: an error says so, and a mended step goes through."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest

from pmd.store.migrations import (
    MigrationFailedError,
    MigrationRunner,
    TransactionControlError,
    load_migrations,
)
from pmd.store.migrations.connection.undo import persist
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


def test_what_is_raised_after_closing_the_connection_passes_through(app, at_one):
    app.add(f"{WRITE}db.conn.close()\nraise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        app.runner(at_one).run_migrations()
    with app.connect() as again:
        mended(app, again)


@pytest.mark.parametrize(
    "then", ["raise ValueError('mine')", "", "db.conn.execute('BEGIN IMMEDIATE')"]
)
def test_a_step_that_commits_behind_the_guards_back_is_never_stamped(app, at_one, then):
    body = f"db.conn.set_authorizer(None)\ndb.conn.commit()\n{then}"
    assert "what it committed after that stays" in fails(app, at_one, body, TransactionControlError)
    assert app.runner(at_one).get_current_version() == 1
    assert not at_one.in_transaction


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


def test_an_interrupt_of_the_user_s_that_strikes_the_rollback_goes_on_after_it(at_one):
    at_one.execute("BEGIN")
    at_one.execute("DELETE FROM t")
    struck = []

    def undo():
        if not struck:
            struck.append(True)
            raise KeyboardInterrupt
        at_one.execute("ROLLBACK")

    with pytest.raises(KeyboardInterrupt):
        persist(at_one, undo)
    assert not at_one.in_transaction
    assert at_one.execute("SELECT count(*) FROM t").fetchone() == (2,)


def as_dict(cursor, row):
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


@pytest.mark.parametrize("row_factory", [None, sqlite3.Row, as_dict])
def test_a_connection_with_any_rows_will_do(app, row_factory):
    for text_factory in (str, bytes):
        app.path.unlink(missing_ok=True)
        with app.connect() as conn:
            conn.row_factory, conn.text_factory = row_factory, text_factory
            assert app.runner(conn).run_migrations() == 1
            assert app.runner(conn).run_migrations() == 0
            assert (conn.row_factory, conn.text_factory) == (row_factory, text_factory)
            app.runner(conn).set_version(9)
            with pytest.raises(Exception, match=r"newer than this code") as caught:
                app.runner(conn).run_migrations()
        assert str(caught.value).startswith(f"the database {app.path} is at version 9")


def test_a_script_whose_function_lost_the_transaction_ends_there(app, at_one):
    """The last statement is prepared already, and would commit by itself."""

    def lose():
        with suppress(sqlite3.IntegrityError):
            at_one.execute("INSERT OR ROLLBACK INTO u VALUES (1)")

    at_one.execute("CREATE TABLE u (k INTEGER PRIMARY KEY)")
    at_one.execute("INSERT INTO u VALUES (1)")
    at_one.create_function("lose", 0, lose)
    before = state(at_one)
    app.add_script("INSERT INTO t VALUES (5); SELECT lose(); INSERT INTO t VALUES (5);")
    with pytest.raises(TransactionControlError, match="its transaction was lost"):
        app.runner(at_one).run_migrations()
    assert state(at_one) == before


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
