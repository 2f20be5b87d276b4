"""Search the full text of the active documents, best hit first."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from pmd.store.database import Database
from pmd.store.errors import InvalidValueError

__all__ = ["SearchHit", "SearchRepository", "quote_query"]

# bm25() is negative, the better the lower; a hit's score is its opposite. A word in the title
# says most about a document, one in its path more than one in its text.
SEARCH_SQL = """
    SELECT documents.id, documents.source_collection_id, documents.path, documents.title,
        -bm25(documents_fts, 2.0, 4.0, 1.0) AS score,
        snippet(documents_fts, 2, '[', ']', '…', 16) AS snippet
    FROM documents_fts
    JOIN documents ON documents.id = documents_fts.rowid
    WHERE documents_fts MATCH :query
      AND documents.active = 1
      AND (:collection_id IS NULL OR documents.source_collection_id = :collection_id)
      AND (:only IS NULL OR documents.id IN (SELECT value FROM json_each(:only)))
    ORDER BY score DESC, documents.id
    LIMIT :limit
"""

_PHRASES = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One document found: a higher score is a better hit; the snippet marks words as [word]."""

    document_id: int
    collection_id: int
    path: str
    title: str
    score: float
    snippet: str


class SearchRepository:
    """Searches the full-text index, which triggers keep."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(
        self,
        text: str,
        *,
        collection_id: int | None = None,
        only: Iterable[int] | None = None,
        limit: int = 20,
    ) -> tuple[SearchHit, ...]:
        """Return the active documents that hold every word of `text`, best first.

        Words in double quotes must stand side by side. Nothing else in `text` has a meaning of
        its own, so nothing a user types is an error; text without a word finds nothing. `only`
        are the ids of the documents among which to search.
        """
        _check_limit(limit)
        query = quote_query(text)
        return self._find(query, collection_id, only, limit) if query else ()

    def search_fts(
        self,
        query: str,
        *,
        collection_id: int | None = None,
        only: Iterable[int] | None = None,
        limit: int = 20,
    ) -> tuple[SearchHit, ...]:
        """Return the active documents that a query in FTS5's own language finds, best first.

        Raises InvalidValueError for a query that FTS5 cannot read.
        """
        _check_limit(limit)
        try:
            return self._find(_bindable(query), collection_id, only, limit)
        except sqlite3.OperationalError as error:
            # A lock or a full disk is no fault of the query.
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
                raise
            raise InvalidValueError(
                f"{query!r} is no query of FTS5: {str(error).removeprefix('fts5: ')}. Expected "
                'words, "phrases", word*, AND, OR, NOT, NEAR(...), title: ...'
            ) from error

    def _find(
        self, query: str, collection_id: int | None, only: Iterable[int] | None, limit: int
    ) -> tuple[SearchHit, ...]:
        where = {
            "query": query,
            "collection_id": collection_id,
            "only": None if only is None else json.dumps(list(only)),
            "limit": limit,
        }
        return tuple(SearchHit(*row) for row in self._database.execute(SEARCH_SQL, where))


def quote_query(text: str) -> str:
    """Return `text` as an FTS5 query that asks for each of its words and quoted phrases."""
    phrases = (phrase or word for phrase, word in _PHRASES.findall(_bindable(text)))
    return " ".join(f'"{phrase}"' for phrase in phrases if phrase.strip())


def _bindable(text: str) -> str:
    # FTS5 reads its query up to the first NUL, and lone surrogates cannot be bound at all.
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise InvalidValueError(f"limit is {limit!r}. Expected at least 1.")
