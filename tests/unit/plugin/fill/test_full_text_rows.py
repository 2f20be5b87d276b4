"""Generated rows and full-text indexes: what an application keeps in step is in step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.fill import Filled, fill_empty_tables

from tests.fuzz_schemas import find_red

DOCUMENTS = "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);"
EXTERNAL = f"{DOCUMENTS} CREATE VIRTUAL TABLE f USING fts5(t, content='d', content_rowid='id');"


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def fits(conn: sqlite3.Connection, table: str, *, rank: bool = True) -> bool:
    """Whether the index fits its content, as its module says."""
    columns, values = (", rank", ", 1") if rank else ("", "")
    try:
        conn.execute(f"INSERT INTO {table}({table}{columns}) VALUES ('integrity-check'{values})")
    except sqlite3.DatabaseError:
        return False
    finally:
        conn.rollback()
    return True


def found(conn: sqlite3.Connection, table: str, word: str) -> list[int]:
    sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid"
    return [int(rowid) for (rowid,) in conn.execute(sql, (word,))]


def test_an_index_of_another_table_s_text_is_rebuilt(conn: sqlite3.Connection) -> None:
    conn.executescript(EXTERNAL)
    assert fill_empty_tables(conn) == Filled({"d": 5}, {})
    assert fits(conn, "f")
    assert found(conn, "f", "plain") == [1]


@pytest.mark.parametrize(
    "sql",
    [
        EXTERNAL,
        f"{DOCUMENTS} CREATE VIRTUAL TABLE f USING fts4(t, content='d');",
        "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL, gone INTEGER);"
        "CREATE VIEW shown AS SELECT id, t FROM d WHERE gone IS NULL;"
        "CREATE VIRTUAL TABLE f USING fts5(t, content=shown, content_rowid=id);",
        f"{DOCUMENTS} CREATE VIRTUAL TABLE f USING fts5(t, content='');",
    ],
    ids=["fts5", "fts4", "of a view", "contentless"],
)
def test_a_matrix_over_generated_rows_is_green(tmp_path: Path, sql: str) -> None:
    assert find_red(tmp_path, [sql, "CREATE TABLE later(a);"], without=["atomic"]) == []


def test_an_index_that_triggers_keep_is_theirs(conn: sqlite3.Connection) -> None:
    conn.executescript(
        f"{EXTERNAL} CREATE TRIGGER g AFTER INSERT ON d BEGIN"
        " INSERT INTO f(rowid, t) VALUES (new.id, new.t); END"
    )
    assert fill_empty_tables(conn) == Filled({"d": 5}, {})
    assert fits(conn, "f")
    assert found(conn, "f", "plain") == [1]


def test_an_index_that_did_not_fit_before_is_left_as_it_was(conn: sqlite3.Connection) -> None:
    """What a step damaged is not mended: it must be told."""
    conn.executescript(f"{EXTERNAL} INSERT INTO d VALUES (9, 'unindexed'); CREATE TABLE empty(a)")
    assert fill_empty_tables(conn).rows == {"empty": 5}
    assert not fits(conn, "f")


def test_an_index_without_content_gets_the_rows_of_its_table(conn: sqlite3.Connection) -> None:
    conn.executescript(
        "CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT, size INT);"
        "CREATE TABLE mail(id INTEGER PRIMARY KEY, body TEXT);"
        "CREATE VIRTUAL TABLE note_fts USING fts5(body, content='');"
    )
    assert fill_empty_tables(conn).rows == {"note": 5, "mail": 5, "note_fts": 5}
    ids = "SELECT group_concat(id) FROM note"
    assert (
        conn.execute("SELECT group_concat(rowid) FROM note_fts").fetchone()
        == conn.execute(ids).fetchone()
    )
    assert found(conn, "note_fts", "plain") == [1]


@pytest.mark.parametrize(
    "rest",
    [
        # Two tables have its column, and its name says neither.
        "CREATE TABLE mail(id INTEGER PRIMARY KEY, t TEXT);",
        # Its rows are a trigger's.
        "CREATE TRIGGER g AFTER INSERT ON d WHEN new.t IS NULL BEGIN"
        " INSERT INTO f(rowid, t) VALUES (new.id, new.t); END;",
    ],
)
def test_an_index_whose_rows_nobody_can_tell_stays_empty(
    conn: sqlite3.Connection, rest: str
) -> None:
    conn.executescript(f"{DOCUMENTS} CREATE VIRTUAL TABLE f USING fts5(t, content=''); {rest}")
    assert "f" not in fill_empty_tables(conn).rows
    assert conn.execute("SELECT count(*) FROM f").fetchone() == (0,)


def test_an_index_that_cannot_be_rebuilt_is_named(conn: sqlite3.Connection) -> None:
    conn.executescript(
        "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);"
        "CREATE VIEW v AS SELECT id, abs(-9223372036854775807 - (t = 'plain')) AS n FROM d;"
        "CREATE VIRTUAL TABLE f USING fts5(n, content=v, content_rowid=id);"
    )
    assert fill_empty_tables(conn) == Filled({"d": 5}, {"f": "SQL logic error"})
    assert not conn.in_transaction
