"""Virtual tables: FTS5, FTS3/4, R-Tree, modules that are not loaded (fts5, fts3, rtree, vtab)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal, order

OPTION = "an option's text is compared as it stands"
ROWS = "INSERT INTO f(rowid, a, b) VALUES(1, 'Running dogs', 'É x-y'), (2, 'run', 'cats');"


def unloaded(arguments: str) -> str:
    """Return a script that stores a table of a module that is not there."""
    sql = f"CREATE VIRTUAL TABLE v USING {arguments}".replace("'", "''")
    return (
        "PRAGMA writable_schema=ON;"
        f" INSERT INTO sqlite_schema VALUES('table', 'v', 'v', 0, '{sql}');"
        f" PRAGMA writable_schema=RESET"
    )


def same(name: str, upgraded: str, fresh: str, ruling: str = "") -> Pair:
    tables = f"CREATE VIRTUAL TABLE f USING {upgraded}", f"CREATE VIRTUAL TABLE f USING {fresh}"
    return equal(name, *tables, ruling=ruling)


def other(
    name: str, upgraded: str, fresh: str, part: str, probe: str = "", ruling: str = ""
) -> Pair:
    tables = f"CREATE VIRTUAL TABLE f USING {upgraded}", f"CREATE VIRTUAL TABLE f USING {fresh}"
    return different(name, *tables, "virtual table f", part, probe=probe, ruling=ruling)


def finds(query: str) -> str:
    return f"{ROWS} SELECT rowid FROM f WHERE f MATCH '{query}'"


def setting(name: str, value: str) -> Pair:
    return different(
        f"fts5's setting {name}",
        f"INSERT INTO f(f, rank) VALUES('{name}', {value})",
        "",
        "virtual table f",
        f"setting {name}",
        given="CREATE VIRTUAL TABLE f USING fts5(a, b);",
        probe="SELECT v FROM f_config WHERE k <> 'version'",
    )


PAIRS = (
    same("fts5 in another spelling", "FTS5( [a] , `b` )", "fts5(a, b)"),
    same(
        "fts5 options in another order",
        "fts5(a, b, prefix=2, tokenize=porter)",
        "fts5(a, b, tokenize=porter, prefix=2)",
    ),
    same(
        "fts5 options among the columns",
        "fts5(tokenize=porter, a, prefix='2', b)",
        "fts5(a, b, prefix='2', tokenize=porter)",
    ),
    same(
        "fts5 options in other quotes",
        "fts5(a, b, tokenize=\"porter\", content='')",
        "fts5(a, b, tokenize='porter', content=\"\")",
    ),
    same(
        "fts5 options with blanks and letter case",
        "fts5(a, b, Tokenize  =  'ascii')",
        "fts5(a, b, tokenize='ascii')",
    ),
    same("UNINDEXED in small letters", "fts5(a, b unindexed)", "fts5(a, b UNINDEXED)"),
    same(
        "prefixes in another order",
        "fts5(a, b, prefix=2, prefix=3)",
        "fts5(a, b, prefix=3, prefix=2)",
    ),
    same("fts4 in other quotes", 'fts4("a", b, tokenize=simple)', "fts4(a, b, tokenize=simple)"),
    same("fts4 types, which are ignored", "fts4(a TEXT, b VARCHAR(10) NOT NULL)", "fts4(a, b)"),
    same(
        "fts4 options in another order",
        "fts4(a, b, order=desc, tokenize=porter)",
        "fts4(a, b, tokenize=porter, order=desc)",
    ),
    same("rtree in other quotes", 'rtree("id", [x0], `x1`)', "rtree(id, x0, x1)"),
    same("rtree and comments", "rtree(id, x0, x1)", "RTREE( id, x0, x1 )"),
    equal(
        "rows of a full-text table",
        "CREATE VIRTUAL TABLE f USING fts5(a, b); INSERT INTO f VALUES('x', 'y')",
        "CREATE VIRTUAL TABLE f USING fts5(a, b)",
    ),
    equal(
        "a module's shadow tables are its own",
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f(f) VALUES('optimize')",
        "CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(a)",
    ),
    equal(
        "the letter case of the table that is the content",
        "CREATE VIRTUAL TABLE f USING fts5(a, content='T', content_rowid='ID')",
        "CREATE VIRTUAL TABLE f USING fts5(a, content=t, content_rowid=id)",
        given="CREATE TABLE t(id INTEGER PRIMARY KEY, a);",
    ),
    other("a module", "fts5(a, b)", "fts4(a, b)", "module"),
    other("fts3 and fts4", "fts3(a, b)", "fts4(a, b)", "module"),
    other(
        "fts5 tokenizers", "fts5(a, b, tokenize='porter')", "fts5(a, b)", "tokenize", finds("run")
    ),
    other(
        "fts5 tokenizers' options",
        "fts5(a, b, tokenize='unicode61 remove_diacritics 0')",
        "fts5(a, b)",
        "tokenize",
        finds("e"),
    ),
    other(
        "fts5 token characters",
        "fts5(a, b, tokenize='unicode61 tokenchars ''-''')",
        "fts5(a, b, tokenize='unicode61')",
        "tokenize",
        finds("x"),
    ),
    other("fts5 content", "fts5(a, b, content='')", "fts5(a, b)", "content"),
    other(
        "fts5 external content",
        "fts5(a, b, content=t)",
        "fts5(a, b, content=u)",
        "content",
        "CREATE TABLE t(a, b); INSERT INTO t VALUES('x', 1); CREATE TABLE u(a, b); SELECT * FROM f",
    ),
    other("fts5 column sizes", "fts5(a, b, columnsize=0)", "fts5(a, b)", "columnsize"),
    other(
        "fts5 detail",
        "fts5(a, b, detail=none)",
        "fts5(a, b, detail=column)",
        "detail",
        finds("b : cats"),
    ),
    other(
        "fts5 prefixes",
        "fts5(a, b, prefix='2')",
        "fts5(a, b, prefix='3')",
        "prefix",
        ruling="an index of prefixes is in its rows alone",
    ),
    other(
        "fts5 prefixes said twice",
        "fts5(a, b, prefix=2, prefix=4)",
        "fts5(a, b, prefix=3, prefix=4)",
        "prefix",
        ruling="an index of prefixes is in its rows alone",
    ),
    other(
        "fts5 unindexed columns", "fts5(a, b UNINDEXED)", "fts5(a, b)", "column b", finds("cats")
    ),
    other(
        "which fts5 column is not indexed",
        "fts5(a UNINDEXED, b)",
        "fts5(a, b UNINDEXED)",
        "column a",
        finds("cats"),
    ),
    other("fts5 columns", "fts5(a, b)", "fts5(a, c)", "column b"),
    other("an fts5 column more", "fts5(a, b)", "fts5(a)", "column b"),
    other("the letter case of an fts5 column", "fts5(A, b)", "fts5(a, b)", "column A"),
    other("fts4 tokenizers", "fts4(a, b, tokenize=porter)", "fts4(a, b)", "tokenize", finds("run")),
    other(
        "fts4 tokenizers without a sign",
        "fts4(a, b, tokenize porter)",
        "fts4(a, b)",
        "tokenize",
        finds("run"),
    ),
    other(
        "fts4 order",
        "fts4(a, b, order=desc)",
        "fts4(a, b, order=asc)",
        "order",
        finds("run*"),
    ),
    other(
        "fts4 columns that are not indexed",
        "fts4(a, b, notindexed=b)",
        "fts4(a, b, notindexed=a)",
        "notindexed",
        finds("cats"),
    ),
    other("fts4 language", "fts4(a, b, languageid='lang')", "fts4(a, b)", "languageid"),
    setting("rank", "'bm25(2.0, 1.0)'"),
    setting("automerge", "8"),
    setting("pgsz", "512"),
    other("rtree and rtree_i32", "rtree(id, x0, x1)", "rtree_i32(id, x0, x1)", "module"),
    other("rtree dimensions", "rtree(id, x0, x1, y0, y1)", "rtree(id, x0, x1)", "arguments"),
    other(
        "rtree arguments in another order",
        "rtree(id, x0, x1, y0, y1)",
        "rtree(id, y0, y1, x0, x1)",
        "arguments",
    ),
    other("rtree auxiliary columns", "rtree(id, x0, x1, +label)", "rtree(id, x0, x1)", "arguments"),
    order(
        "fts5 columns in another order",
        "CREATE VIRTUAL TABLE f USING fts5(a, b)",
        "CREATE VIRTUAL TABLE f USING fts5(b, a)",
        "virtual table f",
    ),
    order(
        "fts4 columns in another order",
        "CREATE VIRTUAL TABLE f USING fts4(a, b)",
        "CREATE VIRTUAL TABLE f USING fts4(b, a)",
        "virtual table f",
    ),
    different(
        "a virtual table and a table",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "CREATE TABLE f(a)",
        "virtual table f",
    ),
    different("a virtual table", "CREATE VIRTUAL TABLE f USING fts5(a)", "", "virtual table f"),
    different(
        "a table that looks like a shadow table",
        "CREATE TABLE f_data(id INTEGER PRIMARY KEY, block BLOB)",
        "",
        "table f_data",
    ),
    different(
        "a table beside a full-text table",
        "CREATE TABLE f_notes(a)",
        "",
        "table f_notes",
        given="CREATE VIRTUAL TABLE f USING fts5(a);",
    ),
    different(
        "columns of a table that looks like a shadow table",
        "CREATE TABLE f_config(k, v)",
        "CREATE TABLE f_config(k)",
        "column f_config.v",
    ),
    different(
        "a full-text vocabulary",
        "CREATE VIRTUAL TABLE v USING fts5vocab(f, row)",
        "CREATE VIRTUAL TABLE v USING fts5vocab(f, col)",
        "virtual table v",
        "arguments",
        given="CREATE VIRTUAL TABLE f USING fts5(a);",
    ),
    equal(
        "a module that is not loaded",
        unloaded("spatial(a, 'b c', [d])"),
        unloaded('SPATIAL( a, "b c", d )'),
    ),
    different(
        "arguments of a module that is not loaded",
        unloaded("spatial(a, b)"),
        unloaded("spatial(a, c)"),
        "virtual table v",
        "arguments",
        ruling="SQLite cannot show what a missing module makes of it",
    ),
    different(
        "the order of arguments of a module that is not loaded",
        unloaded("spatial(a, b)"),
        unloaded("spatial(b, a)"),
        "virtual table v",
        "arguments",
        ruling="SQLite cannot show what a missing module makes of it",
    ),
    different(
        "an empty argument of a module that is not loaded",
        unloaded("spatial(a,, b)"),
        unloaded("spatial(a, b)"),
        "virtual table v",
        "arguments",
        ruling="SQLite cannot show what a missing module makes of it",
    ),
    different(
        "modules that are not loaded",
        unloaded("spatial(a)"),
        unloaded("cube(a)"),
        "virtual table v",
        "module",
        ruling="SQLite cannot show what a missing module makes of it",
    ),
)
