"""Read and write the answers of language models, so that no question is asked twice."""

from __future__ import annotations

from dataclasses import dataclass

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database

__all__ = ["CacheEntry", "CacheRepository"]

SELECT_CACHED_SQL = "SELECT hash, result, created_at, model FROM llm_cache WHERE hash = :hash"
UPSERT_CACHED_SQL = """
    INSERT INTO llm_cache (hash, result, created_at, model)
    VALUES (:hash, :result, :created_at, :model)
    ON CONFLICT (hash) DO UPDATE
    SET result = excluded.result, created_at = excluded.created_at, model = excluded.model
"""
DELETE_CACHED_SQL = "DELETE FROM llm_cache WHERE hash = :hash"
DELETE_CACHED_BY_MODEL_SQL = "DELETE FROM llm_cache WHERE model = :model"


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One answer. `model` is None for an answer that was stored before the column was added."""

    hash: str
    result: str
    created_at: str
    model: str | None


class CacheRepository:
    """Reads and writes answers by the hash of their question, which the caller makes."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def get(self, question: str) -> CacheEntry | None:
        """Return the answer kept under the hash `question`, or None."""
        row = self._database.execute(SELECT_CACHED_SQL, {"hash": question}).fetchone()
        return None if row is None else CacheEntry(*row)

    def put(
        self, question: str, result: str, *, model: str | None = None, created_at: str | None = None
    ) -> CacheEntry:
        """Keep an answer under the hash `question`, in place of an earlier one."""
        entry = CacheEntry(question, result, created_at or self._clock(), model)
        values = {
            "hash": entry.hash,
            "result": entry.result,
            "created_at": entry.created_at,
            "model": entry.model,
        }
        self._database.execute(UPSERT_CACHED_SQL, values)
        return entry

    def delete(self, question: str) -> bool:
        """Forget the answer kept under the hash `question`; False if there was none."""
        return self._database.execute(DELETE_CACHED_SQL, {"hash": question}).rowcount > 0

    def delete_model(self, model: str) -> int:
        """Forget all answers of one model, and return how many they were."""
        return self._database.execute(DELETE_CACHED_BY_MODEL_SQL, {"model": model}).rowcount
