"""One run, between its steps: the lock, the caller's settings, a backup."""

from __future__ import annotations

import logging
import re
import sqlite3
import sys
from pathlib import Path

import pytest

from pmd.store.migrations import (
    DatabaseLockedError,
    ForeignKeyViolationError,
    InvalidMigrationError,
    MigrationRunner,
    load_migrations,
    run,
)

FOREIGN = """
    db.executescript('''
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id REFERENCES parent(id));
        INSERT INTO parent VALUES (1), (2);
        INSERT INTO child VALUES (1), (2);
    ''')
    """


def test_the_way_of_a_run_has_sqlites_numbers_in_order():
    source = Path(run.__file__).read_text(encoding="utf-8")
    numbers = re.findall(r"^ +# (\d+)\. (?:to (\d+)\. )?", source, re.MULTILINE)
    assert numbers == [("1", ""), ("2", ""), ("3", "9"), ("10", ""), ("11", ""), ("12", "")]


def test_a_key_that_cannot_be_checked_hides_no_other(app):
    app.add("db.execute('CREATE TABLE d (x)')")
    app.add("db.executescript('CREATE TABLE p (id PRIMARY KEY); CREATE TABLE k (x REFERENCES p)')")
    app.add("db.execute('INSERT INTO k VALUES (7)')")
    with app.connect() as conn:
        app.runner(conn).run_migrations(1)
        conn.execute("CREATE TABLE c (x REFERENCES t(nowhere))")
        conn.execute("INSERT INTO c VALUES (1)")
        with pytest.raises(ForeignKeyViolationError, match="k row 1 -> p"):
            app.runner(conn).run_migrations()
        assert app.runner(conn).get_current_version() == 3


def test_what_another_connection_broke_between_two_steps_is_not_blamed_on_the_second(app):
    app.add(FOREIGN)
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    with app.connect() as conn, app.connect() as other:
        app.runner(conn).run_migrations(1)

        class Meddling(logging.Handler):
            def emit(self, record):
                if record.getMessage().startswith("0002"):
                    other.execute("DELETE FROM parent WHERE id = 1")

        log, handler = logging.getLogger("pmd.store.migrations"), Meddling()
        level = log.level
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        try:
            assert app.runner(conn).run_migrations() == 2
        finally:
            log.removeHandler(handler)
            log.setLevel(level)


def test_a_lock_that_keeps_the_commit_out_is_said(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    with app.connect() as reader:
        rows = reader.execute("SELECT x FROM t")
        rows.fetchone()
        with pytest.raises(DatabaseLockedError):
            app.runner(at_one).run_migrations()
        assert not at_one.in_transaction
        rows.close()
    assert app.runner(at_one).run_migrations() == 1


def test_the_callers_settings_are_back_while_progress_is_told(app):
    app.add("db.execute('PRAGMA legacy_alter_table = ON')")
    seen = []
    with app.connect() as conn:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.row_factory = sqlite3.Row

        def progress(*_):
            row = conn.execute("PRAGMA foreign_keys").fetchone()
            seen.append(
                (row["foreign_keys"], *conn.execute("PRAGMA legacy_alter_table").fetchone())
            )

        app.runner(conn).run_migrations(progress=progress)
    assert seen == [(1, 0), (1, 0)]


def test_a_step_that_is_not_atomic_needs_a_backup_before_the_first_step(app):
    path = app.add("db.vacuum()", constants="ATOMIC = False")
    with app.connect() as conn:
        with pytest.raises(InvalidMigrationError) as caught:
            app.runner(conn).run_migrations()
        assert app.runner(conn).get_current_version() == 0
        taken = []

        def backup():
            assert conn.in_transaction  # the write lock is held
            taken.append(app.runner(conn).get_current_version())

        migrations = load_migrations(app.folder)
        assert MigrationRunner(conn, migrations, backup=backup).run_migrations() == 2
    assert taken == [1]
    assert str(caught.value) == (
        f"{path}: ATOMIC = False rewrites the file, for which a backup is taken first, and the"
        " runner was given no way to take one. Pass MigrationRunner(conn, backup=...)."
    )


def test_a_rewriting_step_that_another_connection_keeps_out_or_takes_is_told(app, at_one):
    app.add(
        """
        if meanwhile is not None:
            meanwhile()
        """,
        constants="ATOMIC = False\nmeanwhile = None",
    )
    migrations = load_migrations(app.folder)
    module = sys.modules[migrations[1].load().up.__module__]
    runner = MigrationRunner(at_one, migrations, backup=lambda: None)
    with app.connect() as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError):
            runner.run_migrations()
        other.execute("ROLLBACK")
        module.meanwhile = lambda: other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError):
            runner.run_migrations()
        other.execute("ROLLBACK")
        assert (runner.get_current_version(), at_one.in_transaction) == (1, False)
        app.add("raise AssertionError('is taken by the other')", constants="ATOMIC = False")
        runner = MigrationRunner(at_one, load_migrations(app.folder), backup=lambda: None)
        module.meanwhile = lambda: other.execute("PRAGMA user_version = 2")
        assert (
            runner.run_migrations(progress=lambda *_: other.execute("PRAGMA user_version = 3")) == 0
        )
    assert (runner.get_current_version(), at_one.in_transaction) == (3, False)


def test_atomic_says_yes_or_no(app):
    path = app.add("pass", constants="ATOMIC = 'no'")
    with app.connect() as conn, pytest.raises(InvalidMigrationError) as caught:
        app.runner(conn).run_migrations()
    assert str(caught.value) == f"{path}: ATOMIC is 'no'; expected True or False."
