"""Defaults of columns (lang_createtable, "The DEFAULT clause")."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal

TEXT = "another text that happens to mean the same today"

PAIRS = (
    equal(
        "DEFAULT NULL",
        "CREATE TABLE t(a DEFAULT NULL)",
        "CREATE TABLE t(a)",
        ruling="no default is NULL",
    ),
    equal(
        "DEFAULT (null)",
        "CREATE TABLE t(a DEFAULT ( null ))",
        "CREATE TABLE t(a)",
        ruling="no default is NULL",
    ),
    equal(
        "a default in parentheses", "CREATE TABLE t(a DEFAULT ((7)))", "CREATE TABLE t(a DEFAULT 7)"
    ),
    equal(
        "a bare word as default",
        "CREATE TABLE t(a DEFAULT open)",
        "CREATE TABLE t(a DEFAULT 'open')",
    ),
    equal(
        "a double-quoted default",
        'CREATE TABLE t(a DEFAULT "it\'s")',
        "CREATE TABLE t(a DEFAULT 'it''s')",
    ),
    equal(
        "a bracketed default", "CREATE TABLE t(a DEFAULT [x y])", "CREATE TABLE t(a DEFAULT 'x y')"
    ),
    equal("TRUE", "CREATE TABLE t(a DEFAULT TRUE)", "CREATE TABLE t(a DEFAULT true)"),
    equal(
        "a clock",
        "CREATE TABLE t(a DEFAULT current_date)",
        "CREATE TABLE t(a DEFAULT (CURRENT_DATE))",
    ),
    equal("an exponent's letter", "CREATE TABLE t(a DEFAULT 1E3)", "CREATE TABLE t(a DEFAULT 1e3)"),
    equal("a blob's letters", "CREATE TABLE t(a DEFAULT X'AB')", "CREATE TABLE t(a DEFAULT x'ab')"),
    equal(
        "blanks in a default",
        "CREATE TABLE t(a DEFAULT (strftime( '%s' , 'now' )))",
        "CREATE TABLE t(a DEFAULT (STRFTIME('%s','now')))",
    ),
    equal(
        "a comment in a default",
        "CREATE TABLE t(a DEFAULT (1 /* one */ + 2))",
        "CREATE TABLE t(a DEFAULT (1 + 2))",
    ),
    equal(
        "a default said twice: the last",
        "CREATE TABLE t(a DEFAULT 1 DEFAULT 2)",
        "CREATE TABLE t(a DEFAULT 2)",
    ),
    equal("a negative default", "CREATE TABLE t(a DEFAULT - 5)", "CREATE TABLE t(a DEFAULT (-5))"),
    different(
        "a default",
        "CREATE TABLE t(a DEFAULT 1)",
        "CREATE TABLE t(a DEFAULT 2)",
        "column t.a",
        "default",
    ),
    different(
        "1 and '1'",
        "CREATE TABLE t(a DEFAULT 1)",
        "CREATE TABLE t(a DEFAULT '1')",
        "column t.a",
        "default",
    ),
    different(
        "1 and 1.0",
        "CREATE TABLE t(a DEFAULT 1)",
        "CREATE TABLE t(a DEFAULT 1.0)",
        "column t.a",
        "default",
    ),
    different(
        "'null' and NULL",
        "CREATE TABLE t(a DEFAULT 'null')",
        "CREATE TABLE t(a)",
        "column t.a",
        "default",
    ),
    different(
        '"null" is a string',
        'CREATE TABLE t(a DEFAULT "null")',
        "CREATE TABLE t(a DEFAULT NULL)",
        "column t.a",
        "default",
    ),
    different(
        "the empty string",
        "CREATE TABLE t(a DEFAULT '')",
        "CREATE TABLE t(a)",
        "column t.a",
        "default",
    ),
    different(
        "the string 'true' and TRUE",
        "CREATE TABLE t(a DEFAULT 'true')",
        "CREATE TABLE t(a DEFAULT TRUE)",
        "column t.a",
        "default",
    ),
    different(
        'the string "true" in double quotes and TRUE',
        'CREATE TABLE t(a DEFAULT "true")',
        "CREATE TABLE t(a DEFAULT TRUE)",
        "column t.a",
        "default",
    ),
    different(
        "TRUE and 1",
        "CREATE TABLE t(a DEFAULT TRUE)",
        "CREATE TABLE t(a DEFAULT 1)",
        "column t.a",
        "default",
        ruling=TEXT,
    ),
    different(
        "a clock and its name",
        "CREATE TABLE t(a DEFAULT CURRENT_TIME)",
        "CREATE TABLE t(a DEFAULT 'CURRENT_TIME')",
        "column t.a",
        "default",
    ),
    different(
        "a string's letter case",
        "CREATE TABLE t(a DEFAULT 'New')",
        "CREATE TABLE t(a DEFAULT 'new')",
        "column t.a",
        "default",
    ),
    different(
        "blanks in a string",
        "CREATE TABLE t(a DEFAULT 'a b')",
        "CREATE TABLE t(a DEFAULT 'a  b')",
        "column t.a",
        "default",
    ),
    different(
        "a comment in a string",
        "CREATE TABLE t(a DEFAULT '/* x */')",
        "CREATE TABLE t(a DEFAULT '')",
        "column t.a",
        "default",
    ),
    different(
        "a blob and a string",
        "CREATE TABLE t(a DEFAULT x'61')",
        "CREATE TABLE t(a DEFAULT 'a')",
        "column t.a",
        "default",
    ),
    different(
        "a default's expression",
        "CREATE TABLE t(a DEFAULT (1 + 1))",
        "CREATE TABLE t(a DEFAULT 2)",
        "column t.a",
        "default",
        ruling=TEXT,
    ),
    different(
        "a plus",
        "CREATE TABLE t(a DEFAULT +1)",
        "CREATE TABLE t(a DEFAULT 1)",
        "column t.a",
        "default",
        ruling=TEXT,
    ),
)
