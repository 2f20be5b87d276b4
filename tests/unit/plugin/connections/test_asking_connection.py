"""Which statements count for what was asked: all that SQLite began to run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress

from pytest_pmd_migrations.connections.asked_tables import AskedTables, asking
from pytest_pmd_migrations.connections.asking_connection import hearing
from pytest_pmd_migrations.image import Image

from tests.every import for_every

BASE = """
CREATE TABLE notes(id INTEGER PRIMARY KEY, title UNIQUE);
CREATE TABLE tags(name CHECK (name <> 'bad'));
INSERT INTO notes VALUES (1, 'one');
INSERT INTO tags VALUES ('one');
"""
REFUSED: Mapping[str, str] = {
    "a column twice": "ALTER TABLE notes ADD COLUMN title",
    "a table twice": "CREATE TABLE notes(a)",
    "an index of no column": "CREATE INDEX i ON notes(missing)",
    "a table that is not there": "INSERT INTO missing SELECT title FROM notes",
    "a column that is not there": "SELECT missing FROM notes, tags",
    "too many values": "INSERT INTO notes VALUES (1, 2, 3)",
    "no SQL": "DROP TABLE notes tags",
}
BEGUN: Mapping[str, str] = {
    "a unique value twice": "INSERT INTO notes(title) VALUES ('one')",
    "a CHECK": "UPDATE notes SET title = (SELECT name FROM tags); INSERT INTO tags VALUES ('bad')",
    "a key twice": "INSERT INTO notes SELECT id, 'two' FROM notes",
    "a column that rows refuse": "ALTER TABLE notes ADD COLUMN more NOT NULL",
    "an index that rows refuse": "CREATE UNIQUE INDEX i ON notes(title IS NOT NULL, 1)",
    "a number too large": "SELECT abs(-9223372036854775807 - id) FROM notes",
}


def asked_of(*statements: str, leaves_out_refused: bool = True) -> AskedTables:
    """What statements ask for of which some fail."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(BASE)
        image = Image.of_connection(conn)
    with (
        closing(image.connect()) as conn,
        asking(leaves_out_refused=leaves_out_refused) as asked,
        hearing(conn),
    ):
        for sql in statements:
            with suppress(sqlite3.Error):
                conn.execute(sql)
    return asked


@for_every("name", REFUSED)
def test_a_statement_that_is_refused_counts_only_where_that_is_asked_for(name: str) -> None:
    sql = REFUSED[name]
    asked = asked_of(sql)
    assert (asked.tables, asked.indexes, asked.texts) == (set(), set(), set()), name
    assert sql in asked_of(sql, leaves_out_refused=False).texts, name


@for_every("name", BEGUN)
def test_a_statement_that_rows_make_fail_counts(name: str) -> None:
    asked = asked_of(*BEGUN[name].split("; "))
    assert {"notes", "tags"} & asked.tables, name
    assert asked.texts.issuperset(BEGUN[name].split("; ")), name


def test_a_statement_with_many_rows_of_parameters_counts() -> None:
    """Which of them it refused, and what it wrote of those before, nobody asks."""
    copy = "INSERT INTO missing VALUES (?)"
    with (
        closing(Image(b"").connect()) as conn,
        asking(leaves_out_refused=True) as asked,
        hearing(conn),
        suppress(sqlite3.OperationalError),
    ):
        conn.executemany(copy, [(1,), (2,)])
    assert asked.texts == {copy}


def test_what_was_asked_before_and_after_a_refusal_counts() -> None:
    refused = REFUSED["a column twice"]
    assert asked_of("SELECT name FROM tags", refused).tables == {"tags"}
    assert asked_of("SELECT title FROM notes", refused).tables == {"notes"}
    assert asked_of(refused, "SELECT title FROM notes").tables == {"notes"}
    # The text was run once: that it is refused then does not undo it.
    twice = "ALTER TABLE tags ADD COLUMN more"
    assert asked_of(twice, twice).texts == {twice}


def test_what_a_run_asked_for_that_raised_counts() -> None:
    """Whole tables that one statement copies are named in its text alone."""
    copy = "INSERT INTO tags SELECT title FROM notes"
    with closing(Image(b"").connect()) as conn, asking() as asked:
        conn.executescript(BASE)
        with suppress(ZeroDivisionError), hearing(conn):
            conn.execute(copy)
            raise ZeroDivisionError
    assert copy in asked.texts


def test_no_question_of_the_trial_reaches_the_application() -> None:
    heard: list[int] = []
    with closing(Image(b"").connect()) as conn, asking(leaves_out_refused=True):
        conn.execute("CREATE TABLE notes(id)")

        def authorize(action: int, *_: object) -> int:
            heard.append(action)
            return sqlite3.SQLITE_OK

        conn.set_authorizer(authorize)
        conn.is_utf8 = True
        with suppress(sqlite3.Error):
            conn.execute("CREATE TABLE notes(id)")
        plain = [*heard]
        heard.clear()
        with hearing(conn), suppress(sqlite3.Error):
            conn.execute("CREATE TABLE notes(id)")
        assert heard == plain
