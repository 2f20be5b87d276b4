"""Ask a database about its own schema: sqlite_schema, and each PRAGMA once for all tables."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

from pytest_pmd_migrations.pages.layout import StoredObject
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.schema.reading.view_expansion import refuse_endless_views

__all__ = [
    "NO_UTF8",
    "Catalog",
    "Entry",
    "Index",
    "Row",
    "as_bytes",
    "decoded_rows",
    "in_order",
    "plain_rows",
    "plain_texts",
    "stored_objects",
    "stored_rows",
    "stored_text",
    "text_of_objects",
]

Row = tuple[Any, ...]

_RESERVED = "sqlite_"
_FTS5_CONFIG = "_config"
NO_UTF8 = "Could not decode to UTF-8"
"""How Python's error begins about a text that is none."""
_SCHEMA = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema"
_OBJECTS = "SELECT type, name, tbl_name, sql, coalesce(rootpage, 0) FROM main.sqlite_schema"
# A virtual table has no root page; asking for its columns needs its module.
_TABLES = "(SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0{}) AS t"
# The table's name comes last, so that rows can be grouped by it without being cut.
_COLUMNS = f"""
SELECT x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden, t.name
FROM {_TABLES.format("")}, pragma_table_xinfo(t.name, 'main') AS x
"""
# The key of a table WITHOUT ROWID has an index that sqlite_schema does not list. Behind its terms
# an index has columns that lead to the row.
_INDEXES = f"""
SELECT x.cid, x.name, x.desc, x.coll, l.name, l."unique", l.origin, t.name
FROM {_TABLES.format("")}, pragma_index_list(t.name, 'main') AS l,
    pragma_index_xinfo(l.name, 'main') AS x
WHERE x.key
"""
# A name that is not UTF-8 can be handed over as bytes only.
_VIEW_COLUMNS = "SELECT name FROM pragma_table_xinfo(CAST(? AS TEXT), 'main')"
_FOREIGN_KEYS = f"""
SELECT x.id, x."table", x."from", x."to", x.on_update, x.on_delete, t.name
FROM {_TABLES.format(" AND sql LIKE '%references%'")},
    pragma_foreign_key_list(t.name, 'main') AS x
"""


class Entry(NamedTuple):
    """One row of sqlite_schema."""

    type: str
    name: str
    table: str
    sql: str


class Index(NamedTuple):
    """One index: ``origin`` is "c" for CREATE INDEX, "u" for UNIQUE, "pk" for PRIMARY KEY.

    ``terms`` are (number of the column, its name, whether it descends, its collation).
    """

    name: str
    unique: bool
    origin: str
    terms: list[Row]


class Catalog:
    """Answers questions about one connection's main database, each asked once for all tables.

    ``rows`` are those of its sqlite_schema, as ``plain_rows`` yields them.
    """

    def __init__(self, conn: sqlite3.Connection, rows: Iterable[Row]) -> None:
        self.conn = conn
        self._rows = rows
        self._keys: dict[str, Sequence[str]] = {}
        refuse_endless_views(conn)
        tables = conn.execute("PRAGMA main.table_list")
        self._tables = {str(name): (kind, *flags) for _, name, kind, _, *flags in tables}

    def entries(self) -> list[Entry]:
        """Return the application's objects, without SQLite's own and a module's shadow tables.

        An index or a trigger on a shadow table is the application's; no module makes one.
        """
        return [
            Entry(str(kind), str(name), str(table), str(sql))
            for kind, name, table, sql in self._rows
            if sql is not None
            and not str(name).startswith(_RESERVED)
            and not (kind == "table" and self._table(str(name))[0] == "shadow")
        ]

    def is_virtual(self, table: str) -> bool:
        """Return whether a table is virtual."""
        return bool(self._table(table)[0] == "virtual")

    def without_rowid(self, table: str) -> bool:
        """Return whether a table is WITHOUT ROWID."""
        return bool(self._table(table)[1])

    def strict(self, table: str) -> bool:
        """Return whether a table is STRICT."""
        return bool(self._table(table)[2])

    def columns(self, table: str) -> Sequence[Row]:
        """Return each column as a row of pragma_table_xinfo; a virtual table has none here.

        A row is (name, type, NOT NULL, default, position in the key, hidden, table).
        """
        return self._all_columns[table]

    def primary_key(self, table: str) -> Sequence[str]:
        """Return the names of the primary key's columns in its order."""
        if table not in self._keys:
            columns = sorted((row[4], str(row[0])) for row in self.columns(table) if row[4])
            self._keys[table] = [name for _, name in columns]
        return self._keys[table]

    def indexes(self, table: str) -> Mapping[str, Index]:
        """Return the indexes of a table by their names; the one made last comes first."""
        return self._all_indexes[table]

    def foreign_keys(self, table: str) -> Sequence[Row]:
        """Return a row for each column of each foreign key; the key declared last comes first.

        A row is (number, parent, column, parent's column, ON UPDATE, ON DELETE, table).
        """
        return self._all_foreign_keys[table]

    def view_columns(self, view: str) -> list[str]:
        """Return the names of a view's columns.

        Raises sqlite3.OperationalError if the view refers to something that does not exist.
        """
        try:
            rows = self.conn.execute(_VIEW_COLUMNS, (as_bytes(view),)).fetchall()
        except sqlite3.OperationalError as error:
            if "no such module" in str(error):
                return []
            raise
        return [str(name) for (name,) in rows]

    def fts5_config(self, table: str) -> list[Row]:
        """Return the (name, value) settings that an FTS5 table keeps as rows, such as rank."""
        return _fts5_config(self.conn, table)

    @cached_property
    def _all_columns(self) -> Mapping[str, Sequence[Row]]:
        return _by_table(self.conn.execute(_COLUMNS))

    @cached_property
    def _all_foreign_keys(self) -> Mapping[str, Sequence[Row]]:
        return _by_table(self.conn.execute(_FOREIGN_KEYS))

    @cached_property
    def _all_indexes(self) -> Mapping[str, Mapping[str, Index]]:
        found: dict[str, dict[str, Index]] = defaultdict(dict)
        for *term, name, unique, origin, table in self.conn.execute(_INDEXES):
            indexes = found[table]
            if name not in indexes:
                indexes[name] = Index(name, bool(unique), origin, [])
            indexes[name].terms.append(tuple(term))
        return found

    def _table(self, name: str) -> tuple[Any, ...]:
        return self._tables.get(name, ("", False, False))


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
    rows = [row for row in stored if not str(row[1]).startswith(_RESERVED)]
    settings: list[Row] = []
    for kind, name, _, sql in rows:
        if kind == "table" and "fts5" in str(sql).lower():
            settings.extend(("fts5", name, *row) for row in _fts5_config(conn, str(name)))
    return rows + settings


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows of the stored text, sorted."""
    try:
        return tuple(sorted(rows))
    except TypeError:
        # A damaged row may hold NULL instead of text.
        return tuple(sorted(rows, key=repr))


def _fts5_config(conn: sqlite3.Connection, table: str) -> list[Row]:
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


def _by_table(rows: Iterable[Row]) -> Mapping[str, Sequence[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[-1]].append(row)
    return found


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


def decoded_rows(conn: sqlite3.Connection, sql: str) -> list[Row]:
    """Return the rows of a query in :func:`plain_texts`; of texts that are no UTF-8 too."""
    try:
        # Python's own decoding is faster, but it refuses text that is not UTF-8.
        return conn.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        if NO_UTF8 not in str(error):
            raise
        conn.text_factory = lambda content: content.decode(errors="surrogateescape")
        return conn.execute(sql).fetchall()
