"""A history whose released steps and stored databases have fourteen defects of ten kinds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

SETTINGS = """\
[tool.pytest.ini_options]
migration_source = "library"
migration_rows = "rows.toml"
"""

RUNNER = '''\
"""Runs modules and scripts one after the other; it never looks at foreign keys."""

import importlib
import pathlib

FILES = sorted(pathlib.Path(__file__).parent.glob("0*.*"))


class MigrationRunner:
    def __init__(self, conn):
        self.conn = conn

    def run_migrations(self, target=None):
        for version, file in enumerate(FILES, 1):
            at = self.conn.execute("PRAGMA user_version").fetchone()[0]
            if at < version <= (target or len(FILES)):
                self.take(version, file)

    def take(self, version, file):
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            if file.suffix == ".py":
                importlib.import_module(f"library.{file.stem}").up(self.conn)
            else:
                for statement in file.read_text().split(";\\n"):
                    self.conn.execute(statement)
            self.conn.execute(f"PRAGMA user_version = {version}")
        except BaseException:
            self.conn.rollback()
            raise
        self.conn.execute("COMMIT")
'''

FILES = {
    "0001_tables.sql": """\
CREATE TABLE IF NOT EXISTS authors(id INTEGER PRIMARY KEY, name TEXT, mail TEXT, phone TEXT);
CREATE TABLE IF NOT EXISTS books(id INTEGER PRIMARY KEY AUTOINCREMENT,
  author_id INTEGER REFERENCES authors(id), title TEXT);
CREATE TABLE IF NOT EXISTS loans(id INTEGER PRIMARY KEY, state TEXT);
CREATE TABLE IF NOT EXISTS drafts(id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE IF NOT EXISTS log(line TEXT);
CREATE INDEX IF NOT EXISTS books_title ON books(title);
CREATE VIEW IF NOT EXISTS latest AS SELECT max(id) AS id FROM drafts;
CREATE VIRTUAL TABLE IF NOT EXISTS found USING fts5(text, content='drafts', content_rowid='id');
CREATE TRIGGER IF NOT EXISTS drafts_found AFTER INSERT ON drafts
  BEGIN INSERT INTO found(rowid, text) VALUES (new.id, new.text); END
""",
    "0002_tidy.py": '''\
"""Tidy titles, forget lost loans, say so."""

VERSION = 2
DESCRIPTION = "Tidy"
# Why: readers complained.
DELETES = {}  # filled in later


def up(conn):
    conn.execute("UPDATE books SET title = trim(title)")
    conn.execute("DELETE FROM loans WHERE state = 'lost'")
    conn.execute("INSERT INTO log VALUES ('tidied')")
''',
    "0003_nameless.sql": "DELETE FROM authors WHERE name IS NULL\n",
    "0004_rebuild.py": '''\
"""Build books anew, and forget what is no mail."""


def up(conn):
    conn.execute(
        "CREATE TABLE books2(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " author_id INTEGER REFERENCES authors(id), title TEXT)"
    )
    conn.execute("INSERT INTO books2 SELECT * FROM books")
    conn.execute("DROP TABLE books")
    conn.execute("ALTER TABLE books2 RENAME TO books")
    conn.execute("UPDATE authors SET mail = NULL WHERE mail NOT LIKE '%@%'")
''',
    "0005_index.sql": """\
DROP TABLE found;
CREATE VIRTUAL TABLE found USING fts5(text, content='drafts', content_rowid='id');
INSERT INTO found(rowid, text) SELECT id, text FROM drafts;
INSERT INTO log VALUES ('indexed')
""",
    "0006_phones.sql": """\
ALTER TABLE authors ADD COLUMN data TEXT;
UPDATE authors SET data = json_object('phone', phone);
ALTER TABLE authors DROP COLUMN phone;
DROP TABLE found;
DROP TABLE drafts
""",
}

ROWS = """
INSERT INTO authors VALUES (10, 'Ada', 'ada@x.org', '555-1'), (11, NULL, NULL, '555-2'),
  (12, 'Bo', 'none', '555-3');
INSERT INTO books VALUES (20, 10, ' One'), (21, 11, 'Two'), (22, 12, 'Three '), (29, 10, 'Nine');
DELETE FROM books WHERE id = 29;
INSERT INTO loans VALUES (30, 'lent'), (31, 'lost'), (32, 'back'), (33, 'lost');
INSERT INTO drafts VALUES (40, 'a draft');
"""

DEFECTS = {
    (2, "CHANGES books.title"),
    (2, "DELETES loans"),
    (2, "AGAIN"),
    (3, "DELETES authors"),
    (3, "ORPHANS books"),
    (4, "SEQUENCES books"),
    (4, "GUARDS books"),
    (4, "DELETES authors.mail"),
    (5, "AGAIN"),
    (6, "MOVES authors.phone"),
    (6, "DELETES drafts"),
    (6, "DANGLING latest"),
    (1, "damaged"),
    (1, "unsupported"),
}


def write_history(folder: Path) -> None:
    """Write the files of the application, with an empty file of declarations."""
    (folder / "library").mkdir()
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "rows.toml").write_text("# What released steps did.\n")
    (folder / "library/__init__.py").write_text(RUNNER)
    for name, text in FILES.items():
        (folder / "library" / name).write_text(text)


def store_variants(snapshots: Path) -> None:
    """Store a database with rows that every released step is wrong about, and two more.

    One has a search index that is stale, the other a shape that no step expects.
    """
    with _variant(snapshots, "0001+rows") as conn:
        conn.executescript(ROWS)
    with _variant(snapshots, "0001+stale") as conn:
        conn.execute("INSERT INTO drafts VALUES (99, 'not indexed')")
        conn.execute("INSERT INTO found(found, rowid, text) VALUES ('delete', 99, 'not indexed')")
    with _variant(snapshots, "0001+beta") as conn:
        conn.execute("ALTER TABLE books RENAME COLUMN title TO name")


@contextmanager
def _variant(snapshots: Path, name: str) -> Iterator[sqlite3.Connection]:
    path = snapshots / f"{name}.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        for statement in FILES["0001_tables.sql"].split(";\n"):
            conn.execute(statement)
        conn.execute("PRAGMA user_version = 1")
        yield conn
