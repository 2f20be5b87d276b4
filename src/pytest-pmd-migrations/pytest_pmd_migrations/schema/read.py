"""Read a database's schema: PRAGMAs tell the facts, the stored SQL what PRAGMAs hide."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema.catalog import Catalog, plain_rows
from pytest_pmd_migrations.schema.quotes import Quotes
from pytest_pmd_migrations.schema.statements import (
    read_index,
    read_trigger,
    read_view,
    read_virtual,
)
from pytest_pmd_migrations.schema.tables import read_table
from pytest_pmd_migrations.schema.values import Schema, SchemaObject

__all__ = ["read_schema"]

_UNFINISHED = ("-wal", "-journal")


def read_schema(path_or_connection: str | os.PathLike[str] | sqlite3.Connection) -> Schema:
    """Return the schema of the main database.

    A file is opened read-only; a connection is neither written nor closed. Raises
    SchemaReadError when the file does not exist, is no database, or cannot be read.
    """
    if isinstance(path_or_connection, sqlite3.Connection):
        return _read(path_or_connection, "the connection's database")
    path = Path(path_or_connection)
    if not path.is_file():
        raise SchemaReadError(f"{path} does not exist; expected a SQLite database file")
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not any(path.with_name(path.name + suffix).exists() for suffix in _UNFINISHED):
        # Without this a file in WAL mode cannot be read where no file can be made beside it.
        uri += "&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as conn:
        return _read(conn, str(path))


def _read(conn: sqlite3.Connection, place: str) -> Schema:
    try:
        with plain_rows(conn):
            return Schema(tuple(_objects(Catalog(conn))))
    except sqlite3.DatabaseError as error:
        raise SchemaReadError(
            f"the schema of {place} cannot be read: {error}; expected a SQLite database."
            " Restore the file, or check that it is not encrypted"
        ) from error


def _objects(catalog: Catalog) -> list[SchemaObject]:
    entries = catalog.entries()
    quotes = Quotes(entries)
    found: list[SchemaObject] = []
    for entry in entries:
        if entry.type == "index":
            found.append(read_index(catalog, entry, quotes.tokens(entry)))
        elif entry.type == "view":
            found.append(read_view(catalog, entry, quotes.tokens(entry)))
        elif entry.type == "trigger":
            found.append(read_trigger(entry, quotes.tokens(entry)))
        elif catalog.is_virtual(entry.name):
            found.append(read_virtual(catalog, entry))
        else:
            found.extend(read_table(catalog, entry, quotes.tokens(entry)))
    return sorted(found, key=lambda item: (item.kind, item.name, item.facts))
