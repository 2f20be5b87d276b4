"""Read and write path contexts: what a reader should know about all below a collection's path."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.errors import NotFoundError
from pmd.store.json_columns import read_list, write_json

__all__ = ["ContextRepository", "PathContext"]

SELECT_CONTEXTS_SQL = "SELECT contexts FROM source_collections WHERE id = :id"
UPDATE_CONTEXTS_SQL = """
    UPDATE source_collections SET contexts = :contexts, updated_at = :now WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class PathContext:
    """Tells a reader something about the paths below `path_prefix`."""

    path_prefix: str
    context: str
    created_at: str


class ContextRepository:
    """Reads and writes the contexts, a JSON list in the row of their collection."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def list_contexts(self, collection_id: int) -> tuple[PathContext, ...]:
        """Return the collection's contexts as stored; NotFoundError for an unknown id."""
        found = (_context(item) for item in self._items(collection_id))
        return tuple(context for context in found if context is not None)

    def find(self, collection_id: int, path: str) -> PathContext | None:
        """Return the context with the longest prefix that `path` lies below, or None.

        Prefixes end at a slash: `notes` holds `notes/a.md`, not `notes2/a.md`.
        """
        below = [c for c in self.list_contexts(collection_id) if _holds(c.path_prefix, path)]
        return max(below, key=lambda c: len(c.path_prefix.strip("/")), default=None)

    def put(
        self, collection_id: int, path_prefix: str, context: str, *, created_at: str | None = None
    ) -> PathContext:
        """Add the context, in place of one with the same prefix, and return it."""
        new = PathContext(path_prefix, context, created_at or self._clock())
        with self._database.transaction():
            items = [i for i in self._items(collection_id) if not _is_for(path_prefix, i)]
            self._write(collection_id, [*items, asdict(new)])
        return new

    def delete(self, collection_id: int, path_prefix: str) -> None:
        """Delete the context with this prefix; NotFoundError if there is none."""
        with self._database.transaction():
            items = self._items(collection_id)
            others = [item for item in items if not _is_for(path_prefix, item)]
            if len(others) == len(items):
                raise NotFoundError(
                    f"collection {collection_id} has no context for the prefix {path_prefix!r}."
                )
            self._write(collection_id, others)

    def _items(self, collection_id: int) -> list[Any]:
        row = self._database.execute(SELECT_CONTEXTS_SQL, {"id": collection_id}).fetchone()
        if row is None:
            raise NotFoundError(f"no collection has the id {collection_id}.")
        return read_list(row[0])

    def _write(self, collection_id: int, items: list[Any]) -> None:
        values = {
            "id": collection_id,
            "contexts": write_json(items, what="contexts") if items else None,
            "now": self._clock(),
        }
        self._database.execute(UPDATE_CONTEXTS_SQL, values)


def _is_for(path_prefix: str, item: object) -> bool:
    context = _context(item)
    return context is not None and context.path_prefix == path_prefix


def _context(item: object) -> PathContext | None:
    match item:
        case {"path_prefix": str(prefix), "context": context, "created_at": created_at}:
            return PathContext(prefix, context, created_at)
        case _:
            return None


def _holds(prefix: str, path: str) -> bool:
    prefix, path = prefix.strip("/"), path.strip("/")
    return not prefix or path == prefix or path.startswith(prefix + "/")
