"""Views (lang_createview, lang_select)."""

from __future__ import annotations

import sqlite3

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal, order

T = "CREATE TABLE t(a, b); CREATE TABLE u(a, c);"
# SQLite 3.40 takes the first value of the query in parentheses, 3.51 all of them.
ONE_VALUE = "" if sqlite3.sqlite_version_info < (3, 41) else "to an older SQLite another query"
TEXT = "another text that happens to mean the same today"


def same(name: str, upgraded: str, fresh: str, ruling: str = "") -> Pair:
    return equal(name, f"CREATE VIEW {upgraded}", f"CREATE VIEW {fresh}", given=T, ruling=ruling)


def other(
    name: str, upgraded: str, fresh: str, part: str = "SELECT", ruling: str = "", probe: str = ""
) -> Pair:
    views = f"CREATE VIEW {upgraded}", f"CREATE VIEW {fresh}"
    return different(name, *views, "view v", part, given=T, ruling=ruling, probe=probe)


PAIRS = (
    same("IF NOT EXISTS", "IF NOT EXISTS v AS SELECT a FROM t", "v AS SELECT a FROM t"),
    same("the schema's name", "main.v AS SELECT a FROM t", "v AS SELECT a FROM t"),
    same(
        "keywords in small letters",
        "v as select a from t where a is null",
        "v AS SELECT a FROM t WHERE a IS NULL",
    ),
    same(
        "blanks and comments",
        "v AS\n SELECT a -- , b\n /* FROM u */ FROM t",
        "v AS SELECT a FROM t",
    ),
    same("names in quotes", '"v" AS SELECT "t"."a" FROM [t]', "v AS SELECT t.a FROM t"),
    same(
        "parentheses",
        "v AS SELECT a FROM t WHERE ((a > 1)) AND (b = 2)",
        "v AS SELECT a FROM t WHERE a > 1 AND b = 2",
    ),
    same(
        "operator synonyms",
        "v AS SELECT a FROM t WHERE a == 1 OR b != 2",
        "v AS SELECT a FROM t WHERE a = 1 OR b <> 2",
    ),
    same(
        "the columns' names in quotes",
        'v("x", [y]) AS SELECT a, b FROM t',
        "v(x, y) AS SELECT a, b FROM t",
    ),
    same(
        "an alias in single quotes",
        "v AS SELECT a AS 'x y' FROM t",
        'v AS SELECT a AS "x y" FROM t',
    ),
    same("a table in single quotes", "v AS SELECT a FROM 't'", "v AS SELECT a FROM t"),
    same(
        "tables in single quotes",
        "v AS SELECT t.a FROM 't' JOIN 'u' USING ('a')",
        "v AS SELECT t.a FROM t JOIN u USING (a)",
    ),
    *(
        same(
            f"a table in single quotes {where}",
            "v AS SELECT a FROM t WHERE a IN ({})".format(select.format("'u'")),
            "v AS SELECT a FROM t WHERE a IN ({})".format(select.format("u")),
        )
        for where, select in {
            "within IN ()": "SELECT c FROM {}",
            "in parentheses within IN ()": "SELECT c FROM ({})",
            "behind another within IN ()": "SELECT u.c FROM (t, {})",
            "to be joined within IN ()": "SELECT u.c FROM t JOIN ({})",
            "in parentheses behind another": "SELECT u.c FROM t, ({})",
        }.items()
    ),
    same(
        "a table in double quotes within IN ()",
        'v AS SELECT a FROM t WHERE a IN (SELECT "c" FROM ("u")) AND b = "x"',
        "v AS SELECT a FROM t WHERE a IN (SELECT c FROM (u)) AND b = 'x'",
    ),
    same(
        "the columns' names in single quotes",
        "v('x', 'y') AS SELECT a, b FROM t",
        "v(x, y) AS SELECT a, b FROM t",
    ),
    same(
        "a column in single quotes after its table",
        "v AS SELECT 't'.'a' FROM t",
        "v AS SELECT t.a FROM t",
    ),
    same("a double-quoted string", 'v(x) AS SELECT "none" FROM t', "v(x) AS SELECT 'none' FROM t"),
    same(
        "a double-quoted string beside a name",
        'v AS SELECT a FROM t WHERE "a" = "none"',
        "v AS SELECT a FROM t WHERE a = 'none'",
    ),
    same(
        "a double-quoted string that is a column elsewhere",
        'v AS SELECT a FROM t WHERE a = "c"',
        "v AS SELECT a FROM t WHERE a = 'c'",
    ),
    same(
        "a double-quoted string in a common table",
        'v AS WITH w(x) AS (SELECT "q" FROM t) SELECT "x" FROM w',
        "v AS WITH w(x) AS (SELECT 'q' FROM t) SELECT x FROM w",
    ),
    same(
        "a double-quoted alias of a table",
        'v AS SELECT "z"."a" FROM t AS "z"',
        "v AS SELECT z.a FROM t AS z",
    ),
    same("a reference's letter case", "v(x) AS SELECT A FROM T", "v(x) AS SELECT a FROM t"),
    same(
        "a join's words",
        "v(x) AS SELECT t.a FROM t left  join u ON (t.a = u.a)",
        "v(x) AS SELECT t.a FROM t LEFT JOIN u ON t.a = u.a",
    ),
    same(
        "a window",
        'v(x) AS SELECT row_number() over (order by "a") FROM t',
        "v(x) AS SELECT ROW_NUMBER() OVER (ORDER BY a) FROM t",
    ),
    same(
        "blanks in the name that an expression gives",
        "v AS SELECT a+1 FROM t",
        "v AS SELECT a + 1 FROM t",
        "a name made of an expression's text is spelling",
    ),
    same(
        "a double-quoted string in the name that an expression gives",
        'v AS SELECT a || "X" FROM t',
        "v AS SELECT a || 'X' FROM t",
        "a name made of an expression's text is spelling",
    ),
    same("VALUES", "v(x) AS VALUES (1), ((2))", "v(x) AS VALUES (1), (2)"),
    other("a column", "v(x) AS SELECT a FROM t", "v(x) AS SELECT b FROM t"),
    other("a column more", "v AS SELECT a, b FROM t", "v AS SELECT a FROM t"),
    other("the columns' order", "v AS SELECT a, b FROM t", "v AS SELECT b, a FROM t"),
    other("a condition", "v AS SELECT a FROM t WHERE b > 1", "v AS SELECT a FROM t WHERE b > 2"),
    other("DISTINCT", "v AS SELECT DISTINCT a FROM t", "v AS SELECT a FROM t"),
    other("ORDER BY", "v AS SELECT a FROM t ORDER BY a", "v AS SELECT a FROM t"),
    other("DESC", "v AS SELECT a FROM t ORDER BY a DESC", "v AS SELECT a FROM t ORDER BY a"),
    other(
        "NULLS LAST",
        "v AS SELECT a FROM t ORDER BY a NULLS LAST",
        "v AS SELECT a FROM t ORDER BY a",
    ),
    other("LIMIT", "v AS SELECT a FROM t LIMIT 1", "v AS SELECT a FROM t LIMIT 2"),
    other(
        "UNION ALL",
        "v AS SELECT a FROM t UNION ALL SELECT a FROM u",
        "v AS SELECT a FROM t UNION SELECT a FROM u",
    ),
    other(
        "LEFT JOIN",
        "v(x) AS SELECT t.a FROM t LEFT JOIN u USING (a)",
        "v(x) AS SELECT t.a FROM t JOIN u USING (a)",
    ),
    other("another table", "v AS SELECT a FROM t", "v AS SELECT a FROM u"),
    other(
        "an alias named left",
        'v(x) AS SELECT 1 FROM t "left" JOIN u',
        "v(x) AS SELECT 1 FROM t LEFT JOIN u",
    ),
    other(
        "a window's frame",
        "v(x) AS SELECT sum(a) OVER (ORDER BY b ROWS 1 PRECEDING) FROM t",
        "v(x) AS SELECT sum(a) OVER (ORDER BY b ROWS 2 PRECEDING) FROM t",
    ),
    other(
        "FILTER",
        "v(x) AS SELECT count(*) FILTER (WHERE a > 1) FROM t",
        "v(x) AS SELECT count(*) FROM t",
    ),
    other("a string's letter case", "v(x) AS SELECT 'X' FROM t", "v(x) AS SELECT 'x' FROM t"),
    other("a name and a string", 'v(x) AS SELECT "a" FROM t', "v(x) AS SELECT 'a' FROM t"),
    other(
        "a double-quoted string's letter case",
        'v(x) AS SELECT "Q" FROM t',
        'v(x) AS SELECT "q" FROM t',
    ),
    other(
        "IN one value or a query",
        "v AS SELECT a FROM t WHERE a IN ((SELECT a FROM u))",
        "v AS SELECT a FROM t WHERE a IN (SELECT a FROM u)",
        ruling=ONE_VALUE,
    ),
    other(
        "SELECT * and the columns", "v AS SELECT * FROM t", "v AS SELECT a, b FROM t", ruling=TEXT
    ),
    other(
        "JOIN and a comma",
        "v(x) AS SELECT t.a FROM t JOIN u",
        "v(x) AS SELECT t.a FROM t, u",
        ruling=TEXT,
    ),
    other("AS or none", "v AS SELECT a AS x FROM t", "v AS SELECT a x FROM t", ruling=TEXT),
    other("an alias", "v AS SELECT a AS x FROM t", "v AS SELECT a AS y FROM t", "columns"),
    other(
        "an alias's letter case",
        "v AS SELECT a AS X FROM t",
        "v AS SELECT a AS x FROM t",
        "columns",
    ),
    other(
        "the letter case of an alias of two words",
        'v AS SELECT a AS "My X" FROM t',
        'v AS SELECT a AS "my x" FROM t',
        "columns",
    ),
    other(
        "blanks in an alias",
        'v AS SELECT a AS "my  x" FROM t',
        'v AS SELECT a AS "my x" FROM t',
        "columns",
    ),
    other(
        "a comment in an alias",
        'v AS SELECT a AS "x/**/" FROM t',
        'v AS SELECT a AS "x" FROM t',
        "columns",
    ),
    other("the columns' names", "v(x) AS SELECT a FROM t", "v(y) AS SELECT a FROM t", "columns"),
    other(
        "the letter case of a column's name",
        "v(X) AS SELECT a FROM t",
        "v(x) AS SELECT a FROM t",
        "columns",
    ),
    other(
        "named columns or an alias",
        "v(x) AS SELECT a FROM t",
        "v AS SELECT a AS x FROM t",
        ruling=TEXT,
    ),
    different(
        "a name's letter case",
        "CREATE VIEW V AS SELECT a FROM t",
        "CREATE VIEW v AS SELECT a FROM t",
        "view V",
        "name",
        given=T,
    ),
    different("a view", "CREATE VIEW v AS SELECT a FROM t", "", "view v", given=T),
    different(
        "a view or a table",
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE TABLE v(a)",
        "view v",
        given=T,
    ),
    equal(
        "views in another order",
        "CREATE VIEW v AS SELECT a FROM w; CREATE VIEW w AS SELECT a FROM t",
        "CREATE VIEW w AS SELECT a FROM t; CREATE VIEW v AS SELECT a FROM w",
        given=T,
    ),
    equal(
        "a view whose table is gone",
        "CREATE TABLE g(x); CREATE VIEW v AS SELECT x FROM g; DROP TABLE g",
        'CREATE TABLE g(x); CREATE VIEW v AS SELECT "x" FROM g; DROP TABLE g',
    ),
    different(
        "a view whose table is gone on one side",
        "CREATE VIEW v AS SELECT x FROM g; DROP TABLE g",
        "CREATE VIEW v AS SELECT x FROM g",
        "table g",
        given="CREATE TABLE g(x);",
    ),
    different(
        "views whose table is gone",
        "CREATE VIEW v AS SELECT x FROM g",
        "CREATE VIEW v AS SELECT y FROM g",
        "view v",
        "SELECT",
        ruling="its text tells what it will show when the table is back",
    ),
    order(
        "a star over a table in another order",
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT * FROM t",
        "CREATE TABLE t(b, a); CREATE VIEW v AS SELECT * FROM t",
        "view v",
    ),
)
