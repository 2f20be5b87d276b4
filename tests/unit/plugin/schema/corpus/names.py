"""Names: quoted, keywords, beyond ASCII, near SQLite's own, near each other (lang_keywords)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal, order

WORDS = '"order", "group", "select", "from", "index", "null", "check"'

PAIRS = (
    equal("a table in quotes", 'CREATE TABLE "t"(a)', "CREATE TABLE t(a)"),
    equal("a table in single quotes", "CREATE TABLE 't'('a' INT)", "CREATE TABLE t(a INT)"),
    equal("a table in brackets", "CREATE TABLE [two words](a)", 'CREATE TABLE "two words"(a)'),
    equal("a table in backquotes", "CREATE TABLE `t`(`a`)", "CREATE TABLE t(a)"),
    equal(
        "IF NOT EXISTS and the schema's name",
        "CREATE TABLE IF NOT EXISTS main.t(a)",
        "CREATE TABLE t(a)",
    ),
    equal(
        "keywords as columns",
        f"CREATE TABLE t({WORDS})",
        f"CREATE TABLE t({WORDS.replace(chr(34), '`')})",
    ),
    equal(
        "words that may stand bare",
        "CREATE TABLE t(key, abort, temp, view, row, of)",
        'CREATE TABLE t("key", [abort], `temp`, "view", "row", "of")',
    ),
    equal(
        "a keyword as a table", 'CREATE TABLE "table"("column")', "CREATE TABLE [table]([column])"
    ),
    equal(
        "a keyword in a check",
        'CREATE TABLE t("order", CHECK("order" > 0))',
        "CREATE TABLE t([order], CHECK([order]>0))",
    ),
    equal("a quote within a name", 'CREATE TABLE t("a""b")', 'CREATE TABLE t([a"b])'),
    equal("a comma within a name", 'CREATE TABLE t("a, b")', "CREATE TABLE t([a, b])"),
    equal(
        "a parenthesis within a name",
        'CREATE TABLE t("a)", b, CHECK("a)" > b))',
        "CREATE TABLE t([a)], b, CHECK([a)]>b))",
    ),
    equal(
        "a comment within a name",
        'CREATE TABLE t("--a", "/*b*/")',
        "CREATE TABLE t([--a], [/*b*/])",
    ),
    equal("an empty name", 'CREATE TABLE t("")', "CREATE TABLE t([])"),
    equal(
        "letters beyond ASCII", 'CREATE TABLE "größe"("名前", é)', 'CREATE TABLE größe(名前, "é")'
    ),
    equal("a dollar in a name", "CREATE TABLE t(a$b)", 'CREATE TABLE t("a$b")'),
    equal(
        "a temporary table",
        "CREATE TABLE t(a); CREATE TEMP TABLE u(a)",
        "CREATE TABLE t(a)",
        ruling="temporary objects are the connection's, not the file's",
    ),
    equal(
        "a temporary table of the same name",
        "CREATE TABLE t(a); CREATE TEMP TABLE t(x, y)",
        "CREATE TABLE t(a)",
        ruling="temporary objects are the connection's, not the file's",
    ),
    equal(
        "a temporary view and index",
        "CREATE TABLE t(a); CREATE TEMP VIEW v AS SELECT a FROM t; CREATE TEMP TABLE x(a);"
        " CREATE INDEX temp.i ON x(a)",
        "CREATE TABLE t(a)",
        ruling="temporary objects are the connection's, not the file's",
    ),
    equal(
        "tables in another order",
        "CREATE TABLE t(a); CREATE TABLE u(a)",
        "CREATE TABLE u(a); CREATE TABLE t(a)",
        ruling="objects have no order",
    ),
    equal(
        "a table dropped again",
        "CREATE TABLE t(a); CREATE TABLE u(a); DROP TABLE u",
        "CREATE TABLE t(a)",
    ),
    equal(
        "a table made again",
        "CREATE TABLE t(a); DROP TABLE t; CREATE TABLE t(a)",
        "CREATE TABLE t(a)",
    ),
    equal(
        "what a header holds",
        "PRAGMA user_version=5; PRAGMA application_id=7; CREATE TABLE t(a)",
        "CREATE TABLE t(a)",
    ),
    equal(
        "a page size and vacuuming",
        "PRAGMA page_size=1024; PRAGMA auto_vacuum=FULL; CREATE TABLE t(a)",
        "CREATE TABLE t(a)",
    ),
    equal(
        "an encoding",
        "PRAGMA encoding='UTF-16le'; CREATE TABLE t(é DEFAULT 'ß')",
        "CREATE TABLE t(é DEFAULT 'ß')",
        ruling="how text is stored is no part of a schema",
    ),
    equal("rows", "CREATE TABLE t(a); INSERT INTO t VALUES(1), (2)", "CREATE TABLE t(a)"),
    equal(
        "statistics",
        "CREATE TABLE t(a PRIMARY KEY); INSERT INTO t VALUES(1); ANALYZE",
        "CREATE TABLE t(a PRIMARY KEY)",
        ruling="statistics are no part of a schema",
    ),
    different("a table", "CREATE TABLE t(a); CREATE TABLE u(a)", "CREATE TABLE t(a)", "table u"),
    different("another name", "CREATE TABLE t(a)", "CREATE TABLE u(a)", "table u"),
    different(
        "a name's letter case",
        "CREATE TABLE Notes(a)",
        "CREATE TABLE notes(a)",
        "table Notes",
        "name",
    ),
    different(
        "letters that only Unicode folds together",
        "CREATE TABLE É(a)",
        "CREATE TABLE é(a)",
        "table é",
    ),
    different(
        "columns that only Unicode folds together",
        "CREATE TABLE t(É)",
        "CREATE TABLE t(é)",
        "column t.é",
    ),
    different(
        "letters that look alike", 'CREATE TABLE t("ﬁ")', "CREATE TABLE t(fi)", "column t.fi"
    ),
    different(
        "composed and decomposed letters",
        'CREATE TABLE t("é")',
        'CREATE TABLE t("e\u0301")',
        "column t.e\u0301",
    ),
    different("sqlite without an underscore", "CREATE TABLE sqlitestat(a)", "", "table sqlitestat"),
    different("sqlite and another sign", "CREATE TABLE sqliteXstat1(a)", "", "table sqliteXstat1"),
    different("sqlite and a dash", 'CREATE TABLE "sqlite-stat1"(a)', "", "table sqlite-stat1"),
    different(
        "sqlite in an index",
        "CREATE INDEX sqliteautoindex_t_1 ON t(a)",
        "",
        "index sqliteautoindex_t_1",
        given="CREATE TABLE t(a);",
    ),
    different(
        "columns of a table near SQLite's own",
        "CREATE TABLE sqlitesequence(name, seq)",
        "CREATE TABLE sqlitesequence(name)",
        "column sqlitesequence.seq",
    ),
    different(
        "blanks in a name", 'CREATE TABLE t("a b")', 'CREATE TABLE t("a  b")', "column t.a  b"
    ),
    different("a blank at the end", 'CREATE TABLE t("a ")', "CREATE TABLE t(a)", "column t.a"),
    different(
        "brackets do not escape", 'CREATE TABLE t([a""b])', 'CREATE TABLE t("a""b")', 'column t.a"b'
    ),
    different(
        "a dot in a column or in a table",
        'CREATE TABLE "t"("a.b" INT, c); CREATE TABLE "t.a"("b" TEXT, c)',
        'CREATE TABLE "t"("a.b" TEXT, c); CREATE TABLE "t.a"("b" INT, c)',
        "column t.a.b",
        "type",
    ),
    different(
        "one of two columns whose names run together",
        'CREATE TABLE "t"("a.b" INT, c); CREATE TABLE "t.a"("b" INT, c)',
        'CREATE TABLE "t"("a.b" INT, c); CREATE TABLE "t.a"("b" TEXT, c)',
        "column t.a.b",
        "type",
    ),
    different(
        "the other of two columns whose names run together",
        'CREATE TABLE "t"("a.b" TEXT, c); CREATE TABLE "t.a"("b" INT, c)',
        'CREATE TABLE "t"("a.b" INT, c); CREATE TABLE "t.a"("b" INT, c)',
        "column t.a.b",
        "type",
    ),
    different(
        "checks whose names run together",
        'CREATE TABLE "t"(a, CHECK(a > 1)); CREATE TABLE "t: a"(a)',
        'CREATE TABLE "t"(a); CREATE TABLE "t: a"(a, CHECK(a > 1))',
        "check t: a > 1",
    ),
    order(
        "columns with commas in their names",
        'CREATE TABLE t("a, b", c)',
        'CREATE TABLE t(c, "a, b")',
        "table t",
    ),
    order("columns beyond ASCII", "CREATE TABLE t(é, É)", "CREATE TABLE t(É, é)", "table t"),
)
