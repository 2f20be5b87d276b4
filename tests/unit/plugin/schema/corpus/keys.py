"""Keys, rowid aliases, table options (rowidtable, autoinc, withoutrowid, stricttables)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal, order

ID = "CREATE TABLE t(id INTEGER PRIMARY KEY, a)"

PAIRS = (
    equal(
        "a rowid alias declared after the columns",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id))",
        ID,
    ),
    equal(
        "a rowid alias, descending after the columns",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id DESC))",
        ID,
    ),
    equal(
        "a rowid alias, ascending at the column",
        "CREATE TABLE t(id INTEGER PRIMARY KEY ASC, a)",
        ID,
    ),
    equal("a rowid alias in small letters", "CREATE TABLE t(id integer primary key, a)", ID),
    equal(
        "a rowid alias whose type is in quotes", 'CREATE TABLE t(id "INTEGER" PRIMARY KEY, a)', ID
    ),
    equal(
        "a rowid alias with comments",
        "CREATE TABLE t(id /* INT */ INTEGER/**/PRIMARY/**/KEY, a)",
        ID,
    ),
    equal("a named key", "CREATE TABLE t(id INTEGER CONSTRAINT pk PRIMARY KEY, a)", ID),
    equal(
        "a rowid alias with a collation",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id COLLATE NOCASE))",
        ID,
    ),
    equal(
        "a key's column in single quotes", "CREATE TABLE t(id INTEGER, a, PRIMARY KEY('id'))", ID
    ),
    different(
        "a column-level INTEGER PRIMARY KEY DESC is no alias",
        "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a)",
        ID,
        "column t.id",
        "primary key",
    ),
    different(
        "INTEGER PRIMARY KEY DESC, column against table",
        "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a)",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id DESC))",
        "column t.id",
        "primary key",
    ),
    different(
        "INTEGER PRIMARY KEY DESC and a text's key",
        "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a)",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(a))",
        "column t.a",
        "primary key",
    ),
    different(
        "INT PRIMARY KEY is no alias",
        "CREATE TABLE t(id INT PRIMARY KEY, a)",
        ID,
        "column t.id",
        "primary key",
    ),
    different(
        "BIGINT PRIMARY KEY is no alias",
        "CREATE TABLE t(id BIGINT PRIMARY KEY, a)",
        ID,
        "column t.id",
        "primary key",
    ),
    different(
        "INTEGER(8) PRIMARY KEY is no alias",
        "CREATE TABLE t(id INTEGER(8) PRIMARY KEY, a)",
        ID,
        "column t.id",
        "primary key",
    ),
    different(
        "INTEGER PRIMARY KEY WITHOUT ROWID is no alias",
        ID + " WITHOUT ROWID",
        ID,
        "column t.id",
        "primary key",
    ),
    different(
        "a composite key is no alias",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id, a))",
        ID,
        "column t.a",
        "primary key",
    ),
    different(
        "UNIQUE NOT NULL is no key",
        "CREATE TABLE t(id INTEGER UNIQUE NOT NULL, a)",
        ID,
        "column t.id",
        "primary key",
    ),
    equal(
        "a text key declared after the columns",
        "CREATE TABLE t(a TEXT, PRIMARY KEY(a))",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    equal(
        "a key's collation is the column's",
        "CREATE TABLE t(a COLLATE NOCASE, PRIMARY KEY(a COLLATE NOCASE))",
        "CREATE TABLE t(a COLLATE NOCASE PRIMARY KEY)",
    ),
    equal(
        "ASC in a key",
        "CREATE TABLE t(a, b, PRIMARY KEY(a ASC, b))",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b ASC))",
    ),
    different(
        "a key's order",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b))",
        "CREATE TABLE t(a, b, PRIMARY KEY(b, a))",
        "table t",
        "primary key",
    ),
    different(
        "a key's direction",
        "CREATE TABLE t(a TEXT PRIMARY KEY DESC)",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
        "table t",
        "primary key",
    ),
    different(
        "a key's direction WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b DESC)) WITHOUT ROWID",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID",
        "table t",
        "primary key",
    ),
    different(
        "a key's collation",
        "CREATE TABLE t(a TEXT, PRIMARY KEY(a COLLATE NOCASE))",
        "CREATE TABLE t(a TEXT, PRIMARY KEY(a))",
        "table t",
        "primary key",
    ),
    different(
        "a key's extent",
        "CREATE TABLE t(a, b, PRIMARY KEY(a))",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b))",
        "table t",
        "primary key",
    ),
    different(
        "a key or none",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
        "CREATE TABLE t(a TEXT)",
        "table t",
        "primary key",
    ),
    different(
        "a key or a UNIQUE",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
        "CREATE TABLE t(a TEXT UNIQUE)",
        "table t",
        "primary key",
    ),
    different(
        "another column is the key",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b TEXT)",
        "CREATE TABLE t(a TEXT, b TEXT PRIMARY KEY)",
        "table t",
        "primary key",
    ),
    different(
        "AUTOINCREMENT",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
        ID,
        "table t",
        "AUTOINCREMENT",
    ),
    different(
        "AUTOINCREMENT after the columns",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id AUTOINCREMENT))",
        ID,
        "table t",
        "AUTOINCREMENT",
    ),
    equal(
        "AUTOINCREMENT at the column and after it",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id AUTOINCREMENT))",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
    ),
    equal(
        "AUTOINCREMENT with a direction and blanks",
        "CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id DESC /* */ autoincrement))",
        "CREATE TABLE t(id INTEGER PRIMARY KEY ASC AUTOINCREMENT, a)",
    ),
    equal(
        "a column called autoincrement",
        'CREATE TABLE t(id INTEGER PRIMARY KEY, "autoincrement")',
        "CREATE TABLE t(id INTEGER PRIMARY KEY, [autoincrement])",
    ),
    different(
        "AUTOINCREMENT as a column's name only",
        'CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, "autoincrement")',
        'CREATE TABLE t(id INTEGER PRIMARY KEY, "autoincrement")',
        "table t",
        "AUTOINCREMENT",
    ),
    different(
        "AUTOINCREMENT in a comment only",
        "CREATE TABLE t(id INTEGER PRIMARY KEY /* AUTOINCREMENT */)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "table t",
        "AUTOINCREMENT",
    ),
    equal(
        "rows in sqlite_sequence",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a);"
        " INSERT INTO t VALUES(99, 1); DELETE FROM t",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
    ),
    equal(
        "sqlite_sequence of a table that is gone",
        "CREATE TABLE gone(id INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE gone;"
        " CREATE TABLE t(a)",
        "CREATE TABLE t(a)",
        ruling="sqlite_sequence stays for ever and means nothing by itself",
    ),
    different(
        "STRICT", "CREATE TABLE t(a INT) STRICT", "CREATE TABLE t(a INT)", "table t", "STRICT"
    ),
    different(
        "WITHOUT ROWID",
        "CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t(a PRIMARY KEY)",
        "table t",
        "WITHOUT ROWID",
    ),
    different(
        "WITHOUT ROWID in a comment only",
        "CREATE TABLE t(a PRIMARY KEY) /* WITHOUT ROWID */",
        "CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID",
        "table t",
        "WITHOUT ROWID",
    ),
    different(
        "STRICT beside WITHOUT ROWID",
        "CREATE TABLE t(a INT PRIMARY KEY) WITHOUT ROWID, STRICT",
        "CREATE TABLE t(a INT PRIMARY KEY) WITHOUT ROWID",
        "table t",
        "STRICT",
    ),
    equal(
        "table options in another order and case",
        "CREATE TABLE t(a INT PRIMARY KEY) strict,without  rowid",
        "CREATE TABLE t(a INT PRIMARY KEY) WITHOUT ROWID, STRICT",
    ),
    order(
        "columns of a composite key",
        "CREATE TABLE t(a, b, PRIMARY KEY(b, a))",
        "CREATE TABLE t(b, a, PRIMARY KEY(b, a))",
        "table t",
    ),
)
