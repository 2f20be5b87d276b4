"""Whether a table was filled from another one, seen from the rows of both."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.rows.copied_rows import has_rows_of, has_values_of

from tests.every import for_every

OLD = (
    "CREATE TABLE old(id INTEGER PRIMARY KEY, a, b);"
    "INSERT INTO old VALUES (1, 'x', 2), (5, 'y', 3);"
)
NO_KEY = "CREATE TABLE old(a, b); INSERT INTO old VALUES (1, 2), (1, 2), (NULL, 3);"


CASES = (
    (f"{OLD} CREATE TABLE t AS SELECT * FROM old", True),
    (f"{OLD} CREATE TABLE t AS SELECT *, 1 AS more FROM old UNION SELECT 9, 9, 9, 9", True),
    (f"{OLD} CREATE TABLE t AS SELECT ID, upper(a) AS A FROM old", True),
    (f"{OLD} CREATE TABLE t AS SELECT id, upper(a) AS a FROM old UNION SELECT 9, 9", False),
    (f"{OLD} CREATE TABLE t AS SELECT * FROM old LIMIT 1", False),
    (f"{OLD} CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)", False),
    (f"{OLD} CREATE TABLE t(other); INSERT INTO t VALUES (1), (5)", False),
    ("CREATE TABLE old(id); CREATE TABLE t(id)", False),
    (f"{NO_KEY} CREATE TABLE t AS SELECT DISTINCT b, a FROM old", True),
    (f"{NO_KEY} CREATE TABLE t AS SELECT a, b + 1 AS b FROM old", False),
)


def test_a_table_has_the_rows_of_another_if_all_of_them_are_there() -> None:
    for sql, copied in CASES:
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.executescript(sql)
            conn.row_factory = sqlite3.Row
            assert has_rows_of(conn, "t", "old") is copied, sql
            assert conn.row_factory is sqlite3.Row


def test_in_doubt_it_has_not() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.create_collation("LOCAL", lambda one, other: (one > other) - (one < other))
        conn.executescript(
            "CREATE TABLE old(a COLLATE LOCAL); INSERT INTO old VALUES ('x');"
            "CREATE TABLE t(a); INSERT INTO t VALUES ('x'), ('y')"
        )
        assert has_rows_of(conn, "t", "old")
        conn.create_collation("LOCAL", None)
        assert not has_rows_of(conn, "t", "old")
        assert not has_rows_of(conn, "t", "gone")


@for_every(
    "new, same",
    [
        ("t(id INTEGER PRIMARY KEY, m); INSERT INTO t VALUES (5, 3), (1, 2)", True),
        ("t(m, id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (2, 1, 7), (3, 5, 7)", True),
        ("t(m); INSERT INTO t VALUES (3), (2)", True),
        ("t(id INTEGER PRIMARY KEY, m); INSERT INTO t VALUES (5, 2), (1, 3)", False),
        ("t(id INTEGER PRIMARY KEY, m); INSERT INTO t VALUES (5, 3)", False),
        ("t(id INTEGER PRIMARY KEY, m TEXT); INSERT INTO t VALUES (5, 3), (1, 2)", False),
        ("u(m); INSERT INTO u VALUES (3), (2)", False),
    ],
)
def test_a_column_has_the_values_of_another_one_if_each_row_does(new: str, same: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as old, closing(sqlite3.connect(":memory:")) as conn:
        old.executescript(OLD)
        conn.executescript(f"CREATE TABLE {new}")
        assert has_values_of(old, conn, ("t", "m"), ("old", "b")) is same


def test_values_that_are_all_one_prove_nothing() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(f"{OLD} UPDATE old SET b = 1; CREATE TABLE t AS SELECT * FROM old")
        assert not has_values_of(conn, conn, ("t", "b"), ("old", "b"))
        assert has_values_of(conn, conn, ("t", "a"), ("old", "a"))
