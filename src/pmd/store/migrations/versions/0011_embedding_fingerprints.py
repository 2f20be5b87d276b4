"""An embedding knows which settings made it, and how many chunks its text has."""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 11
DESCRIPTION = "Add embed_fingerprint and total_chunks to content_vectors"

EXTEND_SQL = """
ALTER TABLE content_vectors ADD COLUMN embed_fingerprint TEXT;
ALTER TABLE content_vectors ADD COLUMN total_chunks INTEGER;
UPDATE content_vectors SET total_chunks = (
    SELECT count(*) FROM content_vectors AS chunks WHERE chunks.hash = content_vectors.hash
);
DROP INDEX idx_content_vectors_hash;
CREATE INDEX idx_content_vectors_cover
    ON content_vectors(hash, seq, model, embed_fingerprint, total_chunks);
"""


def up(db: Database) -> None:
    """Append the columns, count the chunks, and let one index answer what is asked most."""
    if "total_chunks" not in {column.name for column in db["content_vectors"].columns}:
        db.executescript(EXTEND_SQL)
