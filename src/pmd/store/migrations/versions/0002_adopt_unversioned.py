"""Databases from before versioning get the shape that version 1 gave to new ones.

0001 makes missing tables and indexes, but IF NOT EXISTS leaves a table as it is: collections of
the first releases lack two columns, and their full-text index stores no text.
"""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 2
DESCRIPTION = "Adopt unversioned databases"

DELETES = {
    "documents_fts": (
        "rowid NOT IN (SELECT id FROM documents WHERE active = 1)",
        "a contentless index could not delete the rowids of removed documents",
    ),
}

# ALTER TABLE would append the columns, and leave another order for ever.
REBUILD_COLLECTIONS_SQL = """
CREATE TABLE collections_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    pwd TEXT NOT NULL,
    glob_pattern TEXT NOT NULL DEFAULT '**/*.md',
    source_type TEXT NOT NULL DEFAULT 'filesystem',
    source_config TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'collections_new', seq FROM sqlite_sequence WHERE name = 'collections';
INSERT INTO collections_new (id, name, pwd, glob_pattern, created_at, updated_at)
    SELECT id, name, pwd, glob_pattern, created_at, updated_at FROM collections;
DROP TABLE collections;
ALTER TABLE collections_new RENAME TO collections;
"""

REBUILD_INDEX_SQL = """
DROP TABLE documents_fts;
CREATE VIRTUAL TABLE documents_fts USING fts5(path, body, tokenize='porter unicode61');
INSERT INTO documents_fts (rowid, path, body)
    SELECT documents.id, documents.path, content.doc
    FROM documents LEFT JOIN content ON content.hash = documents.hash
    WHERE documents.active = 1 ORDER BY documents.id;
"""


def up(db: Database) -> None:
    """Rebuild what the first releases left in another shape."""
    if "source_type" not in {column.name for column in db["collections"].columns}:
        db.executescript(REBUILD_COLLECTIONS_SQL)
    if "documents_fts_content" not in db.table_names():
        db.executescript(REBUILD_INDEX_SQL)
