"""What the database holds of one collection's files, and how it is brought to what they say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pmd.indexing.errors import Problem
from pmd.metadata.store.repository import DocumentMetadata, DocumentMetadataRepository
from pmd.store.clock import Clock
from pmd.store.database import Database
from pmd.store.repositories.content import ContentRepository, content_hash
from pmd.store.repositories.documents import DocumentRepository

if TYPE_CHECKING:
    from pmd.indexing.markdown import MarkdownDocument

__all__ = ["DocumentIndex", "Written"]

PROFILE = "front-matter"
"""The profile_name of metadata that come from a document's front matter."""

PROBLEM = "front_matter_problem"
"""The attribute that keeps what of a front matter could not be read, to be told at each run."""

Written: TypeAlias = Literal["added", "changed", "returned"]


class DocumentIndex:
    """The documents of one collection by their paths, as they were when this was made."""

    def __init__(self, database: Database, collection_id: int, clock: Clock) -> None:
        self._database = database
        self._collection_id = collection_id
        self._documents = DocumentRepository(database, clock=clock)
        self._metadata = DocumentMetadataRepository(database, clock=clock)
        self._content = ContentRepository(database, clock=clock)
        self._stored = self._documents.list_hashes(collection_id)
        read = self._metadata.list_attributes(collection_id, PROFILE)
        self._problems = {
            key: attributes.get(PROBLEM) if isinstance(attributes, dict) else None
            for key, attributes in read.items()
        }

    @property
    def active(self) -> list[str]:
        """The paths of the documents that are in the index."""
        return [path for path, (_, _, active) in self._stored.items() if active]

    def is_current(self, path: str, digest: str) -> bool:
        """Return whether the document at `path` was read from a file with this SHA-256."""
        if path not in self._stored:
            return False
        identity, known_digest, active = self._stored[path]
        return known_digest == digest and active and identity in self._problems

    def known_problem(self, path: str) -> str | None:
        """Return what could not be read when the document at `path` was, if anything."""
        identity, _, _ = self._stored[path]
        return self._problems.get(identity)

    def holds(self, path: str) -> bool:
        """Return whether an active document has this path."""
        return path in self._stored and self._stored[path][2]

    def write(
        self, batch: Iterable[tuple[str, MarkdownDocument]]
    ) -> tuple[list[Written], list[Problem]]:
        """Write some documents in one transaction; return what became of each, and what failed."""
        done: list[Written] = []
        problems = []
        with self._database.transaction():
            for path, document in batch:
                try:
                    with self._database.transaction():
                        done.append(self._put(path, document))
                except sqlite3.DataError as error:
                    problems.append(Problem(path, f"SQLite cannot hold it: {error}. Divide it"))
        return done, problems

    def remove(self, vanished: Iterable[str]) -> None:
        """Take documents out of listings and search in one transaction; their rows stay."""
        with self._database.transaction():
            for path in vanished:
                identity, _, _ = self._stored[path]
                self._documents.remove(identity)

    def forget_unused_texts(self) -> None:
        """Delete the texts that no document has any more; those of removed documents stay."""
        self._content.delete_unused()

    def _put(self, path: str, document: MarkdownDocument) -> Written:
        # Looked up again: another run may have written since.
        there = self._documents.find(self._collection_id, path)
        if there is None or not there.active:
            added = self._documents.add(self._collection_id, path, document.title, document.text)
            self._save_metadata(added.id, document)
            return "added" if there is None else "returned"
        if (there.title, there.hash) != (document.title, content_hash(document.text)):
            self._documents.update(there.id, title=document.title, text=document.text)
        self._save_metadata(there.id, document)
        return "changed"

    def _save_metadata(self, document_id: int, document: MarkdownDocument) -> None:
        # Imported here, so that a run that finds every file unchanged is spared it.
        from pmd.indexing.markdown import searched_tags

        earlier = self._metadata.get(document_id)
        # A tag that did not come from the front matter is not the front matter's to take away.
        written_before = searched_tags(earlier.source_tags) if earlier else ()
        others = [
            tag
            for tag in self._metadata.get_tags(document_id)
            if isinstance(tag, str) and tag not in written_before
        ]
        attributes = _mapping(earlier.attributes) if earlier else {}
        attributes.pop(PROBLEM, None)
        if document.problem:
            attributes[PROBLEM] = document.problem
        self._metadata.save(
            DocumentMetadata(
                document_id,
                PROFILE,
                tags=tuple(dict.fromkeys((*searched_tags(document.tags), *others))),
                source_tags=document.tags,
                attributes=attributes,
            )
        )


def _mapping(attributes: object) -> dict[str, Any]:
    """Return the attributes of a document; none where what is stored is no mapping."""
    return dict(attributes) if isinstance(attributes, dict) else {}
