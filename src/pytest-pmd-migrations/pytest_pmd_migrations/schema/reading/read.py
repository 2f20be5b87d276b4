"""Read a database's schema: PRAGMAs tell the facts, the stored SQL what PRAGMAs hide."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter

from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema.compare import SchemaDiff, compare
from pytest_pmd_migrations.schema.reading.catalog import (
    Catalog,
    Entry,
    in_order,
    plain_rows,
    stored_rows,
)
from pytest_pmd_migrations.schema.reading.double_quotes import Quotes
from pytest_pmd_migrations.schema.reading.opening import opened
from pytest_pmd_migrations.schema.reading.statements import (
    read_index,
    read_trigger,
    read_view,
    read_virtual,
)
from pytest_pmd_migrations.schema.reading.tables import read_table
from pytest_pmd_migrations.schema.values import Schema, SchemaObject

__all__ = ["compare_databases", "read_schema"]

Database = str | os.PathLike[str] | sqlite3.Connection


def read_schema(path_or_connection: Database) -> Schema:
    """Return the schema of the main database.

    A file is opened read-only and nothing is written to its folder; a connection is neither
    written nor closed. Raises SchemaReadError when the file does not exist, is no database, is
    locked, or cannot be read.
    """
    with _connected(path_or_connection) as conn:
        return _read(conn)


def compare_databases(upgraded: Database, fresh: Database) -> SchemaDiff:
    """Return what differs between two databases; where the stored text is equal, nothing does.

    Takes, raises and leaves alone what ``read_schema`` does.
    """
    with _connected(upgraded) as conn:
        rows = stored_rows(conn)
    with _connected(fresh) as conn:
        others = stored_rows(conn)
        if rows == others or in_order(rows) == in_order(others):
            return SchemaDiff()
        wanted = _read(conn)
    return compare(read_schema(upgraded), wanted)


@contextmanager
def _connected(database: Database) -> Iterator[sqlite3.Connection]:
    place = (
        "the connection's database"
        if isinstance(database, sqlite3.Connection)
        else os.fspath(database)
    )
    try:
        if isinstance(database, sqlite3.Connection):
            yield database
        else:
            with opened(database) as conn:
                yield conn
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise _unreadable(place, error) from error
        raise SchemaReadError(
            f"the schema of {place} cannot be read: {error}; another process is writing it."
            " Try again when it is done"
        ) from error
    except sqlite3.ProgrammingError as error:
        raise SchemaReadError(
            f"the schema of {place} cannot be read: {error}; expected an open connection"
        ) from error
    except sqlite3.DatabaseError as error:
        raise _unreadable(place, error) from error


def _unreadable(place: str, error: sqlite3.Error) -> SchemaReadError:
    return SchemaReadError(
        f"the schema of {place} cannot be read: {error}; expected a SQLite database."
        " Restore the file, or check that it is not encrypted"
    )


def _read(conn: sqlite3.Connection) -> Schema:
    with plain_rows(conn) as rows:
        catalog = Catalog(conn, rows)
        entries = catalog.entries()
        quotes = Quotes(catalog, entries)
        try:
            found = [thing for entry in entries for thing in _objects(catalog, entry, quotes)]
        finally:
            quotes.close()
    return Schema(tuple(sorted(found, key=attrgetter("kind", "name", "facts"))))


def _objects(catalog: Catalog, entry: Entry, quotes: Quotes) -> Iterator[SchemaObject]:
    if entry.type == "index":
        yield read_index(catalog, entry, quotes.tokens(entry))
    elif entry.type == "view":
        yield read_view(catalog, entry, quotes.tokens(entry))
    elif entry.type == "trigger":
        yield read_trigger(entry, quotes.tokens(entry))
    elif catalog.is_virtual(entry.name):
        yield read_virtual(catalog, entry)
    else:
        yield from read_table(catalog, entry, quotes.tokens(entry))
