"""The SQL that a difference names makes the upgraded database like the fresh one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from pytest_pmd_migrations.schema import compare, read_schema

from tests.every import as_parameters, for_every, holds_for_every
from tests.unit.plugin.schema.made_schemas import schema
from tests.unit.plugin.schema.rulings import DIFFERENT

WORDS = ("needs a table rebuild", "drop it, create it and fill it again")
OBJECTS = {
    "a table with indexes and triggers": (
        "",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a);"
        " CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END",
    ),
    "a table named by a keyword": ('CREATE TABLE "order"(a)', 'CREATE TABLE "group"(a)'),
    "blanks and line ends in literals": (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE VIEW v AS SELECT 1 AS a",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a <> 'x  y';"
        " CREATE VIEW v AS SELECT 'x\n\ny' AS a",
    ),
    "blanks in a quoted name": ("", 'CREATE TABLE "a  b"([c  d], `e  f`)'),
}
OLD_COLUMNS = {
    "a column": ("CREATE TABLE t(a, b)", "CREATE TABLE t(a)"),
    "a column named by a keyword": ('CREATE TABLE t(a, "to")', "CREATE TABLE t(a)"),
    "a column of a key": ("CREATE TABLE t(a, b PRIMARY KEY)", "CREATE TABLE t(a)"),
    "a column that is unique": ("CREATE TABLE t(a, b UNIQUE)", "CREATE TABLE t(a)"),
    "a column that a check names": ("CREATE TABLE t(a, b, CHECK(b > a))", "CREATE TABLE t(a)"),
    "a column that a view names": (
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT b AS a FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t",
    ),
    "a column that another table's trigger names": (
        "CREATE TABLE u(x); CREATE TABLE t(a, b);"
        " CREATE TRIGGER r AFTER INSERT ON u BEGIN UPDATE t SET b = 1; END",
        "CREATE TABLE u(x); CREATE TABLE t(a);"
        " CREATE TRIGGER r AFTER INSERT ON u BEGIN UPDATE t SET a = 1; END",
    ),
    "a column that another table's trigger reads": (
        "CREATE TABLE u(x); CREATE TABLE t(a, b);"
        " CREATE TRIGGER r AFTER INSERT ON u BEGIN SELECT b FROM t; END",
        "CREATE TABLE u(x); CREATE TABLE t(a);"
        " CREATE TRIGGER r AFTER INSERT ON u BEGIN SELECT a FROM t; END",
    ),
    "a column that a generated one is made of": (
        "CREATE TABLE t(a, b, c AS (b))",
        "CREATE TABLE t(a, c AS (a))",
    ),
}
NEW_COLUMNS = {
    "a new column": ("CREATE TABLE t(a)", "CREATE TABLE t(a, b)"),
    "a new column with all that a column can have": (
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a, B varchar(3) NOT NULL ON CONFLICT FAIL DEFAULT 'It''s' COLLATE NOCASE)",
    ),
    "a new column in the middle": ("CREATE TABLE t(a)", "CREATE TABLE t(b, a)"),
    "a new column that needs a value": ("CREATE TABLE t(a)", "CREATE TABLE t(a, b NOT NULL)"),
    "a new column with the time": (
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a, b DEFAULT CURRENT_TIMESTAMP)",
    ),
    "two new columns": ("CREATE TABLE t(a)", "CREATE TABLE t(a, b, c)"),
}
PAIRS = {
    "a difference as it was ruled": DIFFERENT,
    "a difference the other way round": {name: pair[::-1] for name, pair in DIFFERENT.items()},
    "a whole object": OBJECTS,
    "a column that goes": OLD_COLUMNS,
    "a column that comes": NEW_COLUMNS,
}


@pytest.mark.parametrize("pairs", as_parameters(PAIRS))
def test_what_is_said_to_mend_mends(pairs: dict[str, tuple[str, str]]) -> None:
    holds_for_every(pairs, is_mended)


def is_mended(pair: tuple[str, str]) -> None:
    upgraded, fresh = pair
    wanted = schema(fresh)
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(upgraded)
        first = left = compare(read_schema(conn), wanted)
        # One mend may stand in the way of another: three rounds are enough.
        for _ in range(3):
            for sql in dict.fromkeys(found.sql for found in left.differences if found.sql):
                conn.executescript(sql)
            left = compare(read_schema(conn), wanted)
    assert {found.mend for found in left.differences} <= set(WORDS)
    assert len(left.differences) <= len(first.differences)
    for found in first.differences:
        assert found.sql == (None if found.mend in WORDS else found.mend)


@for_every(
    "upgraded, fresh, mend",
    [
        ("CREATE TABLE t(a, b)", "CREATE TABLE t(a)", "ALTER TABLE t DROP COLUMN b;"),
        ("CREATE TABLE t(a)", "CREATE TABLE t(a, b INT)", "ALTER TABLE t ADD COLUMN b INT;"),
        (
            "CREATE TABLE t(a)",
            "CREATE TABLE t(a, b TEXT COLLATE NOCASE)",
            "ALTER TABLE t ADD COLUMN b TEXT COLLATE NOCASE;",
        ),
        # In a table that has rows, SQLite adds no column whose default is no constant.
        (
            "CREATE TABLE t(a)",
            "CREATE TABLE t(a, b DEFAULT CURRENT_TIMESTAMP)",
            "needs a table rebuild",
        ),
        ("CREATE TABLE t(A)", "CREATE TABLE t(a)", "ALTER TABLE t RENAME COLUMN A TO a;"),
        ("CREATE TABLE t(a)", "CREATE TABLE t(b, a)", "needs a table rebuild"),
        ("CREATE TABLE t(a)", "CREATE TABLE t(a, b NOT NULL)", "needs a table rebuild"),
        ("CREATE TABLE t(a)", "CREATE TABLE t(a UNIQUE)", "needs a table rebuild"),
        ("CREATE TABLE t(a)", "CREATE TABLE t(a, CHECK(a))", "needs a table rebuild"),
        (
            "CREATE VIRTUAL TABLE f USING fts5(a)",
            "CREATE VIRTUAL TABLE f USING fts5(a, tokenize=porter)",
            "drop it, create it and fill it again",
        ),
    ],
)
def test_how_to_mend(upgraded: str, fresh: str, mend: str) -> None:
    [difference] = compare(schema(upgraded), schema(fresh)).differences
    assert difference.mend == mend
    assert difference.sql == (None if mend in WORDS else mend)
