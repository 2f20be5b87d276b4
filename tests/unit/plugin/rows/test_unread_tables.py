"""Tables whose module cannot list its rows: named, and left out everywhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.fill import Filled, fill_empty_tables
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import compare_rows, count_rows, digest_tables
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.rows.unread_tables import unread_tables
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED

from tests.fuzz_schemas import find_red
from tests.unit.plugin.rows.steps import Case, report
from tests.unit.plugin.twin_text import twin_text

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
        assert f"{UNREAD[name]}\n-- rows of {name} cannot be listed by its module\n" in twin_text(
            conn
        )


def test_a_name_that_is_no_utf8_is_told_and_everything_else_works(tmp_path: Path) -> None:
    """Python makes no such name, but other programs do."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as conn:
        conn.executescript(
            "CREATE TABLE fzz(a); CREATE TABLE t(n); CREATE TABLE u(bzz, c NOT NULL UNIQUE);"
            "CREATE UNIQUE INDEX izz ON t(n); INSERT INTO fzz VALUES (1); INSERT INTO t VALUES (2)"
        )
    content = (tmp_path / "app.db").read_bytes()
    for name in (b"fzz", b"bzz", b"izz"):
        content = content.replace(name, name[:1] + b"\xff" + name[2:])
    with closing(Image(content).connect()) as conn:
        why = "name is no UTF-8, so no SQL of Python's can name it"
        assert unread_tables(conn) == {"f\udcffz": f"its {why}", "u": f"a column's {why}"}
        assert set(list_tables(conn)) == set(count_rows(conn)) == {"t"}
        assert set(digest_tables(conn)) == {"f\udcffz", "t", "u"}
        assert twin_text(conn).splitlines()[3:] == [
            r"CREATE TABLE f\xffz(a);",
            r"-- rows of f\xffz cannot be read: a name is no UTF-8",
            "",
            "CREATE TABLE t(n);",
            'INSERT INTO "t"("n") VALUES (2);',
            "",
            r"CREATE TABLE u(b\xffz, c NOT NULL UNIQUE);",
            "-- rows of u cannot be read: a name is no UTF-8",
            "",
            r"CREATE UNIQUE INDEX i\xffz ON t(n);",
        ]
        conn.execute("DELETE FROM t")
        conn.commit()
        after = Image.of_connection(conn)
    found = compare_rows(Image(content), after, declarations=NOTHING_DECLARED, rerun=lambda _: None)
    assert [finding.message for finding in found.findings] == ["t lost 1 of 1 row"]
    assert found.notes == ()


def test_its_rows_are_said_not_to_be_compared() -> None:
    case = Case(f"{UNREAD['f']} CREATE TABLE t(n);", ROWS)
    found = report(case)
    assert found.findings == ()
    assert "f: its module cannot list its rows, its rows are not compared" in found.notes


def test_a_history_with_all_of_them_is_green(tmp_path: Path) -> None:
    scripts = ["".join(UNREAD[name] for name in "fgvwx"), f"CREATE TABLE t(n); {ROWS}"]
    assert find_red(tmp_path, scripts, without=["atomic"]) == []
