"""The SQL that a difference names makes the upgraded database like the fresh one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product

import pytest
from pytest_pmd_migrations.schema import Schema, compare, read_schema

from tests.every import as_parameters, for_every, holds_for_every
from tests.unit.plugin.schema.made_schemas import schema
from tests.unit.plugin.schema.rulings import DIFFERENT

WORDS = ("needs a table rebuild", "drop it, create it and fill it again")
ADDED = "CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN SELECT 1; END;"
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


FIRST = [
    "",
    "CREATE VIEW v AS SELECT a FROM t;",
    "CREATE VIEW V AS SELECT 1 AS a FROM t;",
    "CREATE TABLE v(a);",
]
SECOND = ["", "CREATE VIEW w AS SELECT a FROM t;", "CREATE TABLE w(a);"]
FIRED = [
    "INSTEAD OF INSERT ON v",
    "INSTEAD OF UPDATE OF a ON v",
    "INSTEAD OF INSERT ON w",
    "AFTER INSERT ON v",
    "AFTER INSERT ON t",
]
OWNED = {
    "a trigger": ["", *(f"CREATE TRIGGER r {on} BEGIN SELECT 1; END;" for on in FIRED)],
    "an index": ["", *(f"CREATE INDEX i ON {table}(a);" for table in "tvw")],
}


def made_of(*statements: str) -> tuple[str, Schema] | None:
    """The SQL of a database and its schema; None where SQLite refuses it."""
    script = "CREATE TABLE t(a);" + "".join(statements)
    try:
        return script, schema(script)
    except sqlite3.Error:
        return None


@pytest.mark.parametrize("owned", as_parameters(OWNED))
def test_what_belongs_to_a_view_or_moved_elsewhere_is_mended_in_one_run(owned: list[str]) -> None:
    """On either side, each of two views is there, another one, a table or missing."""
    every = [made_of(*parts) for parts in product(FIRST, SECOND, owned)]
    there = [one for one in every if one is not None]
    assert len(there) > 20
    for (upgraded, had), (fresh, wanted) in product(there, there):
        found = compare(had, wanted).differences
        assert None not in [one.sql for one in found], (upgraded, fresh)
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.executescript(upgraded)
            for sql in dict.fromkeys(one.sql for one in found if one.sql):
                conn.executescript(sql)
            assert not compare(read_schema(conn), wanted), (upgraded, fresh)


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
        (
            "",
            f"CREATE VIEW v AS SELECT 1 AS a; {ADDED}",
            f"CREATE VIEW v AS SELECT 1 AS a; {ADDED}",
        ),
        (
            f"CREATE VIEW v AS SELECT 2 AS a; {ADDED}",
            f"CREATE VIEW v AS SELECT 1 AS a; {ADDED}",
            f"DROP VIEW v; CREATE VIEW v AS SELECT 1 AS a; {ADDED}",
        ),
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
