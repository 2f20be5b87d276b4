"""Rows that a step loses, keeps, moves or merges: what is found, by the table it stood in."""

from __future__ import annotations

import sqlite3

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, found_at

NOTES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT NOT NULL);
INSERT INTO notes VALUES (1, 10, 'one'), (2, NULL, 'two'), (3, 30, 'three'), (4, 99, 'four');
CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO owners VALUES (10, 'Ann'), (30, 'Bob');
"""
LOG = """
CREATE TABLE log (line TEXT, level INTEGER);
INSERT INTO log VALUES ('a', 1), ('a', 1), ('a', 1), ('b', 2), (NULL, NULL), (NULL, NULL);
"""
FAMILY = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO parent VALUES (1, 'p'), (2, 'q');
CREATE TABLE child (id INTEGER PRIMARY KEY,
  parent_id INTEGER REFERENCES parent(id) ON DELETE CASCADE, word TEXT);
INSERT INTO child VALUES (5, 1, 'c5'), (6, 2, 'c6');
"""


def rebuild(
    select: str, *, columns: str = "id INTEGER PRIMARY KEY, owner INTEGER, body TEXT"
) -> str:
    return f"""
    CREATE TABLE notes_new ({columns});
    INSERT INTO notes_new {select};
    DROP TABLE notes;
    ALTER TABLE notes_new RENAME TO notes;
    """


def cascade(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA foreign_keys = ON")
    conn.executescript(
        "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
        "INSERT INTO parent_new SELECT * FROM parent; DROP TABLE parent;"
        "ALTER TABLE parent_new RENAME TO parent;"
    )


LOST = {
    "where too wide": (NOTES, "DELETE FROM notes WHERE id > 2", "notes"),
    "where that NULL slips through": (NOTES, "DELETE FROM notes WHERE owner IS NOT 10", "notes"),
    "not in a set with NULL's opposite": (
        NOTES,
        "DELETE FROM notes WHERE owner NOT IN (SELECT id FROM owners)",
        "notes",
    ),
    "delete without where": (NOTES, "DELETE FROM notes", "notes"),
    "join for left join": (
        NOTES,
        rebuild("SELECT n.* FROM notes n JOIN owners o ON o.id = n.owner"),
        "notes",
    ),
    "rebuild with a limit": (NOTES, rebuild("SELECT * FROM notes LIMIT 3"), "notes"),
    "rebuild without the copy": (NOTES, rebuild("SELECT * FROM notes WHERE 0"), "notes"),
    "grouped": (NOTES, rebuild("SELECT * FROM notes GROUP BY owner IS NULL"), "notes"),
    "or replace swallows": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);"
        "INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'y');",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
        "INSERT OR REPLACE INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "t",
    ),
    "or ignore swallows": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);"
        "INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'y');",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
        "INSERT OR IGNORE INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "t",
    ),
    "or ignore swallows NULL": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t"
        " VALUES (1,'x'),(2,NULL);",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
        "INSERT OR IGNORE INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "t",
    ),
    "nocase key swallows": (
        "CREATE TABLE t (name TEXT PRIMARY KEY, n INT); INSERT INTO t VALUES ('a', 1), ('A', 2);",
        "CREATE TABLE n (name TEXT PRIMARY KEY COLLATE NOCASE, n INT);"
        "INSERT OR IGNORE INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "t",
    ),
    "distinct": (
        LOG,
        "CREATE TABLE n (line TEXT, level INTEGER); INSERT INTO n SELECT DISTINCT * FROM log;"
        "DROP TABLE log; ALTER TABLE n RENAME TO log",
        "log",
    ),
    "one of equal rows": (LOG, "DELETE FROM log WHERE rowid = 2", "log"),
    "one of the rows of NULLs": (LOG, "DELETE FROM log WHERE rowid = 6", "log"),
    "union of a table with itself": (
        LOG,
        "CREATE TABLE n (line TEXT, level INTEGER);"
        "INSERT INTO n SELECT * FROM log UNION SELECT * FROM log;"
        "DROP TABLE log; ALTER TABLE n RENAME TO log",
        "log",
    ),
    "distinct under a new name": (
        LOG,
        "CREATE TABLE lines (line TEXT, level INTEGER); INSERT INTO lines"
        " SELECT DISTINCT * FROM log;"
        "DROP TABLE log",
        "log",
    ),
    "cascade": (FAMILY, cascade, "child"),
    "child rows deleted": (FAMILY, "DELETE FROM child WHERE parent_id = 1", "child"),
    "key reused by another row": (
        NOTES,
        "DELETE FROM notes WHERE id = 4; INSERT INTO notes (owner, body) VALUES (1, 'new')",
        "notes.body notes.owner",
    ),
    "composite key loses its second half": (
        "CREATE TABLE t (a INT, b INT, v TEXT, PRIMARY KEY (a, b));"
        "INSERT INTO t VALUES (1, 1, 'p'), (1, 2, 'q'), (2, 1, 'r');",
        "CREATE TABLE n (a INT, b INT, v TEXT, PRIMARY KEY (a));"
        "INSERT OR REPLACE INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
        "t",
    ),
    "without rowid loses a row": (
        "CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t"
        " VALUES ('a',1),('b',2);",
        "DELETE FROM t WHERE k = 'b'",
        "t",
    ),
    "keyed by a unique": (
        "CREATE TABLE t (k TEXT NOT NULL UNIQUE, v); INSERT INTO t VALUES ('a', 1), ('b', 2);",
        "DELETE FROM t WHERE v = 2",
        "t",
    ),
    "ids given anew, children follow": (
        FAMILY,
        "UPDATE parent SET id = id + 100; UPDATE child SET parent_id = parent_id + 100",
        "parent child.parent_id",
    ),
    "ids given anew, children left behind": (
        "CREATE TABLE p (id INTEGER PRIMARY KEY, n); INSERT INTO p VALUES (3, 'a'), (7, 'b');"
        "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER); INSERT INTO c VALUES (1, 3), (2, 7);",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, n); INSERT INTO n (n) SELECT n FROM p ORDER BY id;"
        "DROP TABLE p; ALTER TABLE n RENAME TO p",
        "p",
    ),
    "ids crossed": (
        "CREATE TABLE p (id INTEGER PRIMARY KEY, n); INSERT INTO p VALUES (1, 'a'), (2, 'b');",
        "UPDATE p SET id = -id; UPDATE p SET id = 3 + id",
        "p.n",
    ),
    "table dropped": (NOTES, "DROP TABLE notes", "notes"),
    "table dropped, an empty one under a new name": (
        NOTES,
        "DROP TABLE notes; CREATE TABLE texts (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT)",
        "notes",
    ),
    "table dropped and made again empty": (
        NOTES,
        "DROP TABLE notes; CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT)",
        "notes",
    ),
    "renamed and a row lost": (
        NOTES,
        "ALTER TABLE notes RENAME TO texts; DELETE FROM texts WHERE id = 2",
        "notes",
    ),
    "moved into a table that was there": (
        NOTES + "CREATE TABLE old_notes (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);",
        "INSERT INTO old_notes SELECT * FROM notes WHERE id > 2; DELETE FROM notes WHERE id > 2",
        "notes",
    ),
    "equal rows of another table stay": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, 'x');"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, v); INSERT INTO b VALUES (1, 'x');",
        "DROP TABLE a",
        "a",
    ),
    "two merged by union": (
        "CREATE TABLE a (word TEXT); INSERT INTO a VALUES ('x'), ('y');"
        "CREATE TABLE b (word TEXT); INSERT INTO b VALUES ('y'), ('z');",
        "CREATE TABLE c AS SELECT * FROM a UNION SELECT * FROM b; DROP TABLE a; DROP TABLE b",
        "b",
    ),
    "merged, the second by or ignore": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y');"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO b VALUES (2, 'z'), (3, 'w');",
        "CREATE TABLE c (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO c SELECT * FROM a;"
        "INSERT OR IGNORE INTO c SELECT * FROM b; DROP TABLE a; DROP TABLE b",
        "b",
    ),
    "split in two with a gap": (
        NOTES,
        "CREATE TABLE owned (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);"
        "CREATE TABLE stray (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);"
        "INSERT INTO owned SELECT * FROM notes WHERE owner < 99;"
        "INSERT INTO stray SELECT * FROM notes WHERE owner > 99 OR owner IS NULL; DROP TABLE notes",
        "notes",
    ),
    "trigger deletes": (
        NOTES + "CREATE TRIGGER tidy AFTER UPDATE ON owners BEGIN"
        " DELETE FROM notes WHERE owner = old.id; END;",
        "ALTER TABLE owners ADD COLUMN nick TEXT; UPDATE owners SET nick = name",
        "notes",
    ),
    "null key rows": (
        "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES (NULL,"
        " 1), (NULL, 2), ('a', 3);",
        "DELETE FROM t WHERE v = 2",
        "t",
    ),
}

KEPT = {
    "nothing at all": (NOTES, "SELECT 1"),
    "a row more": (NOTES, "INSERT INTO notes VALUES (5, 10, 'five')"),
    "rebuild": (NOTES, rebuild("SELECT * FROM notes")),
    "rebuild in another order": (NOTES, rebuild("SELECT * FROM notes ORDER BY body")),
    "rebuild with the columns in another order": (
        NOTES,
        rebuild(
            "SELECT body, id, owner FROM notes",
            columns="body TEXT, id INTEGER PRIMARY KEY, owner INTEGER",
        ),
    ),
    "made without rowid": (
        NOTES,
        rebuild("SELECT * FROM notes").replace(
            "owner INTEGER, body TEXT)", "owner INTEGER, body TEXT) WITHOUT ROWID"
        ),
    ),
    "keyless rowids given anew": (
        LOG + "DELETE FROM log WHERE rowid = 1;",
        "CREATE TABLE n (line TEXT, level INTEGER); INSERT INTO n SELECT * FROM log ORDER BY level;"
        "DROP TABLE log; ALTER TABLE n RENAME TO log",
    ),
    "keyless gets a key": (
        LOG,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, line TEXT, level INTEGER);"
        "INSERT INTO n (line, level) SELECT * FROM log; DROP TABLE log; ALTER"
        " TABLE n RENAME TO log",
    ),
    "key goes, rows stay": (
        NOTES,
        rebuild("SELECT * FROM notes", columns="id INTEGER, owner INTEGER, body TEXT"),
    ),
    "vacuum": (LOG + "DELETE FROM log WHERE rowid = 1;", "VACUUM"),
    "renamed": (NOTES, "ALTER TABLE notes RENAME TO texts"),
    "renamed by a rebuild": (NOTES, "CREATE TABLE texts AS SELECT * FROM notes; DROP TABLE notes"),
    "renamed in case only": (
        NOTES,
        "ALTER TABLE notes RENAME TO n; ALTER TABLE n RENAME TO NOTES;"
        "ALTER TABLE notes RENAME COLUMN body TO BODY",
    ),
    "renamed keyless": (LOG, "ALTER TABLE log RENAME TO lines"),
    "dropped and made again with its rows": (
        NOTES,
        "CREATE TEMP TABLE kept AS SELECT * FROM notes; DROP TABLE notes;"
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);"
        "INSERT INTO notes SELECT * FROM kept; DROP TABLE kept",
    ),
    "copied aside and kept": (NOTES, "CREATE TABLE notes_backup AS SELECT * FROM notes"),
    "archived under another name": (
        NOTES,
        "ALTER TABLE notes RENAME TO notes_v1;"
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT)",
    ),
    "two swapped by name": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, 'x');"
        "CREATE TABLE e (id INTEGER PRIMARY KEY, w);",
        "ALTER TABLE a RENAME TO b; DROP TABLE e",
    ),
    "two merged": (
        "CREATE TABLE a (word TEXT); INSERT INTO a VALUES ('x'), ('y');"
        "CREATE TABLE b (word TEXT); INSERT INTO b VALUES ('y'), ('z');",
        "CREATE TABLE c AS SELECT * FROM a UNION ALL SELECT * FROM b; DROP TABLE a; DROP TABLE b",
    ),
    "two merged with a kind, ids alike": (
        "CREATE TABLE cats (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO"
        " cats VALUES (1,'a'),(2,'b');"
        "CREATE TABLE dogs (id INTEGER PRIMARY KEY, name TEXT, breed TEXT);"
        "INSERT INTO dogs VALUES (1, 'a', 'poodle'), (2, 'd', 'pug');",
        "CREATE TABLE pets (kind TEXT, id INTEGER, name TEXT, breed TEXT, PRIMARY KEY (kind, id));"
        "INSERT INTO pets SELECT 'cat', id, name, NULL FROM cats;"
        "INSERT INTO pets SELECT 'dog', id, name, breed FROM dogs; DROP TABLE"
        " cats; DROP TABLE dogs",
    ),
    "split in two": (
        NOTES,
        "CREATE TABLE owned (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);"
        "CREATE TABLE stray (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);"
        "INSERT INTO owned SELECT * FROM notes WHERE owner IS NOT NULL;"
        "INSERT INTO stray SELECT * FROM notes WHERE owner IS NULL; DROP TABLE notes",
    ),
    "some rows moved into a new table": (
        NOTES,
        "CREATE TABLE stray (id INTEGER PRIMARY KEY, owner INTEGER, body TEXT);"
        "INSERT INTO stray SELECT * FROM notes WHERE owner IS NULL;"
        "DELETE FROM notes WHERE owner IS NULL",
    ),
    "empty table dropped": (NOTES + "CREATE TABLE e (a, b);", "DROP TABLE e"),
    "all rows of NULL: still rows": (
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (NULL, NULL), (NULL, NULL);",
        "ALTER TABLE t RENAME TO u",
    ),
    "family rebuilt with foreign keys off": (
        FAMILY,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO n SELECT * FROM parent;"
        "DROP TABLE parent; ALTER TABLE n RENAME TO parent",
    ),
    "views come and go": (
        NOTES + "CREATE VIEW v AS SELECT body FROM notes;",
        "DROP VIEW v; CREATE VIEW w AS SELECT id FROM notes WHERE id > 2",
    ),
    "null key rows kept": (
        "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES (NULL,"
        " 1), (NULL, 1), ('a', 3);",
        "CREATE TABLE n (k TEXT PRIMARY KEY, v, w); INSERT INTO n (k, v)"
        " SELECT * FROM t ORDER BY v DESC;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t",
    ),
    "second half of a composite key NULL": (
        "CREATE TABLE t (a INT, b INT, v, PRIMARY KEY (a, b));"
        "INSERT INTO t VALUES (1, NULL, 'x'), (1, NULL, 'y'), (2, 1, 'z');",
        "CREATE TABLE n (a INT, b INT, v, PRIMARY KEY (a, b));"
        "INSERT INTO n SELECT * FROM t ORDER BY v DESC; DROP TABLE t; ALTER TABLE n RENAME TO t",
    ),
}


@for_every("before, step, place", LOST.values(), ids=LOST)
def test_lost_rows_are_found_where_they_stood(before, step, place):
    assert found_at(Case(before, step)) == set(place.split())


@for_every("before, step", KEPT.values(), ids=KEPT)
def test_rows_that_still_stand_are_not_reported(before, step):
    assert found_at(Case(before, step)) == set()
