"""A database without the rows of one table is one that an application could have."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.fill.emptied_table import without_rows
from pytest_pmd_migrations.image import Image

SCRIPT = """
CREATE TABLE person(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
CREATE TABLE book(id INTEGER PRIMARY KEY, owner INTEGER REFERENCES person(id), title TEXT);
CREATE TABLE loan(id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person(id));
CREATE TABLE fine(loan INTEGER NOT NULL REFERENCES loan(id), sum INTEGER);
CREATE TABLE visit(person_id INTEGER, day TEXT);
CREATE TABLE other(a);
CREATE VIRTUAL TABLE person_fts USING fts5(text);
CREATE VIRTUAL TABLE names USING fts5(name, content='person', content_rowid='id');
INSERT INTO person VALUES (1, 'Ada'), (2, 'Bo');
INSERT INTO book VALUES (1, 1, 'One');
INSERT INTO loan VALUES (1, 2);
INSERT INTO fine VALUES (1, 5);
INSERT INTO visit VALUES (1, '2025-01-01');
INSERT INTO other VALUES (1);
INSERT INTO person_fts VALUES ('Ada');
INSERT INTO names(names) VALUES ('rebuild');
"""


def made(script: str) -> Image:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(script)
        return Image.of_connection(conn)


def test_what_refers_to_the_rows_refers_to_nothing_or_goes_with_them() -> None:
    emptied = without_rows(made(SCRIPT), "person")
    assert emptied is not None
    assert emptied.tables == {"person", "loan", "fine", "visit"}
    with closing(emptied.image.connect()) as conn:
        names = ("person", "book", "loan", "fine", "visit", "other", "person_fts")
        sql = "SELECT count(*) FROM {}"
        counts = {name: conn.execute(sql.format(name)).fetchone()[0] for name in names}
        gone = dict.fromkeys(("person", "loan", "fine", "visit", "person_fts"), 0)
        assert counts == {**gone, "book": 1, "other": 1}
        assert conn.execute("SELECT owner FROM book").fetchall() == [(None,)]
        assert conn.execute("SELECT * FROM sqlite_sequence").fetchall() == []
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        conn.execute("INSERT INTO names(names, rank) VALUES ('integrity-check', 1)")


def test_a_table_that_a_trigger_guards_cannot_be_emptied() -> None:
    refusing = "CREATE TRIGGER r BEFORE DELETE ON other BEGIN SELECT RAISE(ABORT, 'no'); END;"
    assert without_rows(made(SCRIPT + refusing), "other") is None
    writing = "CREATE TRIGGER w AFTER DELETE ON other BEGIN INSERT INTO other VALUES (9); END;"
    assert without_rows(made(SCRIPT + writing), "other") is None
