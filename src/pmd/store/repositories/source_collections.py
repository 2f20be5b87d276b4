"""Read and write collections: where documents come from, and which files of it are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from pmd.store.json_columns import read_json, read_strings, write_json

__all__ = ["DEFAULT_GLOB_PATTERNS", "Collection", "CollectionRepository"]

DEFAULT_GLOB_PATTERNS = ("**/*.md",)

INSERT_COLLECTION_SQL = """
    INSERT INTO source_collections
        (name, pwd, source_type, source_config, created_at, updated_at, glob_patterns)
    VALUES (:name, :pwd, :source_type, :source_config, :now, :now, :glob_patterns)
"""
SELECT_COLLECTION_SQL = """
    SELECT id, name, pwd, glob_patterns, source_type, source_config, created_at, updated_at
    FROM source_collections WHERE id = :id
"""
SELECT_COLLECTION_NAMED_SQL = """
    SELECT id, name, pwd, glob_patterns, source_type, source_config, created_at, updated_at
    FROM source_collections WHERE name = :name
"""
SELECT_COLLECTIONS_SQL = """
    SELECT id, name, pwd, glob_patterns, source_type, source_config, created_at, updated_at
    FROM source_collections ORDER BY name, id
"""
UPDATE_COLLECTION_SQL = """
    UPDATE source_collections
    SET name = coalesce(:name, name),
        pwd = coalesce(:pwd, pwd),
        glob_patterns = coalesce(:glob_patterns, glob_patterns),
        source_config = coalesce(:source_config, source_config),
        updated_at = :now
    WHERE id = :id
"""
DELETE_COLLECTION_SQL = "DELETE FROM source_collections WHERE id = :id"


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection. `source_config` is the value of its JSON, or as stored if it is none."""

    id: int
    name: str
    pwd: str
    glob_patterns: tuple[str, ...]
    source_type: str
    source_config: Any
    created_at: str
    updated_at: str


class CollectionRepository:
    """Reads and writes collections."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        name: str,
        pwd: str,
        *,
        glob_patterns: Sequence[str] = DEFAULT_GLOB_PATTERNS,
        source_type: str = "filesystem",
        source_config: Mapping[str, Any] | None = None,
        created_at: str | None = None,
    ) -> Collection:
        """Add a collection and return it; AlreadyExistsError if the name is taken."""
        values = {
            "name": name,
            "pwd": pwd,
            "glob_patterns": _patterns_text(glob_patterns),
            "source_type": source_type,
            "source_config": _config_text(source_config),
            "now": created_at or self._clock(),
        }
        with self._database.transaction():
            self._refuse_taken(name)
            added = self._database.execute(INSERT_COLLECTION_SQL, values).lastrowid
            return self.get(added or 0)

    def get(self, collection_id: int) -> Collection:
        """Return the collection with this id; NotFoundError if there is none."""
        row = self._database.execute(SELECT_COLLECTION_SQL, {"id": collection_id}).fetchone()
        if row is None:
            raise NotFoundError(f"no collection has the id {collection_id}.")
        return _collection(row)

    def find(self, name: str) -> Collection | None:
        """Return the collection with this name, or None."""
        row = self._database.execute(SELECT_COLLECTION_NAMED_SQL, {"name": name}).fetchone()
        return None if row is None else _collection(row)

    def list_collections(self) -> tuple[Collection, ...]:
        """Return all collections by name."""
        return tuple(_collection(row) for row in self._database.execute(SELECT_COLLECTIONS_SQL))

    def update(
        self,
        collection_id: int,
        *,
        name: str | None = None,
        pwd: str | None = None,
        glob_patterns: Sequence[str] | None = None,
        source_config: Mapping[str, Any] | None = None,
        updated_at: str | None = None,
    ) -> Collection:
        """Change what is given, leave the rest, and return the collection as it is then.

        Raises NotFoundError for an unknown id, AlreadyExistsError for another's name.
        """
        values = {
            "id": collection_id,
            "name": name,
            "pwd": pwd,
            "glob_patterns": None if glob_patterns is None else _patterns_text(glob_patterns),
            "source_config": _config_text(source_config),
            "now": updated_at or self._clock(),
        }
        with self._database.transaction():
            if name is not None and name != self.get(collection_id).name:
                self._refuse_taken(name)
            self._database.execute(UPDATE_COLLECTION_SQL, values)
            return self.get(collection_id)

    def delete(self, collection_id: int) -> None:
        """Delete the collection with its documents and all that hangs on them.

        Texts stay until `ContentRepository.delete_unused()`. Raises NotFoundError for an
        unknown id.
        """
        with self._database.transaction():
            self.get(collection_id)
            self._database.execute(DELETE_COLLECTION_SQL, {"id": collection_id})

    def _refuse_taken(self, name: str) -> None:
        taken = self.find(name)
        if taken is not None:
            raise AlreadyExistsError(
                f"a collection named {name!r} exists already, with the id {taken.id}. "
                "Choose another name, or update that one."
            )


def _patterns_text(patterns: Sequence[str]) -> str:
    # A str is a sequence of str: "*.md" would become four patterns.
    texts = not isinstance(patterns, str) and all(isinstance(one, str) for one in patterns)
    if not texts or not patterns:
        raise InvalidValueError(
            f"glob_patterns is {patterns!r}. Expected a list of at least one pattern, each a text, "
            "such as ['**/*.md']."
        )
    return write_json(list(patterns), what="glob_patterns")


def _config_text(config: Mapping[str, Any] | None) -> str | None:
    return None if config is None else write_json(dict(config), what="source_config")


def _collection(row: tuple[Any, ...]) -> Collection:
    identity, name, pwd, patterns, source_type, config, created_at, updated_at = row
    return Collection(
        id=identity,
        name=name,
        pwd=pwd,
        glob_patterns=read_strings(patterns),
        source_type=source_type,
        source_config=read_json(config),
        created_at=created_at,
        updated_at=updated_at,
    )
