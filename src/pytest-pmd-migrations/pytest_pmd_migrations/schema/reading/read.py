"""Read a database's schema: facts come from PRAGMAs, and from the stored SQL what these hide."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from operator import attrgetter

from pytest_pmd_migrations.connections.untrusted_schema import read_untrusted
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.messages.wording import error_text
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.double_quotes import Quotes
from pytest_pmd_migrations.schema.reading.known_tables import (
    keep_table,
    known_table,
    rows_by_table,
)
from pytest_pmd_migrations.schema.reading.opening import opened
from pytest_pmd_migrations.schema.reading.other_objects import (
    read_index,
    read_trigger,
    read_view,
    read_virtual,
)
from pytest_pmd_migrations.schema.reading.scratch_database import SchemaCopy
from pytest_pmd_migrations.schema.reading.stored_rows import plain_rows
from pytest_pmd_migrations.schema.reading.tables import read_table
from pytest_pmd_migrations.schema.values import Schema, SchemaObject

__all__ = ["Database", "connected", "read_connection", "read_schema"]

Database = str | os.PathLike[str] | sqlite3.Connection
"""A database to read: the path of its file, or an open connection."""


def read_schema(path_or_connection: Database) -> Schema:
    """Return the schema of the main database.

    A file is opened read-only and nothing is written to its folder; a connection is neither
    written nor closed. Raises SchemaReadError when the file does not exist, is no database, is
    locked, or cannot be read.
    """
    with connected(path_or_connection) as conn:
        return read_connection(conn)


def read_connection(conn: sqlite3.Connection) -> Schema:
    """Return the schema of a connection's main database.

    Raises SchemaReadError, which names the object, where a statement cannot be read, and SQLite's
    own errors.
    """
    return read_untrusted(conn, partial(_read_schema, conn))


def _read_schema(conn: sqlite3.Connection) -> Schema:
    with plain_rows(conn) as rows:
        catalog = Catalog(conn, rows)
        entries = catalog.entries()
        with closing(SchemaCopy(entries)) as copy:
            reader = _Reader(catalog, Quotes(catalog, entries, copy), copy)
            found = [*_read_tables(catalog, reader, entries)]
    return Schema(tuple(sorted(found, key=attrgetter("kind", "name", "facts"))))


def _read_tables(
    catalog: Catalog, reader: _Reader, entries: Sequence[Entry]
) -> Iterator[SchemaObject]:
    """Yield the objects of a schema; those of tables that were read before need not be read."""
    rows = {
        name: rows for name, rows in rows_by_table(entries).items() if not catalog.is_virtual(name)
    }
    known = {name: known_table(kept) for name, kept in rows.items()}
    catalog.ask_only_of(name for name, objects in known.items() if objects is None)
    read: dict[str, list[SchemaObject]] = {}
    for entry in entries:
        of_table = entry.type in ("table", "index")
        if of_table and known.get(entry.table) is not None:
            continue
        objects = reader.read(entry)
        yield from objects
        if of_table and entry.table in rows:
            read.setdefault(entry.table, []).extend(objects)
    for name, objects in read.items():
        keep_table(rows[name], objects)
    for kept in known.values():
        yield from kept or ()


@contextmanager
def connected(database: Database) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a database to read it; closes it unless it was given.

    An error of SQLite inside the block is raised again as SchemaReadError, which names the file.
    """
    name = (
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
            raise _unreadable(name, error) from error
        raise SchemaReadError(
            f"the schema of {name} cannot be read: {error}; another process is writing it."
            " Try again when it is done"
        ) from error
    except sqlite3.ProgrammingError as error:
        raise SchemaReadError(
            f"the schema of {name} cannot be read: {error}; expected an open connection"
        ) from error
    except sqlite3.DatabaseError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: sqlite3.Error) -> SchemaReadError:
    return SchemaReadError(
        f"the schema of {name} cannot be read: {error}; expected a SQLite database."
        " Restore the file, or check that it is not encrypted"
    )


class _Reader:
    """Reads the objects of one database, one row of sqlite_schema after the other."""

    def __init__(self, catalog: Catalog, quotes: Quotes, copy: SchemaCopy) -> None:
        self._catalog = catalog
        self._quotes = quotes
        self._copy = copy

    def read(self, entry: Entry) -> list[SchemaObject]:
        """Return the objects that one row makes.

        Raises SchemaReadError, whatever its text is, where SQLite accepts more than is known here.
        """
        try:
            return list(self._objects(entry))
        except (sqlite3.Error, SchemaReadError):
            raise
        except Exception as error:
            raise SchemaReadError(
                f"the {entry.type} {entry.name} cannot be read ({error_text(error)}); expected a"
                f" CREATE statement that SQLite can parse, found: {entry.sql}"
            ) from error

    def _objects(self, entry: Entry) -> Iterator[SchemaObject]:
        if entry.type == "index":
            yield read_index(self._catalog, entry, self._quotes.tokens(entry))
        elif entry.type == "view":
            yield read_view(self._catalog, entry, self._quotes.tokens(entry), self._copy)
        elif entry.type == "trigger":
            yield read_trigger(entry, self._quotes.tokens(entry))
        elif self._catalog.is_virtual(entry.name):
            yield read_virtual(self._catalog, entry)
        else:
            yield from read_table(self._catalog, entry, self._quotes.tokens(entry))
