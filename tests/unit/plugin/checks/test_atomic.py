"""The check atomic: which databases it tries, what it says, and how it fails."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.checks import atomic
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.faults.kinds.deny import Deny

from tests.unit.plugin.built_application import Notes, application, store, verdict

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN body TEXT; CREATE TABLE tags(name TEXT)"
ROWS = "INSERT INTO notes(title) VALUES ('a'), ('b')"


class Few(Deny):
    """The kind, at its last point only: what is tried counts here, not how often."""

    def points(self, case):
        return super().points(case)[-1:]


@pytest.fixture
def few(monkeypatch):
    """Try one fault a database, and keep the databases."""
    monkeypatch.setattr(atomic, "kinds_tried", lambda *_, **__: (Few(),))
    tried = []
    original = atomic.try_faults

    def remember(case, kinds, **options):
        tried.append((case.database_name, case.mode, case.start, case.to))
        return original(case, kinds, **options)

    monkeypatch.setattr(atomic, "try_faults", remember)
    return tried


def test_a_step_is_tried_on_every_database_stored_before_it(tmp_path: Path, few) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO, 3: "CREATE INDEX t ON notes(title)"})
    store(history, "0000+old", "CREATE TABLE other(x)")
    store(history, "0001", f"{ONE}; {ROWS}")
    store(history, "0001+bare", ONE)
    assert verdict(history, "0001", "atomic", only=True).findings == ()
    assert few == [("a new database", "rollback", 0, 1), ("0000+old", "rollback", 0, 1)]
    few.clear()
    verdict(history, "0002", "atomic", only=True)
    assert few == [("0001", "rollback", 1, 2), ("0001+bare", "rollback", 1, 2)]
    few.clear()
    verdict(history, "0003", "atomic", only=True)
    assert few == [("0001 at 0002", "rollback", 2, 3)]


@pytest.mark.parametrize("share", [True, False])
def test_databases_that_hold_the_same_are_tried_once_and_counted_each(
    tmp_path: Path, few, share
) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO}, share=share)
    store(history, "0001", f"{ONE}; {ROWS}")
    store(history, "0001+same", f"{ONE}; {ROWS}")
    store(history, "0001+other", f"{ONE}; {ROWS}; UPDATE notes SET title = 'c' WHERE id = 1")
    found = verdict(history, "0002", "atomic", only=True)
    tried = {name for name, *_ in few}
    assert tried == {"0001", "0001+other"} | (set() if share else {"0001+same"})
    assert found.remarks == (Note(MigrationRow(2), "3 faults, 0 broken (deny 3)"),)


def test_the_full_set_tries_both_journals(tmp_path: Path, few) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO}, faults="full")
    store(history, "0001", f"{ONE}; {ROWS}")
    verdict(history, "0002", "atomic", only=True)
    assert few == [("0001", "rollback", 1, 2), ("0001", "wal", 1, 2)]


def test_a_passing_cell_says_what_was_tried(tmp_path: Path, few) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", f"{ONE}; {ROWS}")
    found = verdict(history, "0002", "atomic", only=True)
    assert found.remarks == (Note(MigrationRow(2), "1 fault, 0 broken (deny 1)"),)


def test_what_the_platform_lacks_is_said(tmp_path: Path, few, monkeypatch) -> None:
    class Absent(Few):
        name = "power"
        lacking = "no shim here"

    monkeypatch.setattr(atomic, "kinds_tried", lambda *_, **__: (Few(), Absent()))
    history = application(tmp_path, {1: ONE}, faults="full")
    store(history, "0001", ONE)
    found = verdict(history, "0001", "atomic", only=True)
    assert found.remarks == (
        Note(MigrationRow(1), "2 faults, 0 broken (deny 2); power left out: no shim here"),
    )


def test_a_step_that_fails_anyway_is_told_as_such(tmp_path: Path) -> None:
    history = application(tmp_path, {1: "SELECT nothing"})
    found = verdict(history, "0001", "atomic", only=True)
    assert (found.findings, found.cause.row) == ((), MigrationRow(1))


class Hidden(Notes):
    """A runner that upgrades in memory only."""

    def upgrade(self, conn, to):
        if conn.execute("PRAGMA database_list").fetchone()[2].startswith("/"):
            raise RuntimeError("no files here")
        super().upgrade(conn, to)


def test_a_source_that_faults_cannot_be_tried_on_fails(tmp_path: Path) -> None:
    history = application(tmp_path, {}, source=Hidden(tmp_path / "app", {1: ONE}))
    store(history, "0001", ONE)
    found = verdict(history, "0001", "atomic", only=True).findings[0]
    assert " ".join(found.lines) == (
        "from a new database, the run without a fault raised RuntimeError: no files here, though"
        " in memory it succeeds: the source cannot upgrade a file. Faults are tried on files"
    )


class Commits(Notes):
    """Commits every statement by itself."""

    def take(self, conn, version):
        for statement in self.steps[version].split(";"):
            conn.execute(statement)
            conn.commit()
        conn.execute(f"PRAGMA user_version = {version}")


def test_a_failing_cell_tells_the_first_broken_point(tmp_path: Path) -> None:
    steps = {
        1: ONE,
        2: "ALTER TABLE notes RENAME TO old; CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT,"
        " body TEXT); INSERT INTO notes(id, title) SELECT id, title FROM old; DROP TABLE old",
    }
    history = application(tmp_path, {}, source=Commits(tmp_path / "app", steps))
    store(history, "0001", f"{ONE}; {ROWS}")
    (found,) = verdict(history, "0002", "atomic", only=True).findings
    assert found.version == 2
    assert (found.headline, *found.lines[:8]) == (
        "0002_step.py is not atomic: wedged by crash",
        "  upgraded from 0001, rollback journal",
        "  killed after statement 2 of 8:",
        "    ALTER TABLE notes RENAME TO old",
        "  reopened at version 0001:",
        "    only in found      table old (2 columns)",
        "    only in expected   table notes (2 columns)",
        "  a plain retry raises OperationalError: no such table: notes",
        "",
    )
    assert " wedged (crash " in found.lines[8]
    assert found.lines[-4:] == (
        "",
        "Usually the runner commits between statements. Begin one transaction a step",
        "(BEGIN IMMEDIATE), set the version inside it, and commit once; sqlite3's",
        'executescript(), "with conn:" and commit() end it by themselves.',
    )


def test_a_cell_ends_after_the_third_point_that_hangs_and_says_so(tmp_path: Path) -> None:
    def two(conn: sqlite3.Connection) -> None:
        try:
            conn.execute("ALTER TABLE notes ADD COLUMN body TEXT")
        except sqlite3.Error:
            time.sleep(9999)

    history = application(tmp_path, {1: ONE, 2: two}, step_timeout=0.2)
    store(history, "0001", f"{ONE}; {ROWS}")
    store(history, "0001+rows", f"{ONE}; {ROWS}")
    (found,) = verdict(history, "0002", "atomic", only=True).findings
    shown = re.sub(r"\d\d+ (faults|points)", r"N \1", "\n".join((found.headline, *found.lines)))
    assert shown.splitlines() == [
        "0002_step.py is not atomic: hung by interrupt",
        "  upgraded from 0001, rollback journal",
        "  interrupted in statement 3 of 5:",
        "    ALTER TABLE notes ADD COLUMN body TEXT",
        "  it did not come back",
        "",
        "3 of N faults: 3 hung (interrupt 3)",
        "Not tried after the third point that hung: N points and 1 more upgrade.",
        "",
        "The runner waits or tries again for ever. Let it give up after some time,",
        "and raise.",
    ]


class Tables(Notes):
    """sqlite-utils' own migrations: their names are kept in a table, with the time."""

    volatile = ("_sqlite_migrations.applied_at",)

    def current_version(self, conn):
        try:
            return conn.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0]
        except sqlite3.OperationalError:
            return 0

    def upgrade(self, conn, to):
        from sqlite_utils import Database, Migrations

        migrations = Migrations("notes")
        for version in self.versions():
            if version <= to:
                migrations(name=f"{version:04d}")(self.steps[version])
        migrations.apply(Database(conn))


def create(db):
    db["notes"].insert_all([{"id": n, "title": f"note {n}"} for n in range(20)], pk="id")


def rebuild(db):
    db["notes"].transform(rename={"title": "heading"}, not_null={"heading"})
    db["notes"].create_index(["heading"])


def test_no_false_alarm_on_the_migrations_of_sqlite_utils(tmp_path: Path) -> None:
    source = Tables(tmp_path / "app", {1: create, 2: rebuild})
    history = application(tmp_path, {}, source=source)
    with closing(sqlite3.connect(tmp_path / "snapshot.db")) as conn:
        source.upgrade(conn, 1)
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshot.db").rename(tmp_path / "snapshots/0001.db")
    assert verdict(history, "0002", "atomic", only=True).findings == ()


def test_a_step_that_answers_a_fault_with_a_cancellation_is_judged_as_any_other(
    tmp_path: Path, few
) -> None:
    def two(conn: sqlite3.Connection) -> None:
        try:
            conn.execute("ALTER TABLE notes ADD COLUMN body TEXT")
        except sqlite3.Error:
            raise asyncio.CancelledError from None

    history = application(tmp_path, {1: ONE, 2: two})
    store(history, "0001", f"{ONE}; {ROWS}")
    assert verdict(history, "0002", "atomic", only=True).findings == ()
    assert few == [("0001", "rollback", 1, 2)]


class AsksOnce(Notes):
    """Asks which SQLite this is before its first upgrade in a process, and remembers it."""

    known = False

    def upgrade(self, conn, to):
        if (
            not self.known
            and Path(conn.execute("PRAGMA database_list").fetchone()[2]).is_absolute()
        ):
            conn.execute("SELECT sqlite_version()")
            self.known = True
        super().upgrade(conn, to)


def test_points_that_no_fault_can_hit_are_left_out_and_counted(tmp_path: Path) -> None:
    """The rebuild of an index is struck in what it runs itself; the last point is not there."""
    steps = {
        1: "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);"
        "CREATE VIRTUAL TABLE f USING fts5(t, content='d', content_rowid='id')",
        2: "INSERT INTO f(f) VALUES('rebuild')",
    }
    history = application(tmp_path, {}, source=AsksOnce(tmp_path / "app", steps))
    store(history, "0001", f"{steps[1]}; INSERT INTO d VALUES (1, 'x'); {steps[2]}")
    found = verdict(history, "0002", "atomic", only=True)
    assert found.findings == ()
    [note] = found.remarks
    assert re.sub(r"\d+", "N", note.text) == (
        "N faults, N broken (crash N, interrupt N, deny N); N points left out, with nothing to hit"
        " (crash N, interrupt N, deny N)"
    )
    assert " 0 broken " in note.text


def test_a_step_that_commits_half_way_where_a_child_table_is_empty_is_seen(tmp_path: Path) -> None:
    tags = "CREATE TABLE tags(note INTEGER REFERENCES notes(id), name TEXT)"

    def two(conn: sqlite3.Connection) -> None:
        conn.execute("ALTER TABLE notes ADD COLUMN tag TEXT")
        if not conn.execute("SELECT count(*) FROM tags").fetchone()[0]:
            conn.commit()
        conn.execute("UPDATE notes SET tag = (SELECT name FROM tags WHERE note = notes.id)")

    history = application(tmp_path, {1: f"{ONE}; {tags}", 2: two})
    store(history, "0001", f"{ONE}; {tags}; {ROWS}; INSERT INTO tags VALUES (1, 'x')")
    assert verdict(history, "0002", "atomic", only=True).findings == ()
    store(history, "0001+childless", f"{ONE}; {tags}; {ROWS}")
    history = application(tmp_path, {1: f"{ONE}; {tags}", 2: two})
    (found,) = verdict(history, "0002", "atomic", only=True).findings
    assert found.lines[0] == "  upgraded from 0001+childless, rollback journal"
