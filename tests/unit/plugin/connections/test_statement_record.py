"""What a step ran through its connection is recorded, and who caught the error of what failed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils
from pytest_pmd_migrations.connections.statement_record import (
    StatementRecord,
    first_word,
    recording,
)
from pytest_pmd_migrations.image import Image

BAD = "ALTER TABLE t ADD COLUMN x TEXT UNIQUE"
ERROR = "Cannot add a UNIQUE column"


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(Image(b"").connect()) as made:
        made.execute("CREATE TABLE t(a)")
        yield made


def failed(record: StatementRecord) -> list[tuple[str, str]]:
    return [(one.sql, one.error) for one in record.failed]


def by_connection(conn: sqlite3.Connection) -> None:
    try:
        conn.execute(BAD)
    except sqlite3.OperationalError:
        return


def by_cursor(conn: sqlite3.Connection) -> None:
    cursor = conn.cursor()
    with contextlib.suppress(Exception):
        cursor.execute(BAD)


def by_savepoint(conn: sqlite3.Connection) -> None:
    conn.execute("SAVEPOINT one")
    try:
        conn.execute(BAD)
    except sqlite3.Error:
        conn.execute("ROLLBACK TO one")
    conn.execute("RELEASE one")


def by_script(conn: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        conn.executescript(BAD)


def by_sqlite_utils(conn: sqlite3.Connection) -> None:
    db = sqlite_utils.Database(conn)
    with contextlib.suppress(sqlite3.Error), db.atomic():
        db.execute(BAD)


def by_cursor_of_ones_own(conn: sqlite3.Connection) -> None:
    class Own(sqlite3.Cursor):
        pass

    with contextlib.suppress(sqlite3.Error):
        conn.cursor(Own).execute(BAD)


@pytest.mark.parametrize(
    "swallow",
    [by_connection, by_cursor, by_savepoint, by_script, by_sqlite_utils, by_cursor_of_ones_own],
)
def test_a_statement_whose_error_is_caught_is_recorded_with_who_caught_it(
    conn: sqlite3.Connection, swallow: Callable[[sqlite3.Connection], None]
) -> None:
    with recording(conn) as record:
        swallow(conn)
    assert failed(record) == [(BAD, ERROR)]
    [one] = record.failed
    assert (one.caught_in, one.caught_by) == (Path(__file__), __name__)


def test_what_a_library_catches_is_its_own(conn: sqlite3.Connection) -> None:
    with recording(conn) as record:
        sqlite_utils.Database(conn)["nowhere"].drop(ignore=True)
    [one] = record.failed
    assert one.caught_by.startswith("sqlite_utils")


def test_many_rows_that_are_refused_are_one(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE UNIQUE INDEX t_a ON t(a)")
    with recording(conn) as record:
        for _ in range(9):
            with contextlib.suppress(sqlite3.IntegrityError):
                conn.executemany("INSERT INTO t VALUES (?)", [(1,)])
    assert failed(record) == [("INSERT INTO t VALUES (?)", "UNIQUE constraint failed: t.a")]


def test_an_error_that_nobody_catches_is_not_recorded(conn: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError), recording(conn) as record:
        conn.execute(BAD)
    assert failed(record) == []


def test_no_frame_of_a_caught_error_outlives_the_next_statement(conn: sqlite3.Connection) -> None:
    """A half-read statement in it would lock its table."""
    conn.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])

    def read_one() -> None:
        half_read = conn.execute("SELECT a FROM t")
        half_read.fetchone()
        conn.execute(BAD)

    with recording(conn):
        with contextlib.suppress(sqlite3.Error):
            read_one()
        conn.execute("DROP TABLE t")


def test_statements_that_describe_or_fill_tables_are_kept_and_others_are_not(
    conn: sqlite3.Connection,
) -> None:
    with recording(conn) as record:
        conn.execute("-- why\n /* and how */ DROP INDEX IF EXISTS i")
        conn.execute("UPDATE t SET a = 1")
        conn.cursor().executescript("SELECT 1; DROP TABLE t")
    assert list(record.texts) == [
        "-- why\n /* and how */ DROP INDEX IF EXISTS i",
        "SELECT 1; DROP TABLE t",
    ]


def test_what_is_too_much_to_keep_makes_the_record_no_whole_one(conn: sqlite3.Connection) -> None:
    with recording(conn) as record:
        for number in [*range(2_000), 0]:
            conn.execute(f"SELECT {number}")
        assert record.is_whole
        conn.execute("SELECT 'one more'")
        assert (record.is_whole, len(record.others)) == (False, 2_000)
    with recording(conn) as record:
        conn.execute(f"SELECT 1 /* {'x' * 20_000} */")
        cursor = conn.cursor()
        with pytest.raises(TypeError):
            cursor.execute(None)
    assert (record.is_whole, [*map(len, record.others)]) == (False, [20_000])
    cursor.execute("SELECT 2")
    assert len(record.others) == 1


def test_nothing_is_recorded_outside_the_block_or_of_another_connection() -> None:
    with closing(Image(b"").connect()) as conn, closing(sqlite3.connect(":memory:")) as other:
        with recording(conn) as record, recording(other) as none:
            conn.execute("CREATE TABLE t(a)")
            other.execute("CREATE TABLE t(a)")
        conn.execute("CREATE TABLE u(a)")
    assert list(record.texts) == ["CREATE TABLE t(a)"]
    assert none == StatementRecord()


def test_a_connection_to_a_file_is_recorded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_pmd_migrations.image.MEMORY_LIMIT", -1)
    with closing(Image(b"").connect()) as conn, recording(conn) as record:
        conn.execute("CREATE TABLE t(a)")
    assert list(record.texts) == ["CREATE TABLE t(a)"]


def test_rows_come_as_the_application_wants_them(conn: sqlite3.Connection) -> None:
    conn.row_factory = sqlite3.Row
    with recording(conn):
        assert conn.execute("SELECT 1 AS one").fetchone()["one"] == 1
        assert conn.cursor().execute("SELECT ?", (2,)).fetchone()[0] == 2


@pytest.mark.parametrize(
    ("sql", "word"),
    [("select 1", "SELECT"), ("\n\t--x\nDrop\nTABLE t", "DROP"), ("/* a */;", ""), ("", "")],
)
def test_the_first_word_of_a_statement(sql: str, word: str) -> None:
    assert first_word(sql) == word
