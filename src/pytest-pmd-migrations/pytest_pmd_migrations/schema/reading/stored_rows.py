"""Read the rows of sqlite_schema, whatever its connection has set and whatever they hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.pages.layout import StoredObject

__all__ = [
    "NO_UTF8",
    "RESERVED",
    "Row",
    "as_bytes",
    "decoded_rows",
    "fts5_config",
    "in_order",
    "plain_rows",
    "plain_texts",
    "stored_objects",
    "stored_rows",
    "stored_text",
    "text_of_objects",
]

Row = tuple[Any, ...]

RESERVED = "sqlite_"
"""How the names of SQLite's own tables begin."""

_FTS5_CONFIG = "_config"
NO_UTF8 = "Could not decode to UTF-8"
"""How Python's error begins about a text that is none."""

_SCHEMA = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema"
_OBJECTS = "SELECT type, name, tbl_name, sql, coalesce(rootpage, 0) FROM main.sqlite_schema"


def stored_text(conn: sqlite3.Connection) -> tuple[Row, ...]:
    """Return the stored text of a schema, sorted; equal text means an equal schema.

    It includes the settings that FTS5 keeps as rows, since they change what a query returns.
    """
    return in_order(stored_rows(conn))


def stored_rows(conn: sqlite3.Connection) -> list[Row]:
    """Return the rows of the stored text without sorting them; see ``stored_text``."""
    with plain_rows(conn) as stored:
        return _with_settings(conn, stored)


def text_of_objects(conn: sqlite3.Connection, objects: Iterable[StoredObject]) -> tuple[Row, ...]:
    """Return the stored text of a schema whose ``objects`` are known; see ``stored_text``."""
    with plain_texts(conn):
        return in_order(_with_settings(conn, [one[:4] for one in objects]))


def _with_settings(conn: sqlite3.Connection, stored: Iterable[Row]) -> list[Row]:
    rows = [row for row in stored if not str(row[1]).startswith(RESERVED)]
    settings: list[Row] = []
    for kind, name, _, sql in rows:
        if kind == "table" and "fts5" in str(sql).lower():
            settings.extend(("fts5", name, *row) for row in fts5_config(conn, str(name)))
    return rows + settings


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows of the stored text, sorted."""
    try:
        return tuple(sorted(rows))
    except TypeError:
        # A damaged row may hold NULL instead of text.
        return tuple(sorted(rows, key=repr))


def fts5_config(conn: sqlite3.Connection, table: str) -> list[Row]:
    """Return the (name, value) settings that an FTS5 table keeps as rows, such as rank."""
    try:
        return conn.execute(
            f"SELECT k, v FROM main.{quote(table + _FTS5_CONFIG)} WHERE k <> 'version' ORDER BY k"
        ).fetchall()
    except (sqlite3.OperationalError, UnicodeEncodeError):
        # The text only mentions the word fts5, or Python cannot ask for a name that is not UTF-8.
        return []


def as_bytes(name: str) -> bytes:
    """Return a name of the schema as SQLite stores it, one that is not UTF-8 too."""
    return name.encode(errors="surrogateescape")


@contextmanager
def plain_rows(conn: sqlite3.Connection) -> Iterator[list[Row]]:
    """Yield the rows of sqlite_schema: type, name, table, sql.

    Inside the block the connection returns tuples and str, whatever its owner has set.
    """
    with plain_texts(conn):
        yield decoded_rows(conn, _SCHEMA)


@contextmanager
def plain_texts(conn: sqlite3.Connection) -> Iterator[None]:
    """Let a connection return tuples and str in the block, whatever its owner has set."""
    factories = conn.row_factory, conn.text_factory
    conn.row_factory = None
    conn.text_factory = str
    try:
        yield
    finally:
        conn.row_factory, conn.text_factory = factories


def stored_objects(conn: sqlite3.Connection) -> Iterator[StoredObject]:
    """Yield the rows of sqlite_schema in their order, with the pages that they begin at."""
    with plain_texts(conn):
        rows = decoded_rows(conn, _OBJECTS)
    for row in rows:
        yield StoredObject(*row)


def decoded_rows(conn: sqlite3.Connection, sql: str, values: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a query in :func:`plain_texts`; of texts that are no UTF-8 too."""
    try:
        # Python's own decoding is faster, but it refuses text that is not UTF-8.
        return conn.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        if NO_UTF8 not in str(error):
            raise
        conn.text_factory = lambda content: content.decode(errors="surrogateescape")
        return conn.execute(sql, values).fetchall()
