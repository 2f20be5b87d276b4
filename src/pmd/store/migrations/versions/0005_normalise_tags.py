"""Every tag that was only in a document's JSON can be searched for."""

from __future__ import annotations

import json
import logging

from sqlite_utils import Database

VERSION = 5
DESCRIPTION = "Add the tags in tags_json to document_tags"

_log = logging.getLogger("pmd.store.migrations")


def up(db: Database) -> None:
    """Add every string of every list; tags that are there already stay as they are."""
    rows = db.execute(
        """
        SELECT document_id, typeof(tags_json), CAST(tags_json AS BLOB) FROM document_metadata
        WHERE document_id IN (SELECT id FROM documents) ORDER BY document_id
        """
    ).fetchall()
    for document_id, kind, stored in rows:
        for tag in _tags(document_id, kind, stored):
            db.execute(
                "INSERT OR IGNORE INTO document_tags (document_id, tag) VALUES (?, ?)",
                [document_id, tag],
            )


def _tags(document_id: int, kind: str, stored: bytes) -> list[str]:
    try:
        listed = json.loads(stored.decode()) if kind == "text" else None
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        _log.warning("document %s: its tags_json is no JSON list, skipped", document_id)
        return []
    tags = [tag for tag in listed if isinstance(tag, str) and _is_unicode(tag)]
    if len(tags) < len(listed):
        skipped = len(listed) - len(tags)
        _log.warning("document %s: %d tags are no texts, skipped", document_id, skipped)
    return tags


def _is_unicode(tag: str) -> bool:
    # JSON can spell half a surrogate pair, which SQLite cannot store.
    return not any("\ud800" <= character <= "\udfff" for character in tag)
