"""Read and write where a document was fetched from, and what its server said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pmd.store.database import Database
from pmd.store.errors import NotFoundError
from pmd.store.json_columns import read_json, write_json

__all__ = ["SourceMetadata", "SourceMetadataRepository"]

SELECT_SOURCE_SQL = """
    SELECT source_uri, last_fetched_at, etag, last_modified, fetch_duration_ms, http_status,
        content_type, extra_metadata
    FROM documents WHERE id = :id
"""
SELECT_DOCUMENTS_OF_SOURCE_SQL = """
    SELECT id FROM documents WHERE source_uri = :source_uri ORDER BY id
"""
UPDATE_SOURCE_SQL = """
    UPDATE documents
    SET source_uri = :source_uri, last_fetched_at = :last_fetched_at, etag = :etag,
        last_modified = :last_modified, fetch_duration_ms = :fetch_duration_ms,
        http_status = :http_status, content_type = :content_type,
        extra_metadata = :extra_metadata
    WHERE id = :id
"""
CLEAR_SOURCE_SQL = """
    UPDATE documents
    SET source_uri = NULL, last_fetched_at = NULL, etag = NULL, last_modified = NULL,
        fetch_duration_ms = NULL, http_status = NULL, content_type = NULL, extra_metadata = NULL
    WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class SourceMetadata:
    """One fetch. `extra_metadata` is the value of its JSON, or as stored if it is none."""

    source_uri: str
    last_fetched_at: str
    etag: str | None = None
    last_modified: str | None = None
    fetch_duration_ms: int | None = None
    http_status: int | None = None
    content_type: str | None = None
    extra_metadata: Any = None


class SourceMetadataRepository:
    """Reads and writes the eight columns of documents that tell of their source."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, document_id: int) -> SourceMetadata | None:
        """Return what is known of the document's source, or None where nothing is.

        Raises NotFoundError if there is no such document.
        """
        row = self._database.execute(SELECT_SOURCE_SQL, {"id": document_id}).fetchone()
        if row is None:
            raise _no_document(document_id)
        if row[0] is None:
            return None
        source = SourceMetadata(*row)
        return replace(source, extra_metadata=read_json(source.extra_metadata))

    def find_documents(self, source_uri: str) -> tuple[int, ...]:
        """Return the ids of the documents fetched from `source_uri`, removed ones included."""
        rows = self._database.execute(SELECT_DOCUMENTS_OF_SOURCE_SQL, {"source_uri": source_uri})
        return tuple(document_id for (document_id,) in rows)

    def save(self, document_id: int, source: SourceMetadata) -> None:
        """Write all eight columns; NotFoundError if there is no such document."""
        extra = source.extra_metadata
        values = {
            "id": document_id,
            "source_uri": source.source_uri,
            "last_fetched_at": source.last_fetched_at,
            "etag": source.etag,
            "last_modified": source.last_modified,
            "fetch_duration_ms": source.fetch_duration_ms,
            "http_status": source.http_status,
            "content_type": source.content_type,
            "extra_metadata": None if extra is None else write_json(extra, what="extra_metadata"),
        }
        if not self._database.execute(UPDATE_SOURCE_SQL, values).rowcount:
            raise _no_document(document_id)

    def clear(self, document_id: int) -> None:
        """Forget the document's source; NotFoundError if there is no such document."""
        if not self._database.execute(CLEAR_SOURCE_SQL, {"id": document_id}).rowcount:
            raise _no_document(document_id)


def _no_document(document_id: int) -> NotFoundError:
    return NotFoundError(f"no document has the id {document_id}.")
