"""Values that a step changes, keeps, or moves to other columns: what is found, by the column."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, found_at


def column(value: str, kind: str = "", *more: str) -> str:
    """Return a table ``t (id, v, w)`` with the SQL values in v, by id from 1."""
    rows = ", ".join(f"({n}, {v}, 'w{n}')" for n, v in enumerate((value, *more), 1))
    return (
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {kind}, w TEXT); INSERT INTO t VALUES {rows};"
    )


def retype(kind: str, expression: str = "v") -> str:
    return (
        f"CREATE TABLE n (id INTEGER PRIMARY KEY, v {kind}, w TEXT);"
        f"INSERT INTO n SELECT id, {expression}, w FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t"
    )


LONG = "'" + "x" * 300 + "'"
CHANGED = {
    "truncated": (column(LONG, "TEXT"), "UPDATE t SET v = substr(v, 1, 255)"),
    "trimmed": (column("' a '", "TEXT"), "UPDATE t SET v = trim(v)"),
    "trailing blank trimmed under RTRIM": (
        column("'a '", "TEXT COLLATE RTRIM"),
        "UPDATE t SET v = rtrim(v)",
    ),
    "case under NOCASE": (column("'Ab'", "TEXT COLLATE NOCASE"), "UPDATE t SET v = lower(v)"),
    "line ends": (column("char(97, 13, 10)", "TEXT"), "UPDATE t SET v = replace(v, char(13), '')"),
    "cut at NUL": (column("char(97, 0, 98)", "TEXT"), "UPDATE t SET v = 'a'"),
    "composed letters": (column("char(101, 769)", "TEXT"), "UPDATE t SET v = char(233)"),
    "another letter beyond ASCII": (column("'é'", "TEXT"), "UPDATE t SET v = 'è'"),
    "invalid bytes replaced": (
        column("CAST(x'61ff' AS TEXT)", "TEXT"),
        "UPDATE t SET v = 'a' || char(65533)",
    ),
    "leading noughts": (column("'007'", "TEXT"), retype("INTEGER")),
    "text to integer": (column("'7'", "TEXT"), retype("INTEGER")),
    "integer to text": (column("7", "INTEGER"), retype("TEXT")),
    "real to integer": (column("1.0", "REAL"), retype("", "CAST(v AS INTEGER)")),
    "integer to real": (column("1", "INTEGER"), retype("REAL")),
    "big integer through real": (column("9007199254740993", "INTEGER"), retype("REAL")),
    "big integer through real and back": (
        column("9007199254740993", "INTEGER"),
        "UPDATE t SET v = CAST(CAST(v AS REAL) AS INTEGER)",
    ),
    "real rounded": (column("0.1 + 0.2", "REAL"), "UPDATE t SET v = round(v, 6)"),
    "blob to text": (column("x'6162'", "BLOB"), "UPDATE t SET v = CAST(v AS TEXT)"),
    "text to blob": (column("'ab'", ""), "UPDATE t SET v = CAST(v AS BLOB)"),
    "NULL to empty": (column("NULL", "TEXT", "'a'"), "UPDATE t SET v = '' WHERE v IS NULL"),
    "NULL to nought": (column("NULL", "INT", "5"), retype("INT NOT NULL", "coalesce(v, 0)")),
    "empty to NULL": (column("''", "TEXT", "'a'"), "UPDATE t SET v = nullif(v, '')"),
    "default over values": (column("'a'", "TEXT", "'b'"), "UPDATE t SET v = 'none'"),
    "column left out of the rebuild": (
        column("'a'", "TEXT", "'b'"),
        "CREATE TABLE n (id INTEGER PRIMARY KEY, v TEXT DEFAULT '', w TEXT);"
        "INSERT INTO n (id, w) SELECT id, w FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
    ),
    "all of it made NULL": (
        column("'a'", "TEXT"),
        "ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v TEXT",
    ),
    "rows crossed": (
        column("'a'", "TEXT", "'b'", "'c'"),
        "UPDATE t SET v = CASE v WHEN 'a' THEN 'b' WHEN 'b' THEN 'a' ELSE v END",
    ),
    "one value of many": (column("'a'", "TEXT", "'b'", "'c'"), "UPDATE t SET v = 'x' WHERE id = 2"),
    "trigger writes": (
        column("'a'", "TEXT") + "CREATE TABLE log (n); CREATE TRIGGER g AFTER INSERT ON log BEGIN"
        " UPDATE t SET v = 'now'; END;",
        "INSERT INTO log VALUES (1)",
    ),
    "made a generated column of another value": (
        column("'a'", "TEXT"),
        "CREATE TABLE n (id INTEGER PRIMARY KEY, v TEXT AS (w || '!') STORED, w TEXT);"
        "INSERT INTO n (id, w) SELECT id, w FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
    ),
    "strict converts": (
        column("1", "", "2"),
        "CREATE TABLE n (id INTEGER PRIMARY KEY, v TEXT, w TEXT) STRICT;"
        "INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
    ),
    "truth to number": (column("'true'", "TEXT"), "UPDATE t SET v = 1"),
    "date reformatted": (column("'2024-01-02 03:04'", "TEXT"), "UPDATE t SET v = date(v)"),
    "JSON written anew": (column("""'{"a":1}'""", "TEXT"), """UPDATE t SET v = '{"a": 1}'"""),
}
PLAIN = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
INSERT INTO t VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2');
"""


def remake(columns: str, select: str, *, tail: str = "") -> str:
    return (
        f"CREATE TABLE n (id INTEGER PRIMARY KEY, {columns}); INSERT INTO n {select};"
        f"DROP TABLE t; ALTER TABLE n RENAME TO t; {tail}"
    )


def through_json(conn: sqlite3.Connection) -> None:
    rows = conn.execute("SELECT id, a FROM t").fetchall()
    conn.execute("ALTER TABLE t ADD COLUMN extra TEXT")
    for number, value in rows:
        conn.execute("UPDATE t SET extra = ? WHERE id = ?", (json.dumps({"a": value}), number))
    conn.execute("ALTER TABLE t DROP COLUMN a")


def renamed_by_parsing(conn: sqlite3.Connection) -> None:
    rows = conn.execute("SELECT id, a FROM t").fetchall()
    conn.execute("ALTER TABLE t ADD COLUMN settings TEXT")
    for number, value in rows:
        text = json.dumps(json.loads(value))
        conn.execute("UPDATE t SET settings = ? WHERE id = ?", (text, number))
    conn.execute("ALTER TABLE t DROP COLUMN a")


def cut_while_copying(conn: sqlite3.Connection) -> None:
    rows = conn.execute("SELECT id, a FROM t").fetchall()
    conn.execute("ALTER TABLE t ADD COLUMN c TEXT")
    for number, value in rows:
        conn.execute("UPDATE t SET c = ? WHERE id = ?", (value[:4], number))
    conn.execute("ALTER TABLE t DROP COLUMN a")


JSONS = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t VALUES (1, '{"k": 1}'), (2, '{"k": 2}'), (3, '[]');
"""
GONE: dict[str, tuple[str, str | Callable[[sqlite3.Connection], object], str]] = {
    "dropped": (PLAIN, "ALTER TABLE t DROP COLUMN a", "t.a"),
    "dropped by a rebuild": (PLAIN, remake("b TEXT", "SELECT id, b FROM t"), "t.a"),
    "crossed in a rebuild": (PLAIN, remake("a TEXT, b TEXT", "SELECT id, b, a FROM t"), "t.a t.b"),
    "swapped by an update": (PLAIN, "UPDATE t SET a = b, b = a", "t.a t.b"),
    "crossed under new names: each is somewhere": (
        PLAIN,
        remake("c TEXT, d TEXT", "SELECT id, a, a FROM t"),
        "t.b",
    ),
    "merged into one": (
        PLAIN,
        remake("c TEXT", "SELECT id, a || ' ' || b FROM t"),
        "t.a t.b",
    ),
    "merged into the first": (PLAIN, remake("a TEXT", "SELECT id, a || b FROM t"), "t.a t.b"),
    "split in two": (
        PLAIN,
        remake("b TEXT, x TEXT, y TEXT", "SELECT id, b, substr(a, 1, 1), substr(a, 2) FROM t"),
        "t.a",
    ),
    "equal column stays": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, created_at TEXT, updated_at TEXT);"
        "INSERT INTO t VALUES (1, '2024', '2024'), (2, '2025', '2025');",
        "ALTER TABLE t DROP COLUMN created_at",
        "t.created_at",
    ),
    "the default of a new column is equal": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, status TEXT); INSERT INTO t"
        " VALUES (1,'new'),(2,'new');",
        "ALTER TABLE t DROP COLUMN status; ALTER TABLE t ADD COLUMN state TEXT DEFAULT 'new'",
        "t.status",
    ),
    "numbered anew and equal": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, pos INTEGER); INSERT INTO t"
        " VALUES (4,1),(5,2),(6,3);",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, rank INTEGER);"
        "INSERT INTO n SELECT id, row_number() OVER (ORDER BY id) FROM t;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t",
        "t.pos",
    ),
    "a new column is made of another that is equal": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, created TEXT, updated TEXT);"
        "INSERT INTO t VALUES (1, 'x', 'x'), (2, 'y', 'y');",
        "ALTER TABLE t ADD COLUMN touched TEXT; UPDATE t SET touched = updated;"
        "ALTER TABLE t DROP COLUMN created",
        "t.created",
    ),
    "one column for two that are equal": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        "INSERT INTO t VALUES (1, 'x', 'x'), (2, 'y', 'y');",
        remake("c TEXT", "SELECT id, a FROM t"),
        "t.b",
    ),
    "coalesced": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        "INSERT INTO t VALUES (1, 'x', 'y'), (2, NULL, 'z');",
        remake("c TEXT", "SELECT id, coalesce(a, b) FROM t"),
        "t.a t.b",
    ),
    "renamed and one value lost": (
        PLAIN,
        "ALTER TABLE t RENAME COLUMN a TO c; UPDATE t SET c = '' WHERE id = 2",
        "t.a",
    ),
    "renamed and cut": (
        column("'abcdefgh'", "TEXT", "'abcdefghij'").replace("v TEXT", "a TEXT"),
        "ALTER TABLE t RENAME COLUMN a TO c; UPDATE t SET c = substr(c, 1, 8)",
        "t.a",
    ),
    "into JSON, not declared": (PLAIN, through_json, "t.a"),
    "two thirds into a child table": (
        PLAIN,
        "CREATE TABLE c (t_id INTEGER REFERENCES t(id), a TEXT);"
        "INSERT INTO c SELECT id, a FROM t WHERE id = 1; ALTER TABLE t DROP COLUMN a",
        "t.a",
    ),
    "into a child table, crossed": (
        PLAIN,
        "CREATE TABLE c (t_id INTEGER REFERENCES t(id), a TEXT);"
        "INSERT INTO c SELECT 3 - id, a FROM t; ALTER TABLE t DROP COLUMN a",
        "t.a",
    ),
    "into rows of attributes, one kind forgotten": (
        PLAIN,
        "CREATE TABLE attrs (t_id INTEGER REFERENCES t(id), name TEXT, value TEXT);"
        "INSERT INTO attrs SELECT id, 'a', a FROM t; ALTER TABLE t DROP COLUMN a;"
        "ALTER TABLE t DROP COLUMN b",
        "t.b",
    ),
    "one kind forgotten whose values are equal": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        "INSERT INTO t VALUES (1, 'x', 'x'), (2, 'y', 'y');",
        "CREATE TABLE attrs (t_id INTEGER REFERENCES t(id), name TEXT, value TEXT);"
        "INSERT INTO attrs SELECT id, 'a', a FROM t; ALTER TABLE t DROP COLUMN a;"
        "ALTER TABLE t DROP COLUMN b",
        "t.b",
    ),
    "table renamed, a column crossed": (
        PLAIN,
        "CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        "INSERT INTO u SELECT id, b, a FROM t; DROP TABLE t",
        "t.id t.a t.b",
    ),
    "table renamed, a column dropped": (
        PLAIN,
        "ALTER TABLE t RENAME TO u; ALTER TABLE u DROP COLUMN a",
        "t.a",
    ),
    "a stored column becomes generated from another": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, twin TEXT);"
        "INSERT INTO t VALUES (1, 'x', 'x'), (2, 'y', 'Y');",
        "ALTER TABLE t DROP COLUMN twin; ALTER TABLE t ADD COLUMN twin TEXT AS (a)",
        "t.twin",
    ),
}
FOUND: dict[str, tuple[str, str | Callable[[sqlite3.Connection], object]]] = {
    "renamed": (PLAIN, "ALTER TABLE t RENAME COLUMN a TO c"),
    "renamed by a rebuild": (PLAIN, remake("c TEXT, b TEXT", "SELECT id, a, b FROM t")),
    "both renamed": (PLAIN, remake("c TEXT, d TEXT", "SELECT id, b, a FROM t")),
    "renamed in case": (PLAIN, "ALTER TABLE t RENAME COLUMN a TO A"),
    "renamed and kept twice": (
        PLAIN,
        remake("c TEXT, d TEXT, b TEXT", "SELECT id, a, a, b FROM t"),
    ),
    "a constant renamed": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'x');",
        "ALTER TABLE t RENAME COLUMN a TO c",
    ),
    "two equal columns renamed": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        "INSERT INTO t VALUES (1, 'x', 'x'), (2, 'y', 'y');",
        remake("c TEXT, d TEXT", "SELECT id, a, b FROM t"),
    ),
    "renamed under a CHECK in the new table": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);"
        "INSERT INTO t VALUES (1, 'open'), (2, 'done'), (3, 'open');",
        remake("state TEXT NOT NULL CHECK (state IN ('open', 'done'))", "SELECT id, s FROM t"),
    ),
    "one value only, under a CHECK in the new table": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'open');",
        remake("state TEXT NOT NULL CHECK (state IN ('open', 'done'))", "SELECT id, s FROM t"),
    ),
    "renamed under a UNIQUE": (
        PLAIN,
        remake("c TEXT UNIQUE, b TEXT", "SELECT id, a, b FROM t"),
    ),
    "renamed under a foreign key": (
        "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2);"
        "CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));"
        "INSERT INTO t VALUES (1, 2), (2, 1), (3, 1);",
        "ALTER TABLE t RENAME COLUMN p TO p_id",
    ),
    "copied with a cut that these values never meet": (PLAIN, cut_while_copying),
    "renamed by parsing": (JSONS, renamed_by_parsing),
    "no value in it": (column("NULL", "TEXT", "NULL"), "ALTER TABLE t DROP COLUMN v"),
    "generated column dropped": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, g TEXT AS (upper(a)));"
        "INSERT INTO t (a) VALUES ('x');",
        "ALTER TABLE t DROP COLUMN g",
    ),
    "generated column stored": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, g TEXT AS (upper(a)));"
        "INSERT INTO t (a) VALUES ('x');",
        remake("a TEXT, g TEXT", "SELECT id, a, g FROM t"),
    ),
    "generated column renamed to a stored one": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, g TEXT AS (upper(a)) STORED);"
        "INSERT INTO t (a) VALUES ('x'), ('y');",
        remake("a TEXT, big TEXT", "SELECT id, a, g FROM t"),
    ),
    "to a child table": (
        PLAIN,
        "CREATE TABLE c (t_id INTEGER REFERENCES t(id), word TEXT);"
        "INSERT INTO c SELECT id, a FROM t; ALTER TABLE t DROP COLUMN a",
    ),
    "to a side table without a foreign key": (
        PLAIN,
        "CREATE TABLE side (id INTEGER PRIMARY KEY, a TEXT);"
        "INSERT INTO side SELECT id, a FROM t; ALTER TABLE t DROP COLUMN a",
    ),
    "both to rows of attributes": (
        PLAIN,
        "CREATE TABLE attrs (t_id INTEGER REFERENCES t(id), name TEXT, value TEXT);"
        "INSERT INTO attrs SELECT id, 'a', a FROM t UNION ALL SELECT id, 'b', b FROM t;"
        "ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN b",
    ),
    "words into a table of their own": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, tag TEXT);"
        "INSERT INTO t VALUES (1, 'red'), (2, 'blue'), (3, 'red');",
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
        "INSERT INTO tags (name) SELECT DISTINCT tag FROM t ORDER BY tag;"
        "CREATE TABLE n (id INTEGER PRIMARY KEY, tag_id INTEGER REFERENCES tags(id));"
        "INSERT INTO n SELECT t.id, tags.id FROM t JOIN tags ON tags.name = t.tag;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t",
    ),
    "table and columns renamed": (
        PLAIN,
        "CREATE TABLE u (num INTEGER PRIMARY KEY, c TEXT, d TEXT);"
        "INSERT INTO u SELECT id, a, b FROM t; DROP TABLE t",
    ),
    "backfilled new column": (PLAIN, "ALTER TABLE t ADD COLUMN c TEXT; UPDATE t SET c = a || b"),
    "random new column": (PLAIN, "ALTER TABLE t ADD COLUMN c; UPDATE t SET c = random()"),
    "same text from another road": (PLAIN, "UPDATE t SET a = upper(a); UPDATE t SET a = lower(a)"),
    "type text changed, values not": (column("'a'", "TEXT"), retype("VARCHAR(9)")),
    "integer into a column of no type": (column("7", "INTEGER"), retype("")),
}


@for_every("before, step", CHANGED.values(), ids=CHANGED)
def test_changed_values_are_found(before, step):
    assert found_at(Case(before, step)) == {"t.v"}
    for encoding in ("UTF-16le", "UTF-16be"):
        case = Case(f"PRAGMA encoding = '{encoding}';" + before, step)
        assert found_at(case) == {"t.v"}, encoding


@for_every("before, step, places", GONE.values(), ids=GONE)
def test_values_of_columns_that_went_are_found(before, step, places):
    assert found_at(Case(before, step)) == set(places.split())


@for_every("before, step", FOUND.values(), ids=FOUND)
def test_values_that_stand_elsewhere_are_not_reported(before, step):
    assert found_at(Case(before, step)) == set()
