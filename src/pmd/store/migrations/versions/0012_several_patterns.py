"""A collection has a list of patterns; texts that no document names are swept out."""

from __future__ import annotations

import json

from sqlite_utils import Database

VERSION = 12
DESCRIPTION = "Turn glob_pattern into glob_patterns, sweep unused content"

DELETES = {
    "content": (
        "NOT EXISTS (SELECT 1 FROM documents WHERE documents.hash = content.hash)",
        "no document names it",
    ),
    "content_vectors": (
        "NOT EXISTS (SELECT 1 FROM documents WHERE documents.hash = content_vectors.hash)",
        "no document names its text",
    ),
}
CHANGES = {
    "source_collections.glob_pattern": ("typeof(glob_pattern) = 'blob'", "JSON has no blobs"),
}
MOVES = {"source_collections.glob_pattern": "source_collections.glob_patterns"}

# NOT EXISTS, because NOT IN is never true of a list that holds a NULL.
SWEEP_SQL = """
DELETE FROM content_vectors
    WHERE NOT EXISTS (SELECT 1 FROM documents WHERE documents.hash = content_vectors.hash);
DELETE FROM content
    WHERE NOT EXISTS (SELECT 1 FROM documents WHERE documents.hash = content.hash);
"""


def up(db: Database) -> None:
    """Write each pattern as a list of one, drop the old column, and sweep."""
    if "glob_pattern" in {column.name for column in db["source_collections"].columns}:
        _turn_into_lists(db)
    db.executescript(SWEEP_SQL)


def _turn_into_lists(db: Database) -> None:
    db.execute(
        "ALTER TABLE source_collections"
        """ ADD COLUMN glob_patterns TEXT NOT NULL DEFAULT '["**/*.md"]'"""
    )
    rows = db.execute("SELECT id, CAST(glob_pattern AS BLOB) FROM source_collections").fetchall()
    for collection_id, pattern in rows:
        db.execute(
            "UPDATE source_collections SET glob_patterns = ? WHERE id = ?",
            [json.dumps([_text(pattern)], ensure_ascii=False), collection_id],
        )
    db.execute("ALTER TABLE source_collections DROP COLUMN glob_pattern")


def _text(stored: bytes) -> str:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored.hex()
