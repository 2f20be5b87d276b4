"""The full-text index follows the documents by itself.

An INSERT OR REPLACE on documents would leave a stale row: it deletes without firing the delete
trigger unless recursive_triggers is on.
"""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 10
DESCRIPTION = "Keep documents_fts by triggers"

TRIGGERS_SQL = """
CREATE TRIGGER IF NOT EXISTS documents_fts_insert
AFTER INSERT ON documents WHEN new.active = 1
BEGIN
    INSERT INTO documents_fts (rowid, filepath, title, body)
    VALUES (
        new.id, new.path, new.title, (SELECT doc FROM content WHERE content.hash = new.hash)
    );
END;

CREATE TRIGGER IF NOT EXISTS documents_fts_delete
AFTER DELETE ON documents
BEGIN
    DELETE FROM documents_fts WHERE rowid = old.id;
END;

CREATE TRIGGER IF NOT EXISTS documents_fts_update
AFTER UPDATE OF id, path, title, hash, active ON documents
BEGIN
    DELETE FROM documents_fts WHERE rowid = old.id;
    INSERT INTO documents_fts (rowid, filepath, title, body)
    SELECT
        new.id, new.path, new.title, (SELECT doc FROM content WHERE content.hash = new.hash)
    WHERE new.active = 1;
END;
"""


def up(db: Database) -> None:
    """Make the three triggers."""
    db.executescript(TRIGGERS_SQL)
