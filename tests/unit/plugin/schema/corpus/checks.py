"""CHECK constraints (lang_createtable, lang_expr, quirks)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal


def same(name: str, upgraded: str, fresh: str, ruling: str = "") -> Pair:
    tables = f"CREATE TABLE t(a, b, {upgraded})", f"CREATE TABLE t(a, b, {fresh})"
    return equal(name, *tables, ruling=ruling)


def other(name: str, upgraded: str, fresh: str, at: str, part: str = "", probe: str = "") -> Pair:
    tables = f"CREATE TABLE t(a, b, {upgraded})", f"CREATE TABLE t(a, b, {fresh})"
    return different(name, *tables, f"check t: {at}", part, probe=probe)


PAIRS = (
    same(
        "keywords in small letters",
        "check(a is not null and b between 1 and 2)",
        "CHECK(a IS NOT NULL AND b BETWEEN 1 AND 2)",
    ),
    same("no blanks", "CHECK(a>0 AND(b)<=2)", "CHECK(a > 0 AND b <= 2)"),
    same("comments", "CHECK(a /* > 1 */ > -- two\n 2)", "CHECK(a > 2)"),
    same(
        "a comment that is not closed but by the end of the line",
        "CHECK(a > 0 -- )\n)",
        "CHECK(a > 0)",
    ),
    same("equality written with ==", "CHECK(a == b)", "CHECK(a = b)"),
    same("inequality written with !=", "CHECK(a != b)", "CHECK(a <> b)"),
    same("parentheses round everything", "CHECK(((a > b)))", "CHECK(a > b)"),
    same(
        "parentheses that precedence makes",
        "CHECK((a * 2) + b > (b - 1))",
        "CHECK(a * 2 + b > b - 1)",
    ),
    same(
        "parentheses round OR's sides",
        "CHECK((a > 1 AND b > 1) OR (a = 0))",
        "CHECK(a > 1 AND b > 1 OR a = 0)",
    ),
    same("parentheses in a list", "CHECK(a IN ((1), (2)))", "CHECK(a IN (1, 2))"),
    same("parentheses in a call", "CHECK(max((a), (b + 1)) > 2)", "CHECK(max(a, b + 1) > 2)"),
    same("names in four quotings", 'CHECK("a" > [b] AND `a` < 9)', "CHECK(a > b AND a < 9)"),
    same("a reference's letter case", "CHECK(A > B)", "CHECK(a > b)"),
    same("a function's letter case", "CHECK(LENGTH(a) > 2)", "CHECK(length(a) > 2)"),
    same("a double-quoted string", 'CHECK(a <> "none")', "CHECK(a <> 'none')"),
    same("double-quoted strings in a list", 'CHECK(a IN ("x", "Y"))', "CHECK(a IN ('x', 'Y'))"),
    same("a double-quoted string beside a name", 'CHECK("a" <> "c")', "CHECK(a <> 'c')"),
    same("a table's name before a column's", 'CHECK("t"."a" > 0)', "CHECK(t.a > 0)"),
    same("the rowid in double quotes", 'CHECK("rowid" > 0)', "CHECK(rowid > 0)"),
    same(
        "a collation in quotes",
        "CHECK(a COLLATE 'NOCASE' <> 'x')",
        "CHECK(a COLLATE nocase <> 'x')",
    ),
    same("a quoted function", 'CHECK("length"(a) > 0)', "CHECK(length(a) > 0)"),
    same("hexadecimal digits", "CHECK(a < 0XFF)", "CHECK(a < 0xff)"),
    same(
        "a CASE in parentheses",
        "CHECK((CASE WHEN (a > 1) THEN (b) ELSE 0 END))",
        "CHECK(CASE WHEN a > 1 THEN b ELSE 0 END)",
    ),
    same(
        "checks in another order",
        "CHECK(a > 0), CHECK(b > 0)",
        "CHECK(b > 0), CHECK(a > 0)",
        "constraints have no order",
    ),
    same("checks without a comma", "CHECK(a > 0) CHECK(b > 0)", "CHECK(a > 0), CHECK(b > 0)"),
    same("a name in quotes", 'CONSTRAINT "ok" CHECK(a > 0)', "CONSTRAINT ok CHECK(a > 0)"),
    same(
        "a name said twice: the last",
        "CONSTRAINT one CONSTRAINT two CHECK(a)",
        "CONSTRAINT two CHECK(a)",
    ),
    equal(
        "a check at the column and after it",
        "CREATE TABLE t(a CHECK(a > 0), b)",
        "CREATE TABLE t(a, b, CHECK(a > 0))",
    ),
    equal(
        "a check that comes before its column",
        "CREATE TABLE t(a CHECK(b > 0), b)",
        "CREATE TABLE t(a, b CHECK(b > 0))",
    ),
    equal(
        "a column's last name holds for the first check after the columns",
        "CREATE TABLE t(a CONSTRAINT one NOT NULL, CHECK(a > 1), CHECK(a > 2))",
        "CREATE TABLE t(a NOT NULL, CONSTRAINT one CHECK(a > 1), CHECK(a > 2))",
    ),
    different(
        "a column's last name does not hold beyond the next comma",
        "CREATE TABLE t(a CONSTRAINT one NOT NULL, b, CHECK(a > 1))",
        "CREATE TABLE t(a NOT NULL, b, CONSTRAINT one CHECK(a > 1))",
        "check t: a > 1",
        "constraint name",
    ),
    different(
        "the first check after the columns takes the column's last name",
        "CREATE TABLE t(a CONSTRAINT one NOT NULL, CHECK(a > 1))",
        "CREATE TABLE t(a NOT NULL, CHECK(a > 1))",
        "check t: a > 1",
        "constraint name",
    ),
    other("a check", "CHECK(a > 0)", "UNIQUE(a, b)", "a > 0"),
    other("a limit", "CHECK(a > 0)", "CHECK(a > 1)", "a > 0"),
    other("an operator", "CHECK(a > 0)", "CHECK(a >= 0)", "a >= 0"),
    other("AND and OR", "CHECK(a AND b)", "CHECK(a OR b)", "a or b"),
    other("= and IS", "CHECK(a = 1)", "CHECK(a IS 1)", "a is 1"),
    other("LIKE and GLOB", "CHECK(a LIKE 'x%')", "CHECK(a GLOB 'x%')", "a glob 'x%'"),
    other("the columns' order", "CHECK(a - b > 0)", "CHECK(b - a > 0)", "a - b > 0"),
    other(
        "parentheses that matter", "CHECK(a * (b + 1) > 1)", "CHECK(a * b + 1 > 1)", "a * b + 1 > 1"
    ),
    other("parentheses after NOT", "CHECK(NOT (a = b))", "CHECK((NOT a) = b)", "( not a ) = b"),
    other("a subtraction's parentheses", "CHECK(a - (b - 1))", "CHECK((a - b) - 1)", "a - b - 1"),
    other("a string's letter case", "CHECK(a <> 'X')", "CHECK(a <> 'x')", "a <> 'X'"),
    other("blanks in a string", "CHECK(a <> 'x  y')", "CHECK(a <> 'x y')", "a <> 'x y'"),
    other("-- in a string", "CHECK(a <> '-- x')", "CHECK(a <> '')", "a <> ''"),
    other("a string and a number", "CHECK(a <> '1')", "CHECK(a <> 1)", "a <> 1"),
    other("a name and a string", 'CHECK(a <> "b")', "CHECK(a <> 'b')", "a <> b"),
    other("a name in brackets is never a string", "CHECK(a <> [b])", "CHECK(a <> 'b')", "a <> b"),
    other(
        "two collations",
        "CHECK(a COLLATE NOCASE = 'x')",
        "CHECK(a COLLATE RTRIM = 'x')",
        "a collate nocase = 'x'",
    ),
    other(
        "a collation's reach",
        "CHECK((a || b) COLLATE NOCASE = 'x')",
        "CHECK(a || b COLLATE NOCASE = 'x')",
        "( a || b ) collate nocase = 'x'",
        probe="INSERT INTO t VALUES('X', ''); SELECT * FROM t",
    ),
    other(
        "a check's name",
        "CONSTRAINT positive CHECK(a > 0)",
        "CHECK(a > 0)",
        "a > 0",
        "constraint name",
    ),
    other(
        "a check's other name",
        "CONSTRAINT one CHECK(a > 0)",
        "CONSTRAINT two CHECK(a > 0)",
        "a > 0",
        "constraint name",
    ),
    other(
        "the letter case of a check's name",
        "CONSTRAINT One CHECK(a > 0)",
        "CONSTRAINT one CHECK(a > 0)",
        "a > 0",
        "constraint name",
    ),
    other(
        "which of two checks has the name",
        "CONSTRAINT one CHECK(a), CHECK(b)",
        "CHECK(a), CONSTRAINT one CHECK(b)",
        "a",
        "constraint name",
    ),
    other(
        "a name holds on where no comma stands",
        "CONSTRAINT one CHECK(a) CHECK(b)",
        "CONSTRAINT one CHECK(a), CHECK(b)",
        "b",
        "constraint name",
    ),
    other(
        "a check in a comment only",
        "UNIQUE(a, b) /* , CHECK(a > 0) */",
        "UNIQUE(a, b), CHECK(a > 0)",
        "a > 0",
    ),
)
