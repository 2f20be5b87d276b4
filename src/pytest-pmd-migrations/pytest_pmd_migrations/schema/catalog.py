"""What a database says of its own schema: sqlite_schema, and PRAGMAs over all tables at once."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Catalog", "Entry", "plain_rows", "quote", "stored_text"]

_RESERVED = "sqlite_"
_FTS5_CONFIG = "_config"
_UNREADABLE = "Could not decode to UTF-8"
# A virtual table has no root page; asking for its columns needs its module.
_TABLES = "(SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0)"
# The key of a table WITHOUT ROWID has an index that sqlite_schema does not list.
_INDEXES = f"(SELECT l.name FROM {_TABLES} AS t, pragma_index_list(t.name, 'main') AS l)"
_PRAGMAS = {
    "table_xinfo": ('x.cid, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden', _TABLES),
    "index_list": ('x.seq, x.name, x."unique", x.origin, x.partial', _TABLES),
    "foreign_key_list": (
        'x.id, x.seq, x."table", x."from", x."to", x.on_update, x.on_delete',
        _TABLES.replace(")", " AND sql LIKE '%references%')"),
    ),
    "index_xinfo": ("x.seqno, x.cid, x.name, x.desc, x.coll, x.key", _INDEXES),
}


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
        rows = conn.execute(
            "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'"
        ).fetchall()
        self._kinds = {str(name): str(kind) for name, kind, _, _ in rows}
        self._flags = {str(name): (bool(wr), bool(strict)) for name, _, wr, strict in rows}
        self._facts = {name: self._all(name, *asked) for name, asked in _PRAGMAS.items()}

    def entries(self) -> list[Entry]:
        """Return the application's objects: neither SQLite's own nor a module's shadow tables.

        An index or a trigger on a shadow table is the application's: modules make none with SQL.
        """
        rows = self.conn.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_schema")
        return [
            Entry(str(kind), str(name), str(table), str(sql))
            for kind, name, table, sql in rows
            if sql is not None
            and not str(name).startswith(_RESERVED)
            and not (kind == "table" and self._kinds.get(str(name)) == "shadow")
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

    def columns(self, table: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of table_xinfo for a table that no module keeps."""
        return self._facts["table_xinfo"][table]

    def indexes(self, table: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of index_list."""
        return self._facts["index_list"][table]

    def foreign_keys(self, table: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of foreign_key_list."""
        return self._facts["foreign_key_list"][table]

    def index_terms(self, index: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of index_xinfo."""
        return self._facts["index_xinfo"][index]

    def view_columns(self, view: str) -> list[str]:
        """Return the names of a view's columns.

        Raises sqlite3.OperationalError where what it refers to is not there.
        """
        try:
            rows = self.conn.execute(f"PRAGMA main.table_xinfo({quote(view)})").fetchall()
        except sqlite3.OperationalError as error:
            if "no such module" in str(error):
                return []
            raise
        return [str(row[1]) for row in rows]

    def fts5_config(self, table: str) -> list[tuple[Any, ...]]:
        """Return the settings an FTS5 table keeps as rows, such as rank."""
        return _fts5_config(self.conn, table)

    def _all(self, pragma: str, columns: str, names: str) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        sql = f"SELECT o.name, {columns} FROM {names} AS o, pragma_{pragma}(o.name, 'main') AS x"
        for name, *row in self.conn.execute(sql):
            found[str(name)].append(tuple(row))
        return found


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
    conn.text_factory = str
    try:
        # Python's own way is the faster one, but it refuses text that is not UTF-8.
        conn.execute("SELECT name, sql FROM main.sqlite_schema").fetchall()
    except sqlite3.OperationalError as error:
        if _UNREADABLE not in str(error):
            conn.row_factory, conn.text_factory = factories
            raise
        conn.text_factory = lambda content: content.decode(errors="surrogateescape")
    try:
        yield
    finally:
        conn.row_factory, conn.text_factory = factories


def quote(name: str) -> str:
    """Return ``name`` as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
