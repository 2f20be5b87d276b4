"""Read and write embeddings: which model embedded which chunks of a text, and their vectors.

Each chunk has a row in content_vectors. The vectors are in a
virtual table of sqlite-vec, which only exists where a repository was made with a dimension on a
machine that can load the extension. Its rows join by `hash_seq`, the hash and the chunk's number.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.errors import InvalidValueError, VectorsUnavailableError
from pmd.store.vector_extension import load_vector_extension

__all__ = ["Chunk", "Embedding", "EmbeddingRepository", "Neighbour"]

INSERT_EMBEDDING_SQL = """
    INSERT INTO content_vectors
        (hash, seq, pos, model, embedded_at, embed_fingerprint, total_chunks)
    VALUES (:hash, :seq, :pos, :model, :embedded_at, :fingerprint, :total_chunks)
"""
SELECT_EMBEDDINGS_SQL = """
    SELECT hash, seq, pos, model, embedded_at, embed_fingerprint, total_chunks
    FROM content_vectors WHERE hash = :hash ORDER BY seq
"""
DELETE_EMBEDDINGS_SQL = "DELETE FROM content_vectors WHERE hash = :hash"
SELECT_UNEMBEDDED_SQL = """
    SELECT DISTINCT documents.hash FROM documents
    WHERE documents.active = 1
      AND (
        SELECT count(*) FROM content_vectors
        WHERE content_vectors.hash = documents.hash
          AND content_vectors.model = :model
          AND content_vectors.embed_fingerprint IS :fingerprint
      ) < max(1, coalesce((
        SELECT max(total_chunks) FROM content_vectors WHERE content_vectors.hash = documents.hash
      ), 1))
    ORDER BY documents.hash
"""
# The one table that no migration makes: its dimension is a setting, its module an extension.
VECTOR_TABLE_SQL = """
    CREATE VIRTUAL TABLE IF NOT EXISTS content_vectors_vec
    USING vec0(hash_seq TEXT PRIMARY KEY, embedding float[{dimension}] distance_metric=cosine)
"""
VECTOR_TABLE_DECLARED_SQL = "SELECT sql FROM sqlite_schema WHERE name = 'content_vectors_vec'"
VECTOR_INSERT_SQL = """
    INSERT INTO content_vectors_vec (hash_seq, embedding) VALUES (:hash_seq, :embedding)
"""
VECTOR_DELETE_ONE_SQL = "DELETE FROM content_vectors_vec WHERE hash_seq = :hash_seq"
VECTOR_DELETE_SQL = """
    DELETE FROM content_vectors_vec
    WHERE hash_seq IN (SELECT hash || '_' || seq FROM content_vectors WHERE hash = :hash)
"""
# Chunks deleted where the extension is not loaded leave their vectors behind.
VECTOR_DELETE_STRAY_SQL = """
    DELETE FROM content_vectors_vec
    WHERE hash_seq NOT IN (SELECT hash || '_' || seq FROM content_vectors)
"""
# MATERIALIZED, because sqlite-vec refuses an outer ORDER BY that SQLite pushes into its search.
VECTOR_SEARCH_SQL = """
    WITH nearest AS MATERIALIZED (
        SELECT hash_seq, distance FROM content_vectors_vec
        WHERE embedding MATCH :embedding AND k = :limit
    )
    SELECT content_vectors.hash, content_vectors.seq, content_vectors.pos, nearest.distance
    FROM nearest
    JOIN content_vectors ON content_vectors.hash || '_' || content_vectors.seq = nearest.hash_seq
    ORDER BY nearest.distance, nearest.hash_seq
"""

MOST_NEIGHBOURS = 4096
"""How many sqlite-vec finds at most."""

_DIMENSION = re.compile(r"float\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a text to save: where it begins, and its vector if there is one."""

    pos: int
    vector: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Embedding:
    """One embedded chunk. The last two values are None in rows older than their columns."""

    hash: str
    seq: int
    pos: int
    model: str
    embedded_at: str
    fingerprint: str | None
    total_chunks: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A chunk near a vector; the lower the distance, the nearer."""

    hash: str
    seq: int
    pos: int
    distance: float


class EmbeddingRepository:
    """Reads and writes embeddings; with a `dimension`, vectors too, where sqlite-vec loads.

    `vectors_available` says whether it did; `why_no_vectors` holds the reason if not, else None.
    Raises InvalidValueError when the file's vectors have another dimension.
    """

    def __init__(
        self, database: Database, *, dimension: int | None = None, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._clock = clock
        self._dimension = dimension
        self.why_no_vectors = _prepare_vectors(database, dimension)

    @property
    def vectors_available(self) -> bool:
        """Whether vectors can be saved and searched."""
        return self.why_no_vectors is None

    def save(
        self,
        content: str,
        chunks: Sequence[Chunk],
        *,
        model: str,
        fingerprint: str | None = None,
        embedded_at: str | None = None,
    ) -> tuple[Embedding, ...]:
        """Save the chunks of the text whose hash is `content`, in place of earlier ones.

        Raises VectorsUnavailableError for chunks with vectors where there can be none, and
        InvalidValueError for a vector of another dimension; nothing is changed then.
        """
        now = embedded_at or self._clock()
        with self._database.transaction():
            self.delete(content)
            for seq, chunk in enumerate(chunks):
                values = {
                    "hash": content,
                    "seq": seq,
                    "pos": chunk.pos,
                    "model": model,
                    "embedded_at": now,
                    "fingerprint": fingerprint,
                    "total_chunks": len(chunks),
                }
                self._database.execute(INSERT_EMBEDDING_SQL, values)
                if chunk.vector is not None:
                    self._save_vector(f"{content}_{seq}", chunk.vector)
            return self.get(content)

    def get(self, content: str) -> tuple[Embedding, ...]:
        """Return the chunks of the text whose hash is `content`, in order; maybe none."""
        rows = self._database.execute(SELECT_EMBEDDINGS_SQL, {"hash": content})
        return tuple(Embedding(*row) for row in rows)

    def delete(self, content: str) -> int:
        """Delete the chunks of the text whose hash is `content`, and return how many they were."""
        with self._database.transaction():
            if self.vectors_available:
                self._database.execute(VECTOR_DELETE_SQL, {"hash": content})
            return self._database.execute(DELETE_EMBEDDINGS_SQL, {"hash": content}).rowcount

    def list_unembedded(self, model: str, *, fingerprint: str | None = None) -> tuple[str, ...]:
        """Return the hashes of active documents' texts that this model has not embedded in full.

        Chunks made with another `fingerprint` (of the model's settings) do not count.
        """
        wanted = {"model": model, "fingerprint": fingerprint}
        rows = self._database.execute(SELECT_UNEMBEDDED_SQL, wanted)
        return tuple(content for (content,) in rows)

    def find_nearest(self, vector: Sequence[float], *, limit: int = 20) -> tuple[Neighbour, ...]:
        """Return the chunks nearest to `vector`, nearest first.

        Raises VectorsUnavailableError where there can be no vectors.
        """
        if not 1 <= limit <= MOST_NEIGHBOURS:
            raise InvalidValueError(f"limit is {limit!r}. Expected 1 to {MOST_NEIGHBOURS}.")
        where = {"embedding": self._packed(vector), "limit": limit}
        rows = self._database.execute(VECTOR_SEARCH_SQL, where)
        return tuple(Neighbour(*row) for row in rows)

    def _save_vector(self, hash_seq: str, vector: Sequence[float]) -> None:
        row = {"hash_seq": hash_seq, "embedding": self._packed(vector)}
        self._database.execute(VECTOR_DELETE_ONE_SQL, {"hash_seq": hash_seq})
        self._database.execute(VECTOR_INSERT_SQL, row)

    def _packed(self, vector: Sequence[float]) -> bytes:
        if self.why_no_vectors is not None:
            raise VectorsUnavailableError(self.why_no_vectors)
        if len(vector) != self._dimension:
            raise InvalidValueError(
                f"the vector has {len(vector)} numbers, where {self._dimension} are expected. "
                "Embed with the model that the dimension belongs to."
            )
        return array("f", vector).tobytes()


def _prepare_vectors(database: Database, dimension: int | None) -> str | None:
    """Make the vector table if that is possible, and return why it is not."""
    if dimension is None:
        return "no vectors here: the EmbeddingRepository was made without a dimension."
    if dimension < 1:
        raise InvalidValueError(f"dimension is {dimension!r}. Expected at least 1.")
    try:
        load_vector_extension(database.connection)
    except VectorsUnavailableError as error:
        return str(error)
    with database.transaction():
        database.execute(VECTOR_TABLE_SQL.format(dimension=dimension))
        (declared,) = database.execute(VECTOR_TABLE_DECLARED_SQL).fetchone()
    found = _DIMENSION.search(declared)
    if found is None or int(found[1]) != dimension:
        raise InvalidValueError(
            f"dimension is {dimension}, but the vectors in {database.path} have another: "
            f"{declared}. Use theirs, or drop the table content_vectors_vec and embed again."
        )
    database.execute(VECTOR_DELETE_STRAY_SQL)
    return None
