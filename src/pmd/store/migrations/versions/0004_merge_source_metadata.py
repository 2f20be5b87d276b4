"""Where a document came from is part of the document."""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 4
DESCRIPTION = "Merge source_metadata into documents"

DELETES = {
    "source_metadata": (
        "NOT EXISTS (SELECT 1 FROM documents WHERE documents.id = source_metadata.document_id)",
        "its document is gone",
    ),
    "source_metadata.id": ("DROP", "nothing refers to it"),
}

MERGE_SQL = """
ALTER TABLE documents ADD COLUMN source_uri TEXT;
ALTER TABLE documents ADD COLUMN etag TEXT;
ALTER TABLE documents ADD COLUMN last_modified TEXT;
ALTER TABLE documents ADD COLUMN last_fetched_at TEXT;
ALTER TABLE documents ADD COLUMN fetch_duration_ms INTEGER;
ALTER TABLE documents ADD COLUMN http_status INTEGER;
ALTER TABLE documents ADD COLUMN content_type TEXT;
ALTER TABLE documents ADD COLUMN extra_metadata TEXT;
UPDATE documents SET (
        source_uri, etag, last_modified, last_fetched_at,
        fetch_duration_ms, http_status, content_type, extra_metadata
    ) = (
        SELECT source_uri, etag, last_modified, last_fetched_at,
            fetch_duration_ms, http_status, content_type, extra_metadata
        FROM source_metadata WHERE source_metadata.document_id = documents.id
    )
    WHERE id IN (SELECT document_id FROM source_metadata);
CREATE INDEX idx_documents_source_uri ON documents(source_uri);
DROP TABLE source_metadata;
"""


def up(db: Database) -> None:
    """Add the columns, fill them, and drop the table they come from."""
    if "source_metadata" in db.table_names():
        db.executescript(MERGE_SQL)
