"""Read and write the texts of documents; each is stored once, under its SHA-256."""

from __future__ import annotations

import hashlib

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.errors import InvalidValueError, NotFoundError

__all__ = ["ContentRepository", "content_hash"]

INSERT_CONTENT_SQL = """
    INSERT INTO content (hash, doc, created_at) VALUES (:hash, :doc, :created_at)
    ON CONFLICT (hash) DO NOTHING
"""
SELECT_CONTENT_SQL = "SELECT doc FROM content WHERE hash = :hash"
# NOT EXISTS, not NOT IN: one NULL hash would make NOT IN match nothing.
DELETE_UNUSED_VECTORS_SQL = """
    DELETE FROM content_vectors
    WHERE NOT EXISTS (SELECT 1 FROM documents WHERE documents.hash = content_vectors.hash)
"""
DELETE_UNUSED_CONTENT_SQL = """
    DELETE FROM content
    WHERE NOT EXISTS (SELECT 1 FROM documents WHERE documents.hash = content.hash)
"""


def content_hash(text: str) -> str:
    """Return the name under which `text` is kept: the SHA-256 of its UTF-8, in hexadecimal.

    Raises InvalidValueError for text that has no UTF-8 (a lone surrogate).
    """
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise InvalidValueError(
            f"the text is not valid Unicode: {error}. "
            "Decode the file with its own encoding, or with errors='replace'."
        ) from error


class ContentRepository:
    """Reads and writes the texts. A text is never changed: another text has another hash."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def put(self, text: str, *, created_at: str | None = None) -> str:
        """Keep `text`, unless it is kept already, and return its hash."""
        name = content_hash(text)
        self._database.execute(
            INSERT_CONTENT_SQL,
            {"hash": name, "doc": text, "created_at": created_at or self._clock()},
        )
        return name

    def get(self, content: str) -> str:
        """Return the text whose hash is `content`; NotFoundError if there is none."""
        row = self._database.execute(SELECT_CONTENT_SQL, {"hash": content}).fetchone()
        if row is None:
            raise NotFoundError(f"no content has the hash {content!r}.")
        text: str = row[0]
        return text

    def delete_unused(self) -> int:
        """Delete the texts that no document names, removed documents included, and their vectors.

        Returns how many texts went.
        """
        with self._database.transaction():
            self._database.execute(DELETE_UNUSED_VECTORS_SQL)
            return self._database.execute(DELETE_UNUSED_CONTENT_SQL).rowcount
