"""Columns: declared type, NOT NULL, collation, order (lang_createtable, datatype3, quirks)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal, order

PAIRS = (
    equal(
        "a type in another letter case", "CREATE TABLE t(a integer)", "CREATE TABLE t(a INTEGER)"
    ),
    equal(
        "blanks in a type",
        "CREATE TABLE t(a VARCHAR (  10 ), b double \n precision)",
        "CREATE TABLE t(a VARCHAR(10), b double precision)",
    ),
    equal("a type in brackets", "CREATE TABLE t(a [TEXT])", "CREATE TABLE t(a TEXT)"),
    equal("a type in single quotes", "CREATE TABLE t(a 'TEXT')", "CREATE TABLE t(a TEXT)"),
    equal(
        "a comment between two words of a type",
        "CREATE TABLE t(a UNSIGNED /* , b INT */ BIG INT)",
        "CREATE TABLE t(a UNSIGNED BIG INT)",
    ),
    equal(
        "a comment after a type",
        "CREATE TABLE t(a TEXT -- not, a, column\n NOT NULL)",
        "CREATE TABLE t(a TEXT NOT NULL)",
    ),
    equal("a sign in a type", "CREATE TABLE t(a DEC( +5 , -2 ))", "CREATE TABLE t(a DEC(+5,-2))"),
    different(
        "INT and INTEGER",
        "CREATE TABLE t(a INT)",
        "CREATE TABLE t(a INTEGER)",
        "column t.a",
        "type",
    ),
    different("no type", "CREATE TABLE t(a)", "CREATE TABLE t(a BLOB)", "column t.a", "type"),
    different(
        "an affinity", "CREATE TABLE t(a TEXT)", "CREATE TABLE t(a REAL)", "column t.a", "type"
    ),
    different(
        "FLOATING POINT is an integer's affinity",
        "CREATE TABLE t(a FLOATING POINT)",
        "CREATE TABLE t(a FLOATING)",
        "column t.a",
        "type",
    ),
    different(
        "the length of a type",
        "CREATE TABLE t(a CHAR(1))",
        "CREATE TABLE t(a CHAR(2))",
        "column t.a",
        "type",
    ),
    different(
        "a word that joins the type",
        "CREATE TABLE t(a INT AUTO_INCREMENT)",
        "CREATE TABLE t(a INT)",
        "column t.a",
        "type",
    ),
    different(
        "ANY of a STRICT table keeps what it is given",
        "CREATE TABLE t(a ANY) STRICT",
        "CREATE TABLE t(a TEXT) STRICT",
        "column t.a",
        "type",
    ),
    different(
        "letters beyond ASCII in a type",
        "CREATE TABLE t(a STRASSE)",
        "CREATE TABLE t(a straße)",
        "column t.a",
        "type",
    ),
    equal("NULL allowed and said", "CREATE TABLE t(a INT NULL)", "CREATE TABLE t(a INT)"),
    equal(
        "NOT NULL ON CONFLICT ABORT",
        "CREATE TABLE t(a NOT NULL ON CONFLICT ABORT)",
        "CREATE TABLE t(a NOT NULL)",
    ),
    equal("NOT NULL twice", "CREATE TABLE t(a NOT NULL NOT NULL)", "CREATE TABLE t(a NOT NULL)"),
    equal(
        "the last NOT NULL decides",
        "CREATE TABLE t(a NOT NULL ON CONFLICT FAIL NOT NULL ON CONFLICT IGNORE)",
        "CREATE TABLE t(a NOT NULL ON CONFLICT IGNORE)",
    ),
    equal(
        "constraints of a column in another order",
        "CREATE TABLE t(a TEXT COLLATE NOCASE DEFAULT 'x' NOT NULL)",
        "CREATE TABLE t(a TEXT NOT NULL DEFAULT 'x' COLLATE NOCASE)",
    ),
    different(
        "NOT NULL", "CREATE TABLE t(a NOT NULL)", "CREATE TABLE t(a)", "column t.a", "NOT NULL"
    ),
    different(
        "NULL is no NOT NULL",
        "CREATE TABLE t(a NULL)",
        "CREATE TABLE t(a NOT NULL)",
        "column t.a",
        "NOT NULL",
    ),
    equal(
        "NOT NULL of a key WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID",
        "CREATE TABLE t(a NOT NULL, b NOT NULL, PRIMARY KEY(a, b)) WITHOUT ROWID",
    ),
    equal(
        "NOT NULL of a STRICT key",
        "CREATE TABLE t(a INT, b ANY, PRIMARY KEY(b, a)) STRICT",
        "CREATE TABLE t(a INT NOT NULL, b ANY NOT NULL, PRIMARY KEY(b, a)) STRICT",
        ruling="a STRICT key is never NULL",
    ),
    different(
        "NOT NULL of an ordinary key, which may be NULL",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
        "CREATE TABLE t(a TEXT PRIMARY KEY NOT NULL)",
        "column t.a",
        "NOT NULL",
    ),
    different(
        "NOT NULL of a rowid alias",
        "CREATE TABLE t(a INTEGER PRIMARY KEY NOT NULL)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
        "column t.a",
        "NOT NULL",
    ),
    equal("COLLATE BINARY", "CREATE TABLE t(a COLLATE BINARY)", "CREATE TABLE t(a)"),
    equal(
        "a collation's letter case",
        "CREATE TABLE t(a COLLATE nocase)",
        "CREATE TABLE t(a COLLATE NoCase)",
    ),
    equal(
        "a collation in quotes",
        "CREATE TABLE t(a COLLATE 'NOCASE', b COLLATE [RTRIM])",
        "CREATE TABLE t(a COLLATE NOCASE, b COLLATE RTRIM)",
    ),
    equal(
        "a collation said twice: the last",
        "CREATE TABLE t(a COLLATE RTRIM COLLATE NOCASE)",
        "CREATE TABLE t(a COLLATE NOCASE)",
    ),
    equal(
        "a collation after UNIQUE",
        "CREATE TABLE t(a UNIQUE COLLATE NOCASE)",
        "CREATE TABLE t(a COLLATE NOCASE UNIQUE)",
    ),
    different(
        "a collation",
        "CREATE TABLE t(a TEXT COLLATE NOCASE)",
        "CREATE TABLE t(a TEXT)",
        "column t.a",
        "collation",
        probe="INSERT INTO t VALUES('A'); SELECT a = 'a' FROM t",
    ),
    different(
        "another collation",
        "CREATE TABLE t(a TEXT COLLATE NOCASE)",
        "CREATE TABLE t(a TEXT COLLATE RTRIM)",
        "column t.a",
        "collation",
        probe="INSERT INTO t VALUES('A'); SELECT a = 'a' FROM t",
    ),
    different("a column more", "CREATE TABLE t(a, b)", "CREATE TABLE t(a)", "column t.b"),
    different("a column less", "CREATE TABLE t(a)", "CREATE TABLE t(a, b)", "column t.b"),
    different("another name", "CREATE TABLE t(a, b)", "CREATE TABLE t(a, c)", "column t.c"),
    different(
        "a name's letter case",
        "CREATE TABLE t(Name)",
        "CREATE TABLE t(name)",
        "column t.Name",
        "name",
    ),
    order("two columns swapped", "CREATE TABLE t(a, b)", "CREATE TABLE t(b, a)", "table t"),
    order(
        "columns between others",
        "CREATE TABLE t(a INT, b TEXT NOT NULL, c)",
        "CREATE TABLE t(a INT, c, b TEXT NOT NULL)",
        "table t",
    ),
    order(
        "the key last",
        "CREATE TABLE t(a, id INTEGER PRIMARY KEY)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a)",
        "table t",
    ),
    order(
        "columns of a STRICT table",
        "CREATE TABLE t(a INT, b TEXT) STRICT",
        "CREATE TABLE t(b TEXT, a INT) STRICT",
        "table t",
    ),
    order(
        "columns WITHOUT ROWID",
        "CREATE TABLE t(a PRIMARY KEY, b) WITHOUT ROWID",
        "CREATE TABLE t(b, a PRIMARY KEY) WITHOUT ROWID",
        "table t",
    ),
    different(
        "order, and a type",
        "CREATE TABLE t(a INT, b)",
        "CREATE TABLE t(b, a TEXT)",
        "column t.a",
        "type",
    ),
    different(
        "order, and a column more", "CREATE TABLE t(a, b, c)", "CREATE TABLE t(b, a)", "column t.c"
    ),
    different(
        "order, and another table",
        "CREATE TABLE t(a, b); CREATE TABLE u(x)",
        "CREATE TABLE t(b, a)",
        "table u",
    ),
)
