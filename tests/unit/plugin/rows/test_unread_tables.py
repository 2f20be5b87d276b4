"""Tables whose module cannot list its rows: named, and left out everywhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.fill import Filled, fill_empty_tables
from pytest_pmd_migrations.rows import count_rows, digest_tables
from pytest_pmd_migrations.rows.tables import list_tables, unread_tables
from pytest_pmd_migrations.snapshots.twin import twin_sql

from tests.fuzz_schemas import find_red
from tests.unit.plugin.rows.steps import Case, report

UNREAD = {
    "f": "CREATE VIRTUAL TABLE f USING fts5(a, columnsize=0, content='');",
    "g": "CREATE VIRTUAL TABLE g USING fts4(a, content='');",
    "v": "CREATE VIRTUAL TABLE v USING fts5vocab(gone, row);",
    "w": "CREATE VIRTUAL TABLE w USING fts4aux(gone);",
    "x": "CREATE VIRTUAL TABLE x USING fts3tokenize;",
    "y": "CREATE VIRTUAL TABLE y USING fts5(a, content='gone');",
}
ROWS = "INSERT INTO t VALUES (1); INSERT INTO f(rowid, a) VALUES (7, 'word');"


@pytest.mark.parametrize("name", UNREAD)
def test_a_table_that_cannot_be_listed_is_named_and_stored_without_its_rows(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(f"{UNREAD[name]} CREATE TABLE t(n);")
        why = "its module cannot list its rows"
        assert unread_tables(conn) == {name: why}
        assert unread_tables(conn, ignore=[name.upper()]) == {}
        assert fill_empty_tables(conn) == Filled({"t": 5}, {}, {name: why})
        assert set(list_tables(conn)) == set(count_rows(conn)) == set(digest_tables(conn)) == {"t"}
        assert f"{UNREAD[name]}\n-- rows of {name} cannot be listed by its module\n" in twin_sql(
            conn
        )


def test_its_rows_are_said_not_to_be_compared() -> None:
    case = Case(f"{UNREAD['f']} CREATE TABLE t(n);", ROWS)
    found = report(case)
    assert found.findings == ()
    assert "f: its module cannot list its rows, its rows are not compared" in found.notes


def test_a_history_with_all_of_them_is_green(tmp_path: Path) -> None:
    scripts = ["".join(UNREAD[name] for name in "fgvwx"), f"CREATE TABLE t(n); {ROWS}"]
    assert find_red(tmp_path, scripts, without=["atomic"]) == []
