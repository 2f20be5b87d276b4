"""After each COMMIT the caller is told, and finds its connection and the file as after a run."""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from pmd.store.migrations import (
    ForeignKeyViolationError,
    MigrationError,
    MigrationFailedError,
    MigrationRunner,
    UnusableConnectionError,
    load_migrations,
)
from tests.unit.store.migrations.application import state

ROOT = Path(__file__).parents[4]
SNAPSHOTS = sorted((ROOT / "fixtures/snapshots").glob("*.db"))
VERSIONS = ROOT / "src/pmd/store/migrations/versions"
FOREIGN = """
    db.executescript('''
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id REFERENCES parent(id));
        INSERT INTO parent VALUES (1), (2);
        INSERT INTO child VALUES (1), (2);
    ''')
    """


def in_memory(path):
    conn = sqlite3.connect(":memory:")
    conn.deserialize(path.read_bytes())
    return closing(conn)


def test_the_bytes_are_those_of_a_run_with_that_target():
    """For every stored database, in memory: after each step, as if each were a run of its own.

    Each database is asked for every third version, so that all together are for each version.
    """
    migrations, compared = load_migrations(VERSIONS), Counter()
    for number, path in enumerate(SNAPSHOTS):
        seen = {}
        with in_memory(path) as conn:
            took = MigrationRunner(conn, migrations).run_migrations(
                after_step=lambda conn, version, seen=seen: seen.update({version: conn.serialize()})
            )
        assert len(seen) == took
        for version, image in seen.items():
            if (version + number) % 3:
                continue
            with in_memory(path) as conn:
                MigrationRunner(conn, migrations).run_migrations(version)
                assert conn.serialize() == image, (path.name, version)
            compared[version] += 1
    assert set(compared) == {migration.version for migration in migrations}
    assert compared.total() > 40


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_the_file_holds_the_step_when_it_is_told(app, at_one, mode):
    at_one.execute(f"PRAGMA journal_mode = {mode}")
    for number in (3, 4):
        app.add(f"db.execute('INSERT INTO t VALUES ({number})')")
    seen = []

    def look(conn, version):
        assert conn is at_one
        with app.connect() as other:
            other.execute("BEGIN IMMEDIATE")  # no lock is held
            rows = other.execute("SELECT max(x) FROM t").fetchone()
            seen.append((version, *rows, *other.execute("PRAGMA user_version").fetchone()))

    assert app.runner(at_one).run_migrations(after_step=look) == 2
    assert seen == [(2, 3, 2), (3, 4, 3)]


def test_the_connection_is_as_the_caller_left_it_and_again_as_the_runner_needs_it(app):
    app.add("db.execute('PRAGMA legacy_alter_table = ON')\nassert db.conn.row_factory is None")
    app.add(
        "assert db.conn.row_factory is None and db.conn.isolation_level is None\n"
        "assert db.execute('PRAGMA foreign_keys').fetchone() == (0,)"
    )
    asked, seen = [], []

    def authorize(*action):
        asked.append(action)
        return sqlite3.SQLITE_OK

    def look(conn, version):
        asked.clear()
        row = conn.execute("PRAGMA foreign_keys").fetchone()
        names = {row["name"] for row in conn.execute("PRAGMA database_list")}
        seen.append(
            (
                version,
                row["foreign_keys"],
                *conn.execute("PRAGMA legacy_alter_table").fetchone(),
                conn.isolation_level,
                names - {"temp"},
                bool(asked),
            )
        )

    with app.connect(isolation_level="IMMEDIATE") as conn:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.row_factory = sqlite3.Row
        conn.set_authorizer(authorize)
        runner = MigrationRunner(conn, load_migrations(app.folder), authorizer=authorize)
        assert runner.run_migrations(after_step=look) == 3
        assert [row["name"] for row in conn.execute("PRAGMA database_list")] == ["main"]
    attached = {"main", "pmd_runner"}
    assert seen == [(v, 1, 0, "IMMEDIATE", attached, True) for v in (1, 2, 3)]


def test_what_it_sets_on_the_connection_stays_the_callers(app):
    """As if it had been set between two runs: no step sees it, and nobody takes it back."""
    app.add("assert db.execute('SELECT max(x) FROM t').fetchone() == (2,)")

    def set_up(conn, version):
        conn.row_factory = sqlite3.Row
        conn.execute("PRAGMA recursive_triggers = ON")
        conn.execute("CREATE TEMP TABLE IF NOT EXISTS theirs (x)")

    app.add("db.execute('CREATE TEMP TABLE mine (x)')")
    with app.connect() as conn:
        assert app.runner(conn).run_migrations(after_step=set_up) == 3
        assert conn.row_factory is sqlite3.Row
        assert tuple(conn.execute("PRAGMA recursive_triggers").fetchone()) == (1,)
        names = [name for (name,) in conn.execute("SELECT name FROM temp.sqlite_schema")]
    assert names == ["theirs"]


def test_what_it_sets_past_every_statement_reaches_no_step(app):
    """Foreign keys switched on unseen would let a dropped table delete its children."""
    app.add(FOREIGN)
    for number in (3, 4):
        app.add(
            "assert db.execute('PRAGMA foreign_keys').fetchone() == (0,)\n"
            f"db['parent'].insert({{'id': {number}}})\ndb['parent'].transform()"
        )

    def switch_on(conn, version):
        if version == 3:
            conn.set_authorizer(None)
            conn.execute("PRAGMA foreign_keys = ON")
        elif hasattr(conn, "setconfig"):
            conn.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_FKEY, True)

    with app.connect() as conn:
        assert app.runner(conn).run_migrations(after_step=switch_on) == 4
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert conn.execute("SELECT count(*) FROM child").fetchone() == (2,)


def test_a_version_that_it_sets_back_past_every_statement_is_said(app, at_one):
    """A backup into the connection runs no statement there, and is no other connection's write."""
    app.add("db.execute('CREATE TABLE two (id)')")
    app.add("db.execute('CREATE TABLE three (id)')")
    with closing(sqlite3.connect(":memory:")) as older:
        at_one.backup(older)
        with pytest.raises(MigrationError, match="the database went back to version 1 while"):
            app.runner(at_one).run_migrations(after_step=lambda conn, _: older.backup(conn))
    assert state(at_one)[-1] == 1


def test_a_cursor_that_it_leaves_half_read_stays_so(app):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    kept = []

    def look(conn, version):
        kept.append(conn.execute("SELECT x FROM t"))
        kept[-1].fetchone()

    with app.connect() as conn:
        assert app.runner(conn).run_migrations(after_step=look) == 2
        assert kept[0].fetchall() == [(2,), (3,)]


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt])
def test_what_it_raises_ends_the_run_at_that_version(app, at_one, error):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    app.add("db.execute('INSERT INTO t VALUES (4)')")
    at_one.execute("PRAGMA foreign_keys = ON")

    def refuse(conn, version):
        raise error("not now")

    with pytest.raises(error, match="not now"):
        app.runner(at_one).run_migrations(after_step=refuse)
    assert at_one.execute("SELECT max(x) FROM t").fetchone() == (3,)
    assert at_one.execute("PRAGMA user_version").fetchone() == (2,)
    assert at_one.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert not at_one.in_transaction
    assert [row[1] for row in at_one.execute("PRAGMA database_list")] == ["main"]
    assert app.runner(at_one).run_migrations() == 1


@pytest.mark.parametrize("last", [2, 3])
def test_a_transaction_that_it_leaves_open_is_refused(app, at_one, last):
    """After the last step, too: what was written in it would be lost without a word."""
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    if last == 3:
        app.add("db.execute('INSERT INTO t VALUES (4)')")

    def begin(conn, version):
        conn.execute("BEGIN")
        conn.execute("DELETE FROM t")

    with pytest.raises(UnusableConnectionError) as caught:
        app.runner(at_one).run_migrations(after_step=begin)
    assert str(caught.value) == (
        "after_step, called at version 2, left the connection in a transaction, which is rolled"
        " back. The database stays at that version. Commit in after_step, or only read."
    )
    assert state(at_one)[-1] == 2
    assert at_one.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_a_connection_that_it_closes_is_refused(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    with pytest.raises(UnusableConnectionError) as caught:
        app.runner(at_one).run_migrations(after_step=lambda conn, _: conn.close())
    assert str(caught.value) == (
        "after_step, called at version 2, left the connection closed; expected it open. The"
        " database stays at that version. Leave the connection open, and close it after the run."
    )
    with app.connect() as conn:
        assert app.runner(conn).get_current_version() == 2


def test_what_it_writes_is_not_blamed_on_the_next_step(app):
    """Neither rows that then point at nothing, nor a column of the schema whose keys do."""
    app.add(FOREIGN)
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    app.add("db.execute('UPDATE t SET x = x + 10')")
    app.add("db.execute('INSERT INTO child VALUES (9)')")

    def meddle(conn, version):
        if version == 2:
            conn.execute("DELETE FROM parent WHERE id = 1")
        if version == 3:
            conn.execute("ALTER TABLE t ADD COLUMN p REFERENCES parent(id) DEFAULT 7")

    with app.connect() as conn:
        with pytest.raises(ForeignKeyViolationError, match=r"child row 3 -> parent \(4 were "):
            app.runner(conn).run_migrations(after_step=meddle)
        assert app.runner(conn).get_current_version() == 4


def test_a_run_of_another_runner_within_it_leaves_the_outer_one_whole(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    app.add("db.execute('INSERT INTO t VALUES (4)')")
    app.add("db.execute('INSERT INTO t VALUES (5)')")
    seen = []

    def take_one_more(conn, version):
        seen.append(version)
        if version == 2:
            assert app.runner(conn).run_migrations(3) == 1

    assert app.runner(at_one).run_migrations(after_step=take_one_more) == 2
    assert seen == [2, 4]
    assert at_one.execute("SELECT count(*) FROM t").fetchone() == (5,)


def test_steps_that_another_connection_took_are_not_told(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    app.add("db.execute('INSERT INTO t VALUES (4)')")
    seen = []

    class Meddling(logging.Handler):
        def emit(self, record):
            if record.getMessage().startswith("0002"):
                with app.connect() as other:
                    app.runner(other).run_migrations(3)

    app.add("db.execute('INSERT INTO t VALUES (5)')")
    log, handler = logging.getLogger("pmd.store.migrations"), Meddling()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        taken = app.runner(at_one).run_migrations(after_step=lambda _, v: seen.append(v))
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    assert (taken, seen) == (2, [2, 4])


def test_a_step_that_fails_is_not_told(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    app.add("db.execute('nonsense')")
    seen = []
    with pytest.raises(MigrationFailedError):
        app.runner(at_one).run_migrations(after_step=lambda _, version: seen.append(version))
    assert seen == [2]


def test_a_step_that_rewrites_the_file_is_told_after_its_stamp(app, at_one):
    app.add("db.vacuum()", constants="ATOMIC = False")
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    seen, migrations = [], load_migrations(app.folder)
    runner = MigrationRunner(at_one, migrations, backup=lambda: None)

    def told(conn, version):
        seen.append((version, *conn.execute("PRAGMA user_version").fetchone()))

    assert runner.run_migrations(after_step=told) == 2
    assert seen == [(2, 2), (3, 3)]


def test_progress_may_be_told_too(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    app.add("db.execute('INSERT INTO t VALUES (4)')")
    seen = []
    app.runner(at_one).run_migrations(
        after_step=lambda _, version: seen.append(version),
        progress=lambda _, number, count: seen.append((number, count)),
    )
    assert seen == [2, (1, 2), 3, (2, 2)]
