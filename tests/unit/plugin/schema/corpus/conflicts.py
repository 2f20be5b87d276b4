"""ON CONFLICT, wherever it may stand (lang_conflict, lang_createtable)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal

KINDS = ("ROLLBACK", "FAIL", "IGNORE", "REPLACE")
TWICE = "INSERT INTO t VALUES('x', 1); INSERT INTO t VALUES('x', 2); SELECT * FROM t"

PAIRS = (
    *(
        different(
            f"UNIQUE ON CONFLICT {kind}",
            f"CREATE TABLE t(a UNIQUE ON CONFLICT {kind})",
            "CREATE TABLE t(a UNIQUE)",
            "unique constraint t(a)",
            "ON CONFLICT",
        )
        for kind in KINDS
    ),
    *(
        different(
            f"NOT NULL ON CONFLICT {kind}",
            f"CREATE TABLE t(a NOT NULL ON CONFLICT {kind} DEFAULT 1)",
            "CREATE TABLE t(a NOT NULL DEFAULT 1)",
            "column t.a",
            "NOT NULL ON CONFLICT",
        )
        for kind in KINDS
    ),
    *(
        different(
            f"PRIMARY KEY ON CONFLICT {kind}",
            f"CREATE TABLE t(a TEXT PRIMARY KEY ON CONFLICT {kind}, b)",
            "CREATE TABLE t(a TEXT PRIMARY KEY, b)",
            "table t",
            "primary key ON CONFLICT",
            probe=TWICE,
        )
        for kind in KINDS
    ),
    *(
        different(
            f"INTEGER PRIMARY KEY ON CONFLICT {kind}",
            f"CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id) ON CONFLICT {kind})",
            "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id))",
            "table t",
            "primary key ON CONFLICT",
            probe="INSERT INTO t VALUES(1, 1); INSERT INTO t VALUES(1, 2); SELECT * FROM t",
        )
        for kind in KINDS
    ),
    different(
        "one resolution and another",
        "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE)",
        "CREATE TABLE t(a UNIQUE ON CONFLICT REPLACE)",
        "unique constraint t(a)",
        "ON CONFLICT",
    ),
    different(
        "a resolution after the columns",
        "CREATE TABLE t(a, b, UNIQUE(a, b) ON CONFLICT REPLACE)",
        "CREATE TABLE t(a, b, UNIQUE(a, b))",
        "unique constraint t(a, b)",
        "ON CONFLICT",
    ),
    different(
        "a resolution WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a) ON CONFLICT REPLACE) WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a)) WITHOUT ROWID",
        "table t",
        "primary key ON CONFLICT",
    ),
    different(
        "which of two UNIQUEs ignores",
        "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE, b UNIQUE)",
        "CREATE TABLE t(a UNIQUE, b UNIQUE ON CONFLICT IGNORE)",
        "unique constraint t(a)",
        "ON CONFLICT",
    ),
    different(
        "which of two collations replaces",
        "CREATE TABLE t(a, UNIQUE(a COLLATE NOCASE) ON CONFLICT REPLACE, UNIQUE(a))",
        "CREATE TABLE t(a, UNIQUE(a COLLATE NOCASE), UNIQUE(a) ON CONFLICT REPLACE)",
        "unique constraint t(a)",
        "ON CONFLICT",
    ),
    different(
        "a collation's UNIQUE beside a replacing one",
        "CREATE TABLE t(a COLLATE NOCASE, UNIQUE(a COLLATE BINARY) ON CONFLICT REPLACE, UNIQUE(a))",
        "CREATE TABLE t(a COLLATE NOCASE, UNIQUE(a COLLATE BINARY), UNIQUE(a) ON CONFLICT REPLACE)",
        "unique constraint t(a collate nocase)",
        "ON CONFLICT",
    ),
    different(
        "a key beside a UNIQUE with a collation",
        "CREATE TABLE t(a TEXT PRIMARY KEY, UNIQUE(a COLLATE NOCASE) ON CONFLICT IGNORE)",
        "CREATE TABLE t(a TEXT PRIMARY KEY ON CONFLICT IGNORE, UNIQUE(a COLLATE NOCASE))",
        "table t",
        "primary key ON CONFLICT",
    ),
    different(
        "a UNIQUE that repeats the rowid and replaces",
        "CREATE TABLE t(id INTEGER PRIMARY KEY UNIQUE ON CONFLICT REPLACE)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY)",
        "unique constraint t(id)",
    ),
    equal(
        "ABORT is what happens anyhow",
        "CREATE TABLE t(a UNIQUE ON CONFLICT ABORT, b NOT NULL ON CONFLICT ABORT,"
        " PRIMARY KEY(b) ON CONFLICT ABORT)",
        "CREATE TABLE t(a UNIQUE, b NOT NULL PRIMARY KEY)",
        ruling="constraints have no order",
    ),
    equal(
        "a resolution at the column and after it",
        "CREATE TABLE t(a UNIQUE ON CONFLICT FAIL)",
        "CREATE TABLE t(a, unique(A) on conflict fail)",
    ),
    equal(
        "a resolution said once for two equal UNIQUEs",
        "CREATE TABLE t(a UNIQUE, UNIQUE(a) ON CONFLICT REPLACE)",
        "CREATE TABLE t(a UNIQUE ON CONFLICT REPLACE)",
    ),
    equal(
        "a resolution that a repeated key brings",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b, UNIQUE(a) ON CONFLICT REPLACE)",
        "CREATE TABLE t(a TEXT PRIMARY KEY ON CONFLICT REPLACE, b)",
    ),
    equal(
        "a CHECK's resolution, which SQLite ignores",
        "CREATE TABLE t(a, CHECK(a > 0) ON CONFLICT IGNORE)",
        "CREATE TABLE t(a, CHECK(a > 0))",
    ),
    equal(
        "a NULL's resolution, which SQLite ignores",
        "CREATE TABLE t(a NULL ON CONFLICT REPLACE)",
        "CREATE TABLE t(a)",
    ),
    equal(
        "a resolution and a comment",
        "CREATE TABLE t(a UNIQUE ON /* the */ CONFLICT\nIGNORE)",
        "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE)",
    ),
    different(
        "a resolution in a comment only",
        "CREATE TABLE t(a UNIQUE /* ON CONFLICT IGNORE */)",
        "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE)",
        "unique constraint t(a)",
        "ON CONFLICT",
    ),
    different(
        "the resolution of a trigger's statement",
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT OR IGNORE INTO u VALUES(new.a); END",
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT OR REPLACE INTO u VALUES(new.a); END",
        "trigger r",
        "body",
        given="CREATE TABLE t(a); CREATE TABLE u(a UNIQUE);",
    ),
)
