"""Titles are searched too, and accents do not matter."""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 9
DESCRIPTION = "Index paths, titles and bodies without diacritics"

# The index is filled from documents: its paths come from there, not from the old index.
MOVES = {"documents_fts.path": "documents_fts.filepath"}

REBUILD_SQL = """
DROP TABLE documents_fts;
CREATE VIRTUAL TABLE documents_fts USING fts5(
    filepath, title, body, tokenize='unicode61 remove_diacritics 2'
);
INSERT INTO documents_fts (rowid, filepath, title, body)
    SELECT documents.id, documents.path, documents.title, content.doc
    FROM documents LEFT JOIN content ON content.hash = documents.hash
    WHERE documents.active = 1 ORDER BY documents.id;
"""


def up(db: Database) -> None:
    """Make the index anew and fill it from the active documents."""
    if "filepath" not in {column.name for column in db["documents_fts"].columns}:
        db.executescript(REBUILD_SQL)
