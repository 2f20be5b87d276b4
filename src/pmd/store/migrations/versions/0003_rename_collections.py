"""A collection is a source of documents, and is called so."""

from __future__ import annotations

from sqlite_utils import Database

VERSION = 3
DESCRIPTION = "Rename collections to source_collections"

RENAME_SQL = """
PRAGMA legacy_alter_table = OFF;
ALTER TABLE collections RENAME TO source_collections;
ALTER TABLE documents RENAME COLUMN collection_id TO source_collection_id;
ALTER TABLE path_contexts RENAME COLUMN collection_id TO source_collection_id;
DROP INDEX idx_documents_collection;
DROP INDEX idx_path_contexts_collection;
CREATE INDEX idx_documents_source_collection ON documents(source_collection_id);
CREATE INDEX idx_path_contexts_source_collection ON path_contexts(source_collection_id);
"""


def up(db: Database) -> None:
    """Rename the table, the columns that refer to it, and their indexes."""
    if "collections" in db.table_names():
        db.executescript(RENAME_SQL)
