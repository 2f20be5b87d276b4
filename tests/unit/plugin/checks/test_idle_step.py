"""A step that changes nothing at all, on no stored database, is told as a note."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from pytest_pmd_migrations.checks.model import MigrationRow, Note

from tests.every import for_every
from tests.unit.plugin.built_application import Notes, application, lock, store, verdict

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
ROWS = "INSERT INTO notes VALUES (1, ' a'), (2, 'b')"
NOTE = Note(MigrationRow(2), "changes nothing: neither the schema nor a stored row")


class Recorded(Notes):
    """A source that records its versions in a table, which each step writes to."""

    volatile = ("versions.at",)

    def current_version(self, conn: sqlite3.Connection) -> int:
        conn.execute("CREATE TABLE IF NOT EXISTS versions(number INTEGER, at TEXT)")
        return int(conn.execute("SELECT coalesce(max(number), 0) FROM versions").fetchone()[0])

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        for version in range(self.current_version(conn) + 1, to + 1):
            conn.execute(self.steps[version])
            conn.execute("INSERT INTO versions VALUES (?, random())", [version])
            conn.commit()


def notes_of(root: Path, second: str) -> tuple[Note, ...]:
    history = application(root, {1: ONE, 2: second})
    store(history, "0001", f"{ONE}; {ROWS}")
    return verdict(lock(history), "0002", "frozen", only=True).notes


@pytest.mark.parametrize(
    "second",
    [
        "SELECT 1",
        "UPDATE notes SET title = upper(title) WHERE title = 'zzz'",
        "CREATE TABLE IF NOT EXISTS notes(id)",
        "UPDATE notes SET title = title",
        "CREATE TABLE t(a); DROP TABLE t",
    ],
)
def test_a_step_that_changes_nothing_is_a_note(tmp_path: Path, second: str) -> None:
    assert notes_of(tmp_path, second) == (NOTE,)


@pytest.mark.parametrize(
    "second",
    [
        "UPDATE notes SET title = trim(title)",
        "INSERT INTO notes(title) VALUES ('seed')",
        "CREATE INDEX by_title ON notes(title)",
        "PRAGMA application_id = 7",
    ],
)
def test_a_step_that_changes_something_is_none(tmp_path: Path, second: str) -> None:
    assert notes_of(tmp_path, second) == ()


def test_the_table_that_a_source_keeps_its_versions_in_does_not_count(tmp_path: Path) -> None:
    steps = {1: ONE, 2: "SELECT 1", 3: "INSERT INTO notes VALUES (7, 'seed')"}
    history = application(tmp_path, steps, source=Recorded(tmp_path / "app", steps))
    made = "CREATE TABLE versions(number INTEGER, at TEXT); INSERT INTO versions VALUES (1, '')"
    store(history, "0001", f"{ONE}; {ROWS}; {made}")
    history = lock(history)
    assert verdict(history, "0002", "frozen").notes == (NOTE,)
    assert verdict(history, "0003", "frozen").notes == ()


def test_nothing_is_said_where_a_lineage_does_not_reach_the_step(tmp_path: Path) -> None:
    bites = "INSERT INTO notes(id) SELECT id FROM notes"
    assert notes_of(tmp_path, bites) == ()


@for_every(
    "second",
    [
        "INSERT INTO search(search) VALUES ('rebuild')",
        'INSERT INTO "search"("search") VALUES (\'optimize\')',
        "INSERT INTO main.search (search, rank) VALUES ('merge', 500)",
        "ANALYZE",
        "UPDATE sqlite_sequence SET seq = 99",
        "REINDEX",
        "UPDATE ignored SET a = 2",
    ],
)
def test_what_no_table_of_rows_shows_is_a_change_too(tmp_path: Path, second: str) -> None:
    first = (
        "CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT);"
        "CREATE VIRTUAL TABLE search USING fts5(title, content='notes', content_rowid='id');"
        "CREATE TABLE ignored(a)"
    )
    history = application(tmp_path, {1: first, 2: second}, ignore_patterns=("ignored",))
    store(history, "0001", f"{first}; {ROWS}; INSERT INTO ignored VALUES (1)")
    assert verdict(lock(history), "0002", "frozen", only=True).notes == ()
