"""A collection's contexts are a JSON list in the collection."""

from __future__ import annotations

import json

from sqlite_utils import Database

VERSION = 7
DESCRIPTION = "Fold path_contexts into source_collections.contexts"

DELETES = {
    "path_contexts": (
        "NOT EXISTS (SELECT 1 FROM source_collections"
        " WHERE source_collections.id = path_contexts.source_collection_id)",
        "its collection is gone",
    ),
    "path_contexts.id": ("DROP", "the list keeps the order, nothing else refers to it"),
}
CHANGES = {
    "path_contexts.path_prefix": ("typeof(path_prefix) = 'blob'", "JSON has no blobs"),
    "path_contexts.context": ("typeof(context) = 'blob'", "JSON has no blobs"),
    "path_contexts.created_at": ("typeof(created_at) = 'blob'", "JSON has no blobs"),
}
MOVES = {
    "path_contexts.path_prefix": "source_collections.contexts",
    "path_contexts.context": "source_collections.contexts",
    "path_contexts.created_at": "source_collections.contexts",
}

# In Python, because SQLite's JSON functions raise on blobs.
SELECT_SQL = """
    SELECT source_collection_id,
        CAST(path_prefix AS BLOB), CAST(context AS BLOB), CAST(created_at AS BLOB)
    FROM path_contexts ORDER BY id
"""


def up(db: Database) -> None:
    """Write each collection's contexts, in order of their ids, and drop their table."""
    if "path_contexts" not in db.table_names():
        return
    db.execute("ALTER TABLE source_collections ADD COLUMN contexts TEXT")
    lists: dict[int, list[dict[str, str]]] = {}
    for collection_id, path_prefix, context, created_at in db.execute(SELECT_SQL).fetchall():
        lists.setdefault(collection_id, []).append(
            {
                "path_prefix": _text(path_prefix),
                "context": _text(context),
                "created_at": _text(created_at),
            }
        )
    for collection_id, contexts in lists.items():
        db.execute(
            "UPDATE source_collections SET contexts = ? WHERE id = ?",
            [json.dumps(contexts, ensure_ascii=False), collection_id],
        )
    db.execute("DROP TABLE path_contexts")


def _text(stored: bytes) -> str:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored.hex()
