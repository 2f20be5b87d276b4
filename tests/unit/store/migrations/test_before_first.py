"""While the lock for the first step is held, the database can be copied as it was."""

from __future__ import annotations

import sqlite3

import pytest

from tests.unit.store.migrations.application import state


def test_before_the_first_step_its_lock_is_held_and_nothing_is_written(at_one, app):
    app.add("db.execute('DELETE FROM t')")
    app.add("db.execute('DROP TABLE t')")
    seen = []

    def look():
        with app.connect() as other:
            rows = other.execute("SELECT count(*) FROM t").fetchone()
            version = other.execute("PRAGMA user_version").fetchone()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        seen.append((*rows, *version))

    assert app.runner(at_one).run_migrations(before_first=look) == 2
    assert seen == [(2, 1)]
    assert app.runner(at_one).run_migrations(before_first=look) == 0
    assert seen == [(2, 1)]


def test_what_is_raised_before_the_first_step_ends_the_run(at_one, app):
    app.add("db.execute('DELETE FROM t')")
    before = state(at_one)

    def refuse():
        raise LookupError("not now")

    with pytest.raises(LookupError, match="not now"):
        app.runner(at_one).run_migrations(before_first=refuse)
    assert state(at_one) == before
    assert not at_one.in_transaction
