"""Indexes (lang_createindex, partialindex, expridx)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal

T = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b TEXT COLLATE NOCASE);"
ROWS = "INSERT INTO t VALUES(1, 'x', 'x'); INSERT INTO t VALUES(2, 'x', 'X'); SELECT * FROM t"


def same(name: str, upgraded: str, fresh: str) -> Pair:
    return equal(name, f"CREATE {upgraded}", f"CREATE {fresh}", given=T)


def other(name: str, upgraded: str, fresh: str, part: str) -> Pair:
    return different(name, f"CREATE {upgraded}", f"CREATE {fresh}", "index i", part, given=T)


PAIRS = (
    same("IF NOT EXISTS", "INDEX IF NOT EXISTS i ON t(a)", "INDEX i ON t(a)"),
    same("the schema's name", "INDEX main.i ON t(a)", "INDEX i ON t(a)"),
    same("names in quotes", 'INDEX "i" ON [t](`a`, "b")', "INDEX i ON t(a, b)"),
    same("a column in single quotes", "INDEX 'i' ON 't'('a')", "INDEX i ON t(a)"),
    same("a reference's letter case", "INDEX i ON T(A, B)", "INDEX i ON t(a, b)"),
    same("ASC", "INDEX i ON t(a ASC, b asc)", "INDEX i ON t(a, b)"),
    same("a column's own collation", "INDEX i ON t(b COLLATE nocase)", "INDEX i ON t(b)"),
    same("COLLATE BINARY", "INDEX i ON t(a COLLATE BINARY)", "INDEX i ON t(a)"),
    same("a column in parentheses", "INDEX i ON t((a))", "INDEX i ON t(a)"),
    same("blanks and comments", "INDEX i /* on u(b) */ ON t ( a -- , b\n )", "INDEX i ON t(a)"),
    same(
        "an expression's spelling", 'INDEX i ON t(LOWER( "a" ) DESC)', "INDEX i ON t(lower(a) DESC)"
    ),
    same("an expression in parentheses", "INDEX i ON t((a + 1))", "INDEX i ON t(a+1)"),
    same("ASC of an expression", "INDEX i ON t(a || b ASC)", "INDEX i ON t(a || b)"),
    same(
        "a condition in parentheses",
        "INDEX i ON t(a) WHERE ((a) IS NOT NULL)",
        "INDEX i ON t(a) WHERE a IS NOT NULL",
    ),
    same(
        "a condition's spelling",
        "INDEX i ON t(a) where A!=1 and \"b\"=='x'",
        "INDEX i ON t(a) WHERE a <> 1 AND b = 'x'",
    ),
    same(
        "a double-quoted string",
        'INDEX i ON t(a) WHERE a = "open"',
        "INDEX i ON t(a) WHERE a = 'open'",
    ),
    same(
        "a double-quoted string in an expression",
        'INDEX i ON t(a || "-")',
        "INDEX i ON t(a || '-')",
    ),
    same(
        "a double-quoted collation",
        'INDEX i ON t(a COLLATE "RTRIM")',
        "INDEX i ON t(a COLLATE RTRIM)",
    ),
    same("the rowid by its column", "INDEX i ON t(a, id)", 'INDEX i ON t("a", "ID")'),
    other("a column", "INDEX i ON t(a)", "INDEX i ON t(b)", "columns"),
    other("a column more", "INDEX i ON t(a, b)", "INDEX i ON t(a)", "columns"),
    other("the order", "INDEX i ON t(a, b)", "INDEX i ON t(b, a)", "columns"),
    other("a direction", "INDEX i ON t(a DESC)", "INDEX i ON t(a)", "columns"),
    other("the second direction", "INDEX i ON t(a, b DESC)", "INDEX i ON t(a DESC, b)", "columns"),
    other("a collation", "INDEX i ON t(a COLLATE NOCASE)", "INDEX i ON t(a)", "columns"),
    other(
        "BINARY against the column's collation",
        "INDEX i ON t(b COLLATE BINARY)",
        "INDEX i ON t(b)",
        "columns",
    ),
    other("UNIQUE", "UNIQUE INDEX i ON t(a)", "INDEX i ON t(a)", "unique"),
    other("a condition", "INDEX i ON t(a) WHERE a > 1", "INDEX i ON t(a)", "WHERE"),
    other(
        "a condition's limit", "INDEX i ON t(a) WHERE a > 1", "INDEX i ON t(a) WHERE a > 2", "WHERE"
    ),
    other(
        "a condition's column",
        "INDEX i ON t(a) WHERE a > 1",
        "INDEX i ON t(a) WHERE b > 1",
        "WHERE",
    ),
    other(
        "a condition's string",
        "INDEX i ON t(a) WHERE a = 'X'",
        "INDEX i ON t(a) WHERE a = 'x'",
        "WHERE",
    ),
    other(
        "a condition's parentheses",
        "INDEX i ON t(a) WHERE (a OR b) AND a",
        "INDEX i ON t(a) WHERE a OR b AND a",
        "WHERE",
    ),
    other(
        "a name or a string in a condition",
        'INDEX i ON t(a) WHERE a = "b"',
        "INDEX i ON t(a) WHERE a = 'b'",
        "WHERE",
    ),
    other("an expression", "INDEX i ON t(lower(a))", "INDEX i ON t(upper(a))", "columns"),
    other("an expression and its column", "INDEX i ON t(lower(a))", "INDEX i ON t(a)", "columns"),
    other(
        "an expression's direction", "INDEX i ON t(a + 1 DESC)", "INDEX i ON t(a + 1)", "columns"
    ),
    other(
        "an expression's collation",
        "INDEX i ON t(lower(a) COLLATE NOCASE)",
        "INDEX i ON t(lower(a))",
        "columns",
    ),
    other(
        "an expression's number",
        "INDEX i ON t(substr(a, 1))",
        "INDEX i ON t(substr(a, 2))",
        "columns",
    ),
    other(
        "a double-quoted word that is no column", 'INDEX i ON t("zz")', "INDEX i ON t(a)", "columns"
    ),
    other(
        "two double-quoted words that are no columns",
        'INDEX i ON t("zz")',
        'INDEX i ON t("ZZ")',
        "columns",
    ),
    other("the position of the rowid", "INDEX i ON t(id, a)", "INDEX i ON t(a, id)", "columns"),
    different(
        "a name's letter case",
        "CREATE INDEX I ON t(a)",
        "CREATE INDEX i ON t(a)",
        "index I",
        "name",
        given=T,
    ),
    different("an index", "CREATE INDEX i ON t(a)", "", "index i", given=T),
    different(
        "another name", "CREATE INDEX i ON t(a)", "CREATE INDEX j ON t(a)", "index j", given=T
    ),
    different(
        "twice under two names",
        "CREATE INDEX i ON t(a); CREATE INDEX j ON t(a)",
        "CREATE INDEX i ON t(a)",
        "index j",
        given=T,
    ),
    different(
        "another table",
        "CREATE INDEX i ON t(a)",
        "CREATE INDEX i ON u(a)",
        "index i",
        "table",
        given=T + "CREATE TABLE u(a);",
    ),
    different(
        "a unique index over rows it refuses",
        "CREATE UNIQUE INDEX i ON t(a) WHERE b = 'x'",
        "CREATE UNIQUE INDEX i ON t(a) WHERE b = 'x' AND id > 1",
        "index i",
        "WHERE",
        given=T,
        probe=ROWS,
    ),
    different(
        "an index with WHERE in a comment only",
        "CREATE INDEX i ON t(a) -- WHERE a > 1\n",
        "CREATE INDEX i ON t(a) WHERE a > 1",
        "index i",
        "WHERE",
        given=T,
    ),
    different(
        "an index on a shadow table",
        "CREATE INDEX i ON f_content(c0)",
        "",
        "index i",
        given="CREATE VIRTUAL TABLE f USING fts5(x);",
    ),
    equal(
        "indexes in another order",
        "CREATE INDEX i ON t(a); CREATE INDEX j ON t(b)",
        "CREATE INDEX j ON t(b); CREATE INDEX i ON t(a)",
        given=T,
        ruling="objects have no order",
    ),
    equal("an index dropped again", "CREATE INDEX i ON t(a); DROP INDEX i", "", given=T),
    equal(
        "REINDEX and ANALYZE",
        "CREATE INDEX i ON t(a); REINDEX; ANALYZE",
        "CREATE INDEX i ON t(a)",
        given=T,
        ruling="statistics are no part of a schema",
    ),
)
