"""Generated columns (gencol.html)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal, order


def same(name: str, upgraded: str, fresh: str = "b INT AS (a + 1)") -> Pair:
    return equal(name, f"CREATE TABLE t(a INT, {upgraded})", f"CREATE TABLE t(a INT, {fresh})")


def other(name: str, upgraded: str, fresh: str, part: str) -> Pair:
    tables = f"CREATE TABLE t(a INT, {upgraded})", f"CREATE TABLE t(a INT, {fresh})"
    return different(name, *tables, "column t.b", part)


PAIRS = (
    same("GENERATED ALWAYS", "b INT GENERATED ALWAYS AS (a + 1)"),
    same("VIRTUAL", "b INT AS (a + 1) VIRTUAL"),
    same("small letters", "b int generated always as (a+1) virtual"),
    same("parentheses", "b INT AS (((a) + 1))"),
    same("a name in quotes", 'b INT AS ("a" + 1)'),
    same("a reference's letter case", "b INT AS (A + 1)"),
    same("comments", "b INT AS (a /* + 2 */ + 1 -- \n)"),
    same("a double-quoted string", 'b AS (a || "x")', "b AS (a || 'x')"),
    same("NOT NULL before and after", "b NOT NULL AS (a + 1)", "b AS (a + 1) NOT NULL"),
    same("a column that comes later", 'b AS ("c"), c', "b AS (c), c"),
    other("an expression", "b AS (a + 1)", "b AS (a + 2)", "expression"),
    other("an operator", "b AS (a + 1)", "b AS (a - 1)", "expression"),
    other("STORED", "b AS (a + 1) STORED", "b AS (a + 1)", "generated"),
    other("STORED and VIRTUAL", "b AS (a + 1) STORED", "b AS (a + 1) VIRTUAL", "generated"),
    other("generated or not", "b INT AS (a + 1)", "b INT", "generated"),
    other("a generated column's type", "b INT AS (a + 1)", "b TEXT AS (a + 1)", "type"),
    other("a generated column without a type", "b AS (a + 1)", "b INT AS (a + 1)", "type"),
    other("NOT NULL", "b AS (a + 1) NOT NULL", "b AS (a + 1)", "NOT NULL"),
    other("a name and a string", 'b AS ("a")', "b AS ('a')", "expression"),
    other("a string's letter case", "b AS (a || 'X')", "b AS (a || 'x')", "expression"),
    other("a default is not generated", "b DEFAULT 1", "b AS (1)", "generated"),
    different(
        "a generated column more",
        "CREATE TABLE t(a INT, b AS (a))",
        "CREATE TABLE t(a INT)",
        "column t.b",
    ),
    different(
        "a UNIQUE on a generated column",
        "CREATE TABLE t(a, b AS (a) UNIQUE)",
        "CREATE TABLE t(a, b AS (a))",
        "unique constraint t(b)",
    ),
    different(
        "an index on a generated column",
        "CREATE INDEX i ON t(b)",
        "CREATE INDEX i ON t(a)",
        "index i",
        "columns",
        given="CREATE TABLE t(a, b AS (a));",
    ),
    different(
        "a collation of a generated column",
        "CREATE TABLE t(a, b TEXT COLLATE NOCASE AS (a))",
        "CREATE TABLE t(a, b TEXT AS (a))",
        "column t.b",
        "collation",
        probe="INSERT INTO t VALUES('A'); SELECT b = 'a' FROM t",
    ),
    order(
        "a generated column first",
        "CREATE TABLE t(b AS (a), a)",
        "CREATE TABLE t(a, b AS (a))",
        "table t",
    ),
)
