"""The latest schema in one text, for readers.

.. deprecated:: 0.1.0
   Nothing runs this SQL any more: `pmd.store.migrations` makes and changes every table. It is
   kept as a reference; a test keeps it equal to what the migrations build.
"""

from __future__ import annotations

__all__ = ["SCHEMA_SQL", "SCHEMA_VERSION", "get_schema"]

SCHEMA_VERSION = 12
"""The version of the database that SCHEMA_SQL describes."""

SCHEMA_SQL = """
-- Texts, once each, under the SHA-256 of what they say.
CREATE TABLE content (
    hash TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- Where documents come from. contexts is a JSON list of {path_prefix, context, created_at},
-- glob_patterns a JSON list of texts.
CREATE TABLE source_collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    pwd TEXT NOT NULL,
    source_type TEXT NOT NULL DEFAULT 'filesystem',
    source_config TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    contexts TEXT,
    glob_patterns TEXT NOT NULL DEFAULT '["**/*.md"]'
);

-- A path in a collection; active is 0 for one that was removed.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_collection_id INTEGER NOT NULL REFERENCES source_collections(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES content(hash),
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    source_uri TEXT,
    etag TEXT,
    last_modified TEXT,
    last_fetched_at TEXT,
    fetch_duration_ms INTEGER,
    http_status INTEGER,
    content_type TEXT,
    extra_metadata TEXT,
    UNIQUE (source_collection_id, path)
);
CREATE INDEX idx_documents_source_collection ON documents(source_collection_id);
CREATE INDEX idx_documents_hash ON documents(hash);
CREATE INDEX idx_documents_source_uri ON documents(source_uri);

-- The full-text index: rowid is documents.id; exactly the active documents, kept by triggers.
CREATE VIRTUAL TABLE documents_fts USING fts5(
    filepath, title, body, tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER documents_fts_insert
AFTER INSERT ON documents WHEN new.active = 1
BEGIN
    INSERT INTO documents_fts (rowid, filepath, title, body)
    VALUES (
        new.id, new.path, new.title, (SELECT doc FROM content WHERE content.hash = new.hash)
    );
END;
CREATE TRIGGER documents_fts_delete
AFTER DELETE ON documents
BEGIN
    DELETE FROM documents_fts WHERE rowid = old.id;
END;
CREATE TRIGGER documents_fts_update
AFTER UPDATE OF id, path, title, hash, active ON documents
BEGIN
    DELETE FROM documents_fts WHERE rowid = old.id;
    INSERT INTO documents_fts (rowid, filepath, title, body)
    SELECT
        new.id, new.path, new.title, (SELECT doc FROM content WHERE content.hash = new.hash)
    WHERE new.active = 1;
END;

-- The chunks of a text that a model has embedded. Vectors themselves are in content_vectors_vec,
-- which pmd.store.repositories.embeddings makes where sqlite-vec loads.
CREATE TABLE content_vectors (
    hash TEXT NOT NULL,
    seq INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    model TEXT NOT NULL,
    embedded_at TEXT NOT NULL,
    embed_fingerprint TEXT,
    total_chunks INTEGER,
    PRIMARY KEY (hash, seq)
);
CREATE INDEX idx_content_vectors_cover
    ON content_vectors(hash, seq, model, embed_fingerprint, total_chunks);

-- Answers of language models, under the SHA-256 of the question.
CREATE TABLE llm_cache (
    hash TEXT PRIMARY KEY,
    result TEXT NOT NULL,
    created_at TEXT NOT NULL,
    model TEXT
);

-- What a profile found in a document, and the tags it is found by.
CREATE TABLE document_metadata (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL UNIQUE REFERENCES documents(id) ON DELETE CASCADE,
    profile_name TEXT NOT NULL,
    tags_json TEXT NOT NULL,
    source_tags_json TEXT NOT NULL,
    attributes_json TEXT,
    extracted_at TEXT NOT NULL
);
CREATE TABLE document_tags (
    document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (document_id, tag)
);
CREATE INDEX idx_document_tags_tag ON document_tags(tag);
"""


def get_schema() -> str:
    """Return the latest schema as an SQL script, for a reader; no database is made with it."""
    return SCHEMA_SQL
