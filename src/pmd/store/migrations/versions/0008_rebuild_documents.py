"""Deleting a collection deletes its documents and what was learnt of them.

Written out rather than left to transform(), which would write DEFAULT '1' for DEFAULT 1. The
runner has switched foreign keys off and begun the transaction.
"""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 8
DESCRIPTION = "Rebuild documents with created_at and cascading deletes"

CHANGES = {"documents.active": ("active NOT IN (0, 1)", "whatever was not 0 counted as active")}

# Each new table takes over the AUTOINCREMENT mark before its rows: the mark is dropped with the
# old table, and the rows alone do not tell which ids were deleted.
REBUILD_SQL = """
CREATE TABLE documents_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_collection_id INTEGER NOT NULL
        REFERENCES source_collections(id) ON DELETE CASCADE,
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
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'documents_new', seq FROM sqlite_sequence WHERE name = 'documents';
INSERT INTO documents_new (
        id, source_collection_id, path, title, hash, active, created_at, modified_at,
        source_uri, etag, last_modified, last_fetched_at,
        fetch_duration_ms, http_status, content_type, extra_metadata
    )
    SELECT id, source_collection_id, path, title, hash, active <> 0, modified_at, modified_at,
        source_uri, etag, last_modified, last_fetched_at,
        fetch_duration_ms, http_status, content_type, extra_metadata
    FROM documents ORDER BY id;
DROP TABLE documents;
ALTER TABLE documents_new RENAME TO documents;
CREATE INDEX idx_documents_source_collection ON documents(source_collection_id);
CREATE INDEX idx_documents_hash ON documents(hash);
CREATE INDEX idx_documents_source_uri ON documents(source_uri);

CREATE TABLE document_metadata_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL UNIQUE REFERENCES documents(id) ON DELETE CASCADE,
    profile_name TEXT NOT NULL,
    tags_json TEXT NOT NULL,
    source_tags_json TEXT NOT NULL,
    attributes_json TEXT,
    extracted_at TEXT NOT NULL
);
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'document_metadata_new', seq FROM sqlite_sequence WHERE name = 'document_metadata';
INSERT INTO document_metadata_new (
        id, document_id, profile_name, tags_json, source_tags_json, attributes_json, extracted_at
    )
    SELECT id, document_id, profile_name, tags_json, source_tags_json, attributes_json,
        extracted_at
    FROM document_metadata ORDER BY id;
DROP TABLE document_metadata;
ALTER TABLE document_metadata_new RENAME TO document_metadata;

CREATE TABLE document_tags_new (
    document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (document_id, tag)
);
INSERT INTO document_tags_new (document_id, tag)
    SELECT document_id, tag FROM document_tags ORDER BY rowid;
DROP TABLE document_tags;
ALTER TABLE document_tags_new RENAME TO document_tags;
CREATE INDEX idx_document_tags_tag ON document_tags(tag);
"""


def up(db: Database) -> None:
    """Rebuild documents and the two tables that refer to it, with their indexes."""
    if "created_at" not in {column.name for column in db["documents"].columns}:
        db.executescript(REBUILD_SQL)
