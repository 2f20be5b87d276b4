"""What a database says of its own schema: the rows of sqlite_schema, and which tables are whose."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Catalog", "Entry", "plain_rows", "quote", "stored_text"]

_RESERVED = "sqlite_"
_FTS5_CONFIG = "_config"


@dataclass(frozen=True)
class Entry:
    """One row of sqlite_schema."""

    type: str
    name: str
    table: str
    sql: str


class Catalog:
    """Reads one connection's main database; writes nothing."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        kinds = {str(name): str(kind) for name, kind, _, _ in self._table_list()}
        flags = {
            str(name): (bool(rowid), bool(strict)) for name, _, rowid, strict in self._table_list()
        }
        self._kinds = kinds
        self._flags = flags

    def entries(self) -> list[Entry]:
        """Return the application's objects: neither SQLite's own nor a module's shadow tables."""
        rows = self.conn.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_schema")
        return [
            Entry(str(kind), str(name), str(table), str(sql))
            for kind, name, table, sql in rows
            if sql is not None
            and not str(name).startswith(_RESERVED)
            and self._kinds.get(str(table)) != "shadow"
        ]

    def is_virtual(self, table: str) -> bool:
        """Return whether a module keeps that table."""
        return self._kinds.get(table) == "virtual"

    def without_rowid(self, table: str) -> bool:
        """Return whether that table is WITHOUT ROWID."""
        return self._flags.get(table, (False, False))[0]

    def strict(self, table: str) -> bool:
        """Return whether that table is STRICT."""
        return self._flags.get(table, (False, False))[1]

    def pragma(self, name: str, argument: str) -> list[tuple[Any, ...]]:
        """Return the rows of ``PRAGMA main.name(argument)``; none where a module is missing."""
        try:
            return self.conn.execute(f"PRAGMA main.{name}({quote(argument)})").fetchall()
        except sqlite3.OperationalError as error:
            if "no such module" in str(error):
                return []
            raise

    def fts5_config(self, table: str) -> list[tuple[Any, ...]]:
        """Return the settings an FTS5 table keeps as rows, such as rank."""
        return _fts5_config(self.conn, table)

    def _table_list(self) -> list[tuple[Any, ...]]:
        return self.conn.execute(
            "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'"
        ).fetchall()


def stored_text(conn: sqlite3.Connection) -> tuple[tuple[Any, ...], ...]:
    """Return the stored text of a schema, sorted: equal text means an equal schema.

    FTS5 keeps settings that change what a query gives in rows, so those are part of it.
    """
    with plain_rows(conn):
        rows = conn.execute(
            "SELECT type, name, tbl_name, sql FROM main.sqlite_schema"
            " WHERE substr(name, 1, 7) <> 'sqlite_'"
        ).fetchall()
        settings: list[tuple[Any, ...]] = []
        for kind, name, _, sql in rows:
            if kind == "table" and "fts5" in str(sql).lower():
                settings.extend(("fts5", name, *row) for row in _fts5_config(conn, str(name)))
    return tuple(sorted((*rows, *settings), key=repr))


def _fts5_config(conn: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    try:
        return conn.execute(
            f"SELECT k, v FROM main.{quote(table + _FTS5_CONFIG)} WHERE k <> 'version' ORDER BY k"
        ).fetchall()
    except sqlite3.OperationalError:
        # Not an FTS5 table after all: its text only mentions the word.
        return []


@contextmanager
def plain_rows(conn: sqlite3.Connection) -> Iterator[None]:
    """Let rows be tuples and text be str, whatever the connection's owner has set."""
    factories = conn.row_factory, conn.text_factory
    conn.row_factory = None
    conn.text_factory = lambda content: content.decode(errors="surrogateescape")
    try:
        yield
    finally:
        conn.row_factory, conn.text_factory = factories


def quote(name: str) -> str:
    """Return ``name`` as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
