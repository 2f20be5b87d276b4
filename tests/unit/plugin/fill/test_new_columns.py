"""A column that is new in a table with rows gets a row in which it says something else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import UUID

from pytest_pmd_migrations.fill import columns_of, fill_empty_tables
from pytest_pmd_migrations.rows.tables import list_tables

from tests.every import for_every

BASE = """
CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL);
INSERT INTO notes VALUES (1, 'one'), (2, 'two');
CREATE TABLE tags(note INTEGER NOT NULL REFERENCES notes(id), tag TEXT NOT NULL);
INSERT INTO tags VALUES (1, 'red');
CREATE TABLE looks(note INTEGER NOT NULL UNIQUE REFERENCES notes(id));
INSERT INTO looks VALUES (1);
CREATE TABLE fonts(look INTEGER NOT NULL UNIQUE REFERENCES looks(note));
INSERT INTO fonts VALUES (1);
"""


@for_every(
    "step, column, added",
    [
        ("ALTER TABLE notes ADD COLUMN done INTEGER NOT NULL DEFAULT 0", "notes.done", 1),
        ("ALTER TABLE notes ADD COLUMN body TEXT", "notes.body", 1),
        ("ALTER TABLE tags ADD COLUMN weight REAL DEFAULT 1.5", "tags.weight", 1),
        (
            "ALTER TABLE notes ADD COLUMN kind TEXT DEFAULT 'a' CHECK (kind IN ('a', 'b'))",
            "notes.kind",
            1,
        ),
        # Each note has its look, and each look its font: there must be another note.
        ("ALTER TABLE looks ADD COLUMN dark INTEGER NOT NULL DEFAULT 0", "looks.dark", 1),
        ("ALTER TABLE fonts ADD COLUMN size INTEGER NOT NULL DEFAULT 9", "fonts.size", 1),
        # It differs already, or there is no row that it could differ from.
        ("ALTER TABLE notes ADD COLUMN n INT; UPDATE notes SET n = id", "notes.n", 0),
        ("CREATE TABLE new(a INTEGER PRIMARY KEY, b TEXT)", "", 0),
        ("ALTER TABLE notes RENAME COLUMN title TO name", "notes.name", 0),
    ],
)
def test_a_new_column_has_two_values(step: str, column: str, added: int) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(BASE)
        before = columns_of(list_tables(conn).values())
        conn.executescript(step)
        filled = fill_empty_tables(conn, before=before)
        assert filled.alike == {}
        table, _, name = column.partition(".")
        if not name:
            assert filled.rows == {"new": 5}
            return
        assert 0 <= filled.rows.get(table, 0) - added <= 2 * added
        values = conn.execute(f'SELECT DISTINCT "{name}" FROM "{table}"').fetchall()
        assert len(values) > 1
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert [*fill_empty_tables(conn, before=before).rows] == []


def test_a_column_that_stays_alike_is_told_with_the_reason() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript("CREATE TABLE only(id INTEGER PRIMARY KEY CHECK (id = 1))")
        conn.execute("INSERT INTO only VALUES (1)")
        before = columns_of(list_tables(conn).values())
        conn.execute("ALTER TABLE only ADD COLUMN theme TEXT DEFAULT 'dark'")
        filled = fill_empty_tables(conn, before=before)
        assert filled.rows == {}
        assert list(filled.alike) == ["only.theme"]
        assert filled.alike["only.theme"] != ""


def test_without_the_columns_of_before_only_empty_tables_get_rows() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(f"{BASE} ALTER TABLE notes ADD COLUMN done INTEGER DEFAULT 0")
        assert fill_empty_tables(conn).rows == {}


@for_every("declared, dashes", [("char(32)", 0), ("CHAR(36)", 4)])
def test_a_column_of_uuids_gets_uuids(declared: str, dashes: int) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f"CREATE TABLE t(id {declared} PRIMARY KEY, other {declared} NOT NULL UNIQUE)")
        fill_empty_tables(conn, rows=8)
        found = [text for row in conn.execute("SELECT id, other FROM t") for text in row]
        assert len(found) == 16
        assert {text.count("-") for text in found} == {dashes}
        assert all(UUID(text) for text in found)
