"""Read and write metadata of documents, and the tags that find them.

Migrations make the tables; nothing here makes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.errors import InvalidValueError, NotFoundError
from pmd.store.json_columns import read_json, read_strings, write_json

__all__ = ["DocumentMetadata", "DocumentMetadataRepository"]

SELECT_METADATA_SQL = """
    SELECT document_id, profile_name, tags_json, source_tags_json, attributes_json, extracted_at
    FROM document_metadata WHERE document_id = :document_id
"""
SELECT_ATTRIBUTES_SQL = """
    SELECT document_metadata.document_id, document_metadata.attributes_json
    FROM document_metadata
    JOIN documents ON documents.id = document_metadata.document_id
    WHERE documents.source_collection_id = :collection_id
      AND document_metadata.profile_name = :profile_name
    ORDER BY document_metadata.document_id
"""
UPSERT_METADATA_SQL = """
    INSERT INTO document_metadata
        (document_id, profile_name, tags_json, source_tags_json, attributes_json, extracted_at)
    VALUES (:document_id, :profile_name, :tags, :source_tags, :attributes, :extracted_at)
    ON CONFLICT (document_id) DO UPDATE
    SET profile_name = excluded.profile_name, tags_json = excluded.tags_json,
        source_tags_json = excluded.source_tags_json, attributes_json = excluded.attributes_json,
        extracted_at = excluded.extracted_at
"""
DELETE_METADATA_SQL = "DELETE FROM document_metadata WHERE document_id = :document_id"
SELECT_TAGS_SQL = "SELECT tag FROM document_tags WHERE document_id = :document_id ORDER BY tag"
SELECT_TAGGED_SQL = """
    SELECT documents.id
    FROM document_tags
    JOIN documents ON documents.id = document_tags.document_id
    WHERE document_tags.tag = :tag AND documents.active = 1
"""
INSERT_TAG_SQL = """
    INSERT INTO document_tags (document_id, tag) VALUES (:document_id, :tag)
    ON CONFLICT (document_id, tag) DO NOTHING
"""
DELETE_TAGS_SQL = "DELETE FROM document_tags WHERE document_id = :document_id"
COUNT_TAGS_SQL = """
    SELECT document_tags.tag, count(*) AS uses
    FROM document_tags
    JOIN documents ON documents.id = document_tags.document_id
    WHERE documents.active = 1
    GROUP BY document_tags.tag
    ORDER BY uses DESC, document_tags.tag
"""
SELECT_DOCUMENT_EXISTS_SQL = "SELECT 1 FROM documents WHERE id = :document_id"


@dataclass(frozen=True, slots=True)
class DocumentMetadata:
    """Holds what one profile found in one document.

    `tags` are the words the document is found by, `source_tags` the words as its author wrote
    them. `attributes` is the value of its JSON, or as stored if it is none.
    """

    document_id: int
    profile_name: str
    tags: tuple[str, ...] = ()
    source_tags: tuple[str, ...] = ()
    attributes: Any = field(default_factory=dict)
    extracted_at: str | None = None


class DocumentMetadataRepository:
    """Reads and writes metadata and tags; a document's tags are those last saved for it."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def save(self, metadata: DocumentMetadata) -> DocumentMetadata:
        """Save metadata and tags in place of the document's earlier ones; return what is stored.

        Raises NotFoundError if there is no such document, InvalidValueError for tags that are
        not texts.
        """
        values = {
            "document_id": metadata.document_id,
            "profile_name": metadata.profile_name,
            "tags": _tags_text(metadata.tags, what="tags"),
            "source_tags": _tags_text(metadata.source_tags, what="source_tags"),
            "attributes": _attributes_text(metadata.attributes),
            "extracted_at": metadata.extracted_at or self._clock(),
        }
        where = {"document_id": metadata.document_id}
        with self._database.transaction():
            if self._database.execute(SELECT_DOCUMENT_EXISTS_SQL, where).fetchone() is None:
                raise NotFoundError(f"no document has the id {metadata.document_id}.")
            self._database.execute(UPSERT_METADATA_SQL, values)
            self._database.execute(DELETE_TAGS_SQL, where)
            for tag in metadata.tags:
                self._database.execute(INSERT_TAG_SQL, {**where, "tag": tag})
            row = self._database.execute(SELECT_METADATA_SQL, where).fetchone()
        return _metadata(row)

    def get(self, document_id: int) -> DocumentMetadata | None:
        """Return the document's metadata, or None."""
        where = {"document_id": document_id}
        row = self._database.execute(SELECT_METADATA_SQL, where).fetchone()
        return None if row is None else _metadata(row)

    def list_attributes(self, collection_id: int, profile_name: str) -> Mapping[int, Any]:
        """Return what one profile found in a collection's documents: their attributes by id.

        Removed documents are included. Attributes that are no JSON are as they are stored.
        """
        where = {"collection_id": collection_id, "profile_name": profile_name}
        rows = self._database.execute(SELECT_ATTRIBUTES_SQL, where)
        # Most documents have none, and reading JSON two thousand times takes its time.
        return {
            document_id: {} if attributes == "{}" else read_json(attributes)
            for document_id, attributes in rows
        }

    def delete(self, document_id: int) -> bool:
        """Delete the document's metadata and tags; False if there was no metadata."""
        where = {"document_id": document_id}
        with self._database.transaction():
            self._database.execute(DELETE_TAGS_SQL, where)
            return self._database.execute(DELETE_METADATA_SQL, where).rowcount > 0

    def get_tags(self, document_id: int) -> tuple[str, ...]:
        """Return the tags the document is found by, in order."""
        rows = self._database.execute(SELECT_TAGS_SQL, {"document_id": document_id})
        return tuple(tag for (tag,) in rows)

    def count_tags(self) -> Mapping[str, int]:
        """Return how many active documents have each tag, the most used first."""
        return dict(self._database.execute(COUNT_TAGS_SQL).fetchall())

    def find_with_all(self, tags: Iterable[str]) -> tuple[int, ...]:
        """Return the ids of the active documents that have all of `tags`, in order."""
        return tuple(sorted(set.intersection(*self._tagged(tags))))

    def find_with_any(self, tags: Iterable[str]) -> tuple[int, ...]:
        """Return the ids of the active documents that have at least one of `tags`, in order."""
        return tuple(sorted(set.union(*self._tagged(tags))))

    def _tagged(self, tags: Iterable[str]) -> list[set[int]]:
        return [
            {document_id for (document_id,) in self._database.execute(SELECT_TAGGED_SQL, where)}
            for where in ({"tag": tag} for tag in _checked_tags(tags))
        ]


def _checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    # A str is an iterable of str: "todo" would ask for four tags.
    checked = () if isinstance(tags, str) else tuple(tags)
    if not checked:
        raise InvalidValueError(f"tags is {tags!r}. Expected a list of at least one tag.")
    return checked


def _tags_text(tags: Sequence[str], *, what: str) -> str:
    # A str is a sequence of str: "todo" would become four tags.
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidValueError(f"{what} is {tags!r}. Expected a list of texts.")
    return write_json(tags, what=what)


def _attributes_text(attributes: object) -> str | None:
    return None if attributes is None else write_json(attributes, what="attributes")


def _metadata(row: tuple[Any, ...]) -> DocumentMetadata:
    document_id, profile_name, tags, source_tags, attributes, extracted_at = row
    return DocumentMetadata(
        document_id=document_id,
        profile_name=profile_name,
        tags=read_strings(tags),
        source_tags=read_strings(source_tags),
        attributes=read_json(attributes),
        extracted_at=extracted_at,
    )
