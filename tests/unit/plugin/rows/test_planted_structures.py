"""Full text, R-trees, AUTOINCREMENT marks, odd names, encodings: losses and harmless steps."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import compare_rows
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, found_at, report, take

STORED = """
CREATE VIRTUAL TABLE f USING fts5(path, body, tokenize = 'porter unicode61');
INSERT INTO f (rowid, path, body) VALUES (3, 'a.md', 'running'), (7, 'b.md', 'jumping');
"""
CONTENTLESS = """
CREATE VIRTUAL TABLE f USING fts5(path, body, content = '');
INSERT INTO f (rowid, path, body) VALUES (3, 'a.md', 'running'), (7, 'b.md', 'jumping');
"""
EXTERNAL = """
CREATE TABLE d (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO d VALUES (1, 'x'), (2, 'y');
CREATE VIRTUAL TABLE f USING fts5(body, content = 'd', content_rowid = 'id');
INSERT INTO f (f) VALUES ('rebuild');
"""
BOXES = """
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +label);
INSERT INTO boxes VALUES (1, 0, 1, 'a'), (2, 5, 6, 'b');
"""
COUNTED = """
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
INSERT INTO t (v) VALUES ('a'), ('b'), ('c'); DELETE FROM t WHERE id = 3;
"""
REMADE = """
CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;
"""
EMPTIED = COUNTED + "DELETE FROM t;"

LOST = {
    "FTS row": (STORED, "DELETE FROM f WHERE rowid = 7", "f"),
    "FTS values": (STORED, "UPDATE f SET path = upper(path)", "f.path"),
    "FTS made again without its rows": (
        STORED,
        "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(path, body)",
        "f",
    ),
    "FTS filled under other rowids": (
        STORED,
        "CREATE TABLE k AS SELECT path, body FROM f; DROP TABLE f;"
        "CREATE VIRTUAL TABLE f USING fts5(path, body); INSERT INTO f SELECT *"
        " FROM k; DROP TABLE k",
        "f",
    ),
    "FTS column dropped": (
        STORED,
        "CREATE TABLE k AS SELECT rowid AS r, path FROM f; DROP TABLE f;"
        "CREATE VIRTUAL TABLE f USING fts5(path);"
        "INSERT INTO f (rowid, path) SELECT r, path FROM k; DROP TABLE k",
        "f.body",
    ),
    "FTS dropped": (STORED, "DROP TABLE f", "f"),
    "contentless row": (
        CONTENTLESS,
        "INSERT INTO f (f, rowid, path, body) VALUES ('delete', 7, 'b.md', 'jumping')",
        "f",
    ),
    "contentless made again, empty": (
        CONTENTLESS,
        "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(path, body, content = '')",
        "f",
    ),
    "external content, stale": (EXTERNAL, "UPDATE d SET body = 'z' WHERE id = 2", "d.body f"),
    "external content, a row more": (EXTERNAL, "INSERT INTO d VALUES (3, 'z')", "f"),
    "external content, a row deleted": (EXTERNAL, "DELETE FROM d WHERE id = 2", "d f"),
    "external content made again, not rebuilt": (
        EXTERNAL,
        "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(body, content='d', content_rowid='id')",
        "f",
    ),
    "R-tree row": (BOXES, "DELETE FROM boxes WHERE id = 2", "boxes"),
    "R-tree value": (BOXES, "UPDATE boxes SET label = 'c' WHERE id = 2", "boxes.label"),
    "R-tree box": (BOXES, "UPDATE boxes SET x1 = 9 WHERE id = 2", "boxes.x1"),
    "R-tree dropped": (BOXES, "DROP TABLE boxes", "boxes"),
    "fts4 row": (
        "CREATE VIRTUAL TABLE f USING fts4(body); INSERT INTO f (body) VALUES ('x'), ('y');",
        "DELETE FROM f WHERE docid = 2",
        "f",
    ),
    "mark set back by a rebuild": (COUNTED, REMADE, "t"),
    "mark of an emptied table set back": (EMPTIED, REMADE, "t"),
    "mark deleted": (COUNTED, "DELETE FROM sqlite_sequence", "t"),
    "mark lowered": (COUNTED, "UPDATE sqlite_sequence SET seq = 2", "t"),
    "mark not taken along to a new name": (
        COUNTED,
        REMADE.replace("RENAME TO t", "RENAME TO u"),
        "t",
    ),
}
KEPT = {
    "FTS with another tokenizer": (
        STORED,
        "CREATE TABLE k AS SELECT rowid AS r, path, body FROM f; DROP TABLE f;"
        "CREATE VIRTUAL TABLE f USING fts5(path, body, tokenize = 'trigram');"
        "INSERT INTO f (rowid, path, body) SELECT * FROM k; DROP TABLE k",
    ),
    "FTS with a column more and one renamed": (
        STORED,
        "CREATE TABLE k AS SELECT rowid AS r, path, body FROM f; DROP TABLE f;"
        "CREATE VIRTUAL TABLE f USING fts5(filepath, title, body);"
        "INSERT INTO f (rowid, filepath, title, body) SELECT r, path, '', body"
        " FROM k; DROP TABLE k",
    ),
    "FTS renamed": (STORED, "ALTER TABLE f RENAME TO g"),
    "FTS optimised": (STORED, "INSERT INTO f (f) VALUES ('optimize')"),
    "FTS rebuilt": (STORED, "INSERT INTO f (f) VALUES ('rebuild')"),
    "FTS row more": (STORED, "INSERT INTO f VALUES ('c.md', 'new')"),
    "contentless made again with its rows": (
        CONTENTLESS,
        "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(path, body, content = '');"
        "INSERT INTO f (rowid, path, body) VALUES (3, 'a.md', 'running'), (7, 'b.md', 'jumping')",
    ),
    "contentless becomes stored": (
        CONTENTLESS,
        "DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(path, body);"
        "INSERT INTO f (rowid, path, body) VALUES (3, 'a.md', 'running'), (7, 'b.md', 'jumping')",
    ),
    "external content dropped": (EXTERNAL, "DROP TABLE f"),
    "external content followed by a rebuild": (
        EXTERNAL,
        "INSERT INTO d VALUES (3, 'z'); INSERT INTO f (f) VALUES ('rebuild')",
    ),
    "R-tree row more": (BOXES, "INSERT INTO boxes VALUES (3, 7, 8, 'c')"),
    "R-tree made again": (
        BOXES,
        "CREATE TABLE k AS SELECT * FROM boxes; DROP TABLE boxes;"
        "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1, +label);"
        "INSERT INTO boxes SELECT id, x0, x1, 0, 0, label FROM k; DROP TABLE k",
    ),
    "R-tree renamed": (BOXES, "ALTER TABLE boxes RENAME TO areas"),
    "mark kept by a rename": (COUNTED, "ALTER TABLE t RENAME TO u"),
    "mark of an emptied table kept by a rename": (EMPTIED, "ALTER TABLE t RENAME TO u"),
    "mark copied": (COUNTED, REMADE + "UPDATE sqlite_sequence SET seq = 3 WHERE name = 't'"),
    "mark raised": (COUNTED, "UPDATE sqlite_sequence SET seq = 9"),
    "AUTOINCREMENT given up": (COUNTED, REMADE.replace("AUTOINCREMENT", "")),
    "AUTOINCREMENT given up, the word stays": (
        COUNTED,
        REMADE.replace("AUTOINCREMENT", "/* AUTOINCREMENT */"),
    ),
}
NAMES = [
    "main",
    "new",
    "temp",
    "sqlite",
    "sqlitex",
    "sqlite-data",
    "select",
    "täble",
    "a b",
    'a"b',
    "a'b",
    "a FROM b",
    "a.b",
    "SELECT ",
    "[x]",
    "x; --",
    "fts5",
    "rowid",
    "Ünïcode",
]


@for_every("before, step, places", LOST.values(), ids=LOST)
def test_losses_are_found(before, step, places):
    assert found_at(Case(before, step)) == set(places.split())


@for_every("before, step", KEPT.values(), ids=KEPT)
def test_harmless_steps_are_not_reported(before, step):
    assert found_at(Case(before, step)) == set()


def _named(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return (
        f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, {quoted} TEXT, other TEXT);"
        f"INSERT INTO {quoted} VALUES (1, 'a', 'x'), (2, 'b', 'y');"
    )


@for_every("name", NAMES)
def test_a_table_of_any_name_is_compared(name):
    quoted = '"' + name.replace('"', '""') + '"'
    before = _named(name)
    assert found_at(Case(before, f"DELETE FROM {quoted} WHERE id = 2")) == {name}
    changed = found_at(Case(before, f"UPDATE {quoted} SET other = 'z' WHERE id = 2"))
    assert changed == {f"{name}.other"}
    dropped = found_at(Case(before, f"ALTER TABLE {quoted} DROP COLUMN {quoted}"))
    assert dropped == {f"{name}.{name}"}
    assert found_at(Case(before, f"ALTER TABLE {quoted} RENAME COLUMN {quoted} TO c")) == set()
    assert found_at(Case(before, f"ALTER TABLE {quoted} RENAME TO elsewhere")) == set()
    declared = Case(
        before,
        f"DELETE FROM {quoted} WHERE id = 2; UPDATE {quoted} SET other = 'z'",
        deletes={name: "id = 2"},
        changes={f"{name}.other": "1"},
    )
    assert found_at(declared) == set()


@pytest.mark.parametrize("column", ["rowid", "oid", "_rowid_"])
def test_a_column_that_hides_the_rowid_is_compared(column):
    before = f"CREATE TABLE t ({column} TEXT, v TEXT); INSERT INTO t VALUES ('a','x'),('a','y');"
    assert found_at(Case(before, "DELETE FROM t WHERE v = 'y'")) == {"t"}
    assert found_at(Case(before, f"ALTER TABLE t RENAME COLUMN {column} TO c")) == set()
    assert found_at(Case(before, f"ALTER TABLE t DROP COLUMN {column}")) == {f"t.{column}"}
    assert found_at(Case(before, "UPDATE t SET v = 'z' WHERE v = 'y'")) in ({"t"}, {"t.v"})


def test_columns_of_all_three_names_leave_no_rowid():
    before = "CREATE TABLE t (rowid, oid, _rowid_); INSERT INTO t VALUES (1, 2, 3), (1, 2, 3);"
    assert found_at(Case(before, "DELETE FROM t WHERE 0")) == set()
    assert found_at(Case(before, "CREATE TABLE x AS SELECT DISTINCT * FROM t; DROP TABLE t")) == {
        "t"
    }
    assert found_at(Case(before, "ALTER TABLE t RENAME COLUMN oid TO c")) == set()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_every_encoding_is_compared(encoding):
    before = f"""
    PRAGMA encoding = '{encoding}';
    CREATE TABLE "né" (id INTEGER PRIMARY KEY, "ñ" TEXT);
    INSERT INTO "né" VALUES (1, '😀'), (2, 'é');
    """
    assert found_at(Case(before, 'DELETE FROM "né" WHERE id = 2')) == {"né"}
    assert found_at(Case(before, """UPDATE "né" SET "ñ" = 'e' WHERE id = 2""")) == {"né.ñ"}
    assert found_at(Case(before, 'ALTER TABLE "né" RENAME COLUMN "ñ" TO n')) == set()


@pytest.mark.parametrize("without", ["", "WITHOUT ROWID"])
def test_text_that_is_no_unicode_is_compared_and_tried_out(without):
    before = f"""
    CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT) {without};
    INSERT INTO t VALUES (CAST(x'61ff' AS TEXT), CAST(x'62fe' AS TEXT)), ('b', 'c');
    """
    assert found_at(Case(before, "ALTER TABLE t RENAME COLUMN v TO w")) == set()
    assert found_at(Case(before, "ALTER TABLE t DROP COLUMN v")) == {"t.v"}
    assert found_at(Case(before, "ALTER TABLE t RENAME TO u")) == set()
    assert found_at(Case(before, "DELETE FROM t WHERE k <> 'b'")) == {"t"}


def test_a_file_in_wal_mode_is_compared(tmp_path):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.executescript(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 2);"
        )
        before = Image.of_connection(conn)
        take("DELETE FROM t", conn)
        after = Image.of_connection(conn)
    found = compare_rows(
        before, after, declarations=NOTHING_DECLARED, rerun=lambda conn: take("DELETE FROM t", conn)
    )
    assert [finding.message for finding in found.findings] == ["t lost 1 of 1 row"]


def test_a_new_violation_is_found_beside_one_that_was_mended():
    before = """
    CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
    CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
    INSERT INTO c VALUES (1, 9);
    CREATE TABLE d (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
    INSERT INTO d VALUES (1, 1);
    """
    step = "INSERT INTO p VALUES (9); INSERT INTO d VALUES (2, 77)"
    found = report(Case(before, step)).findings
    assert [finding.message for finding in found] == ["1 row points from d at nothing in p"]


def test_old_violations_of_a_table_are_known_under_its_new_name():
    before = """
    CREATE TABLE p (id INTEGER PRIMARY KEY);
    CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
    INSERT INTO c VALUES (1, 9);
    """
    assert found_at(Case(before, "ALTER TABLE c RENAME TO d")) == set()
    assert found_at(Case(before, "ALTER TABLE p RENAME TO q")) == set()
