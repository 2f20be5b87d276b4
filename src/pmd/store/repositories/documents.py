"""Read and write documents: a path in a collection, a title, and the hash of a text.

Triggers on the documents table keep the full-text index. They take the text from content by its
hash, so a text is put there first. An INSERT OR REPLACE would bypass them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.errors import AlreadyExistsError, NotFoundError
from pmd.store.repositories.content import ContentRepository

__all__ = ["Document", "DocumentRepository"]

INSERT_DOCUMENT_SQL = """
    INSERT INTO documents
        (source_collection_id, path, title, hash, active, created_at, modified_at)
    VALUES (:collection_id, :path, :title, :hash, 1, :created_at, :modified_at)
"""
SELECT_DOCUMENT_SQL = """
    SELECT id, source_collection_id, path, title, hash, active, created_at, modified_at
    FROM documents WHERE id = :id
"""
SELECT_DOCUMENT_AT_PATH_SQL = """
    SELECT id, source_collection_id, path, title, hash, active, created_at, modified_at
    FROM documents WHERE source_collection_id = :collection_id AND path = :path
"""
SELECT_DOCUMENTS_SQL = """
    SELECT id, source_collection_id, path, title, hash, active, created_at, modified_at
    FROM documents
    WHERE (:collection_id IS NULL OR source_collection_id = :collection_id)
      AND (active = 1 OR :removed)
    ORDER BY source_collection_id, path, id
"""
SELECT_HASHES_SQL = """
    SELECT id, path, hash, active FROM documents
    WHERE source_collection_id = :collection_id
"""
SELECT_OWNER_EXISTS_SQL = "SELECT 1 FROM source_collections WHERE id = :collection_id"
UPDATE_DOCUMENT_SQL = """
    UPDATE documents
    SET path = coalesce(:path, path),
        title = coalesce(:title, title),
        hash = coalesce(:hash, hash),
        active = coalesce(:active, active),
        modified_at = coalesce(:modified_at, modified_at)
    WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One document; `active` is false once it was removed."""

    id: int
    collection_id: int
    path: str
    title: str
    hash: str
    active: bool
    created_at: str
    modified_at: str


class DocumentRepository:
    """Reads and writes documents. Times come from the caller, or else from the clock."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._content = ContentRepository(database, clock=clock)

    def add(
        self,
        collection_id: int,
        path: str,
        title: str,
        text: str,
        *,
        created_at: str | None = None,
        modified_at: str | None = None,
    ) -> Document:
        """Add a document and return it.

        A document removed from this path comes back, with its id and created_at. Raises
        AlreadyExistsError if the path holds an active one, NotFoundError if there is no such
        collection.
        """
        now = self._clock()
        modified = modified_at or now
        with self._database.transaction():
            self._check_collection(collection_id)
            there = self.find(collection_id, path)
            if there is not None and there.active:
                raise _taken(there)
            name = self._content.put(text, created_at=created_at or now)
            if there is not None:
                return self._change(
                    there.id, title=title, hash=name, active=True, modified_at=modified
                )
            values = {
                "collection_id": collection_id,
                "path": path,
                "title": title,
                "hash": name,
                "created_at": created_at or now,
                "modified_at": modified,
            }
            added = self._database.execute(INSERT_DOCUMENT_SQL, values).lastrowid
            return self.get(added or 0)

    def get(self, document_id: int) -> Document:
        """Return the document with this id, removed or not; NotFoundError if there is none."""
        row = self._database.execute(SELECT_DOCUMENT_SQL, {"id": document_id}).fetchone()
        if row is None:
            raise NotFoundError(f"no document has the id {document_id}.")
        return _document(row)

    def find(self, collection_id: int, path: str) -> Document | None:
        """Return the document at this path of the collection, removed or not, or None."""
        where = {"collection_id": collection_id, "path": path}
        row = self._database.execute(SELECT_DOCUMENT_AT_PATH_SQL, where).fetchone()
        return None if row is None else _document(row)

    def list_documents(
        self, *, collection_id: int | None = None, include_removed: bool = False
    ) -> tuple[Document, ...]:
        """Return the documents of one collection, or of all, by collection and path."""
        where = {"collection_id": collection_id, "removed": include_removed}
        return tuple(_document(row) for row in self._database.execute(SELECT_DOCUMENTS_SQL, where))

    def list_hashes(self, collection_id: int) -> Mapping[str, tuple[int, str, bool]]:
        """Return id, hash and whether it is active of each document of a collection, by path.

        Removed documents are included. It is what a look through many unchanged files needs, in
        less time than `list_documents()`.
        """
        rows = self._database.execute(SELECT_HASHES_SQL, {"collection_id": collection_id})
        return {path: (identity, name, active == 1) for identity, path, name, active in rows}

    def text(self, document_id: int) -> str:
        """Return the text of the document with this id; NotFoundError if there is none."""
        return self._content.get(self.get(document_id).hash)

    def update(
        self,
        document_id: int,
        *,
        title: str | None = None,
        text: str | None = None,
        modified_at: str | None = None,
    ) -> Document:
        """Change title, text or both, set modified_at, and return the document as it is then."""
        with self._database.transaction():
            now = modified_at or self._clock()
            name = None if text is None else self._content.put(text, created_at=now)
            return self._change(document_id, title=title, hash=name, modified_at=now)

    def rename(self, document_id: int, path: str) -> Document:
        """Give the document another path in its collection, and return it.

        Raises AlreadyExistsError if that path holds another document, removed or not.
        """
        with self._database.transaction():
            document = self.get(document_id)
            there = self.find(document.collection_id, path)
            if there is not None and there.id != document.id:
                raise _taken(there)
            return self._change(document_id, path=path)

    def remove(self, document_id: int) -> Document:
        """Take the document out of listings and search, keep its row, and return it."""
        return self._change(document_id, active=False)

    def restore(self, document_id: int) -> Document:
        """Undo `remove()` and return the document."""
        return self._change(document_id, active=True)

    def _check_collection(self, collection_id: int) -> None:
        where = {"collection_id": collection_id}
        if self._database.execute(SELECT_OWNER_EXISTS_SQL, where).fetchone() is None:
            raise NotFoundError(f"no collection has the id {collection_id}.")

    def _change(self, document_id: int, **changes: str | bool | None) -> Document:
        # Only what changes is written: a stored value that cannot be bound again stays as it is.
        with self._database.transaction():
            values = dict.fromkeys(("path", "title", "hash", "active", "modified_at"))
            self._database.execute(UPDATE_DOCUMENT_SQL, {**values, **changes, "id": document_id})
            return self.get(document_id)


def _taken(document: Document) -> AlreadyExistsError:
    if document.active:
        advice = "Update that one, or choose another path."
    else:
        advice = "It was removed: restore it, or choose another path."
    return AlreadyExistsError(
        f"collection {document.collection_id} has a document at {document.path!r} already, "
        f"with the id {document.id}. {advice}"
    )


def _document(row: tuple[Any, ...]) -> Document:
    identity, collection_id, path, title, name, active, created_at, modified_at = row
    return Document(
        identity, collection_id, path, title, name, active == 1, created_at, modified_at
    )
