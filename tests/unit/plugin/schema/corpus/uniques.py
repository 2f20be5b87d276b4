"""UNIQUE constraints (lang_createtable)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal

REPEATED = "a UNIQUE that repeats the primary key adds nothing but an index"
ID = "CREATE TABLE t(id INTEGER PRIMARY KEY, a)"

PAIRS = (
    equal(
        "a UNIQUE that repeats a key",
        "CREATE TABLE t(a TEXT PRIMARY KEY UNIQUE)",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    equal(
        "a UNIQUE that repeats a rowid alias",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, UNIQUE(id))",
        ID,
        ruling=REPEATED,
    ),
    equal(
        "a UNIQUE that repeats a key WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b), UNIQUE(a, b)) WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID",
    ),
    equal(
        "a UNIQUE that stands before the key it repeats",
        "CREATE TABLE t(a, UNIQUE(a), PRIMARY KEY(a))",
        "CREATE TABLE t(a PRIMARY KEY)",
    ),
    different(
        "a UNIQUE over a key's columns in another order",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b), UNIQUE(b, a))",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b))",
        "unique constraint t(b, a)",
    ),
    different(
        "a UNIQUE over a part of the key",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b), UNIQUE(a))",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b))",
        "unique constraint t(a)",
    ),
    equal(
        "a UNIQUE at the column and after it",
        "CREATE TABLE t(a, b UNIQUE)",
        "CREATE TABLE t(a, b, UNIQUE(b))",
    ),
    equal("a UNIQUE twice", "CREATE TABLE t(a UNIQUE, UNIQUE(a))", "CREATE TABLE t(a UNIQUE)"),
    equal(
        "a UNIQUE's name",
        "CREATE TABLE t(a, CONSTRAINT only UNIQUE(a))",
        "CREATE TABLE t(a UNIQUE)",
    ),
    equal(
        "UNIQUEs in another order",
        "CREATE TABLE t(a, b, UNIQUE(a), UNIQUE(b))",
        "CREATE TABLE t(a, b, UNIQUE(b), UNIQUE(a))",
        ruling="constraints have no order",
    ),
    equal(
        "UNIQUEs without a comma",
        "CREATE TABLE t(a, b, UNIQUE(a) UNIQUE(b))",
        "CREATE TABLE t(a, b, UNIQUE(a), UNIQUE(b))",
    ),
    different(
        "a UNIQUE", "CREATE TABLE t(a UNIQUE)", "CREATE TABLE t(a)", "unique constraint t(a)"
    ),
    different(
        "one UNIQUE over two, or two",
        "CREATE TABLE t(a, b, UNIQUE(a, b))",
        "CREATE TABLE t(a UNIQUE, b UNIQUE)",
        "unique constraint t(a, b)",
    ),
    different(
        "a UNIQUE's order",
        "CREATE TABLE t(a, b, UNIQUE(a, b))",
        "CREATE TABLE t(a, b, UNIQUE(b, a))",
        "unique constraint t(a, b)",
    ),
    different(
        "a UNIQUE's collation",
        "CREATE TABLE t(a, UNIQUE(a COLLATE NOCASE))",
        "CREATE TABLE t(a UNIQUE)",
        "unique constraint t(a)",
    ),
    different(
        "a UNIQUE's direction",
        "CREATE TABLE t(a, UNIQUE(a DESC))",
        "CREATE TABLE t(a, UNIQUE(a))",
        "unique constraint t(a)",
    ),
    different(
        "a UNIQUE and a unique index",
        "CREATE TABLE t(a UNIQUE)",
        "CREATE TABLE t(a); CREATE UNIQUE INDEX i ON t(a)",
        "index i",
    ),
    different(
        "a UNIQUE with and without a unique index",
        "CREATE TABLE t(a UNIQUE); CREATE UNIQUE INDEX i ON t(a)",
        "CREATE TABLE t(a UNIQUE)",
        "index i",
    ),
)
