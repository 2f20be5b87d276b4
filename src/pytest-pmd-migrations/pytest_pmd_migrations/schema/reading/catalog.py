"""Ask a database about its own schema: sqlite_schema, and each PRAGMA once for all tables."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pytest_pmd_migrations.schema.reading.stored_rows import RESERVED, Row, as_bytes, fts5_config
from pytest_pmd_migrations.schema.reading.view_expansion import refuse_endless_views

__all__ = ["Catalog", "Entry", "Index"]

# A virtual table has no root page; asking for its columns needs its module.
_TABLES = "(SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0{0}) AS t"
_MOST_NAMED = 500
# The table's name comes last, so that rows can be grouped by it without being cut.
_COLUMNS = f"""
SELECT x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden, t.name
FROM {_TABLES}, pragma_table_xinfo(t.name, 'main') AS x
"""
# The key of a table WITHOUT ROWID has an index that sqlite_schema does not list. Behind its terms
# an index has columns that lead to the row.
_INDEXES = f"""
SELECT x.cid, x.name, x.desc, x.coll, l.name, l."unique", l.origin, t.name
FROM {_TABLES}, pragma_index_list(t.name, 'main') AS l,
    pragma_index_xinfo(l.name, 'main') AS x
WHERE x.key
"""
# A name that is not UTF-8 can be handed over as bytes only.
_VIEW_COLUMNS = "SELECT name FROM pragma_table_xinfo(CAST(? AS TEXT), 'main') WHERE hidden <> 1"
_FOREIGN_KEYS = f"""
SELECT x.id, x."table", x."from", x."to", x.on_update, x.on_delete, t.name
FROM {_TABLES}, pragma_foreign_key_list(t.name, 'main') AS x
"""
_REFERENCES = "references"
_HAS_KEY = f" AND sql LIKE '%{_REFERENCES}%'"


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
        self._only: frozenset[str] | None = None
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
            and not str(name).startswith(RESERVED)
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
        self._need(table)
        return self._all_columns[table]

    def primary_key(self, table: str) -> Sequence[str]:
        """Return the names of the primary key's columns in its order."""
        if table not in self._keys:
            columns = sorted((row[4], str(row[0])) for row in self.columns(table) if row[4])
            self._keys[table] = [name for _, name in columns]
        return self._keys[table]

    def indexes(self, table: str) -> Mapping[str, Index]:
        """Return the indexes of a table by their names; the one made last comes first."""
        self._need(table)
        return self._all_indexes[table]

    def foreign_keys(self, table: str) -> Sequence[Row]:
        """Return a row for each column of each foreign key; the key declared last comes first.

        A row is (number, parent, column, parent's column, ON UPDATE, ON DELETE, table).
        """
        self._need(table)
        return self._all_foreign_keys[table]

    def view_columns(self, view: str) -> list[str]:
        """Return the names of a view's columns, or of a virtual table's but for the hidden ones.

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
        return fts5_config(self.conn, table)

    def ask_only_of(self, tables: Iterable[str]) -> None:
        """Ask of these tables alone, until another one is needed: then of all.

        To be called before anything is asked.
        """
        only = frozenset(tables)
        if len(only) <= _MOST_NAMED and all(map(str.isascii, only)):
            self._only = only

    def _need(self, table: str) -> None:
        if self._only is not None and table not in self._only:
            self._only = None
            for name in ("_all_columns", "_all_foreign_keys", "_all_indexes"):
                vars(self).pop(name, None)

    def _ask(self, sql: str, condition: str = "") -> sqlite3.Cursor:
        only = sorted(self._only or ())
        if self._only is not None:
            condition += f" AND name IN ({', '.join('?' * len(only))})"
        return self.conn.execute(sql.format(condition), only)

    @cached_property
    def _all_columns(self) -> Mapping[str, Sequence[Row]]:
        return _by_table(self._ask(_COLUMNS))

    @cached_property
    def _all_foreign_keys(self) -> Mapping[str, Sequence[Row]]:
        if not any(_REFERENCES in str(sql).lower() for *_, sql in self._rows):
            return defaultdict(list)
        return _by_table(self._ask(_FOREIGN_KEYS, _HAS_KEY))

    @cached_property
    def _all_indexes(self) -> Mapping[str, Mapping[str, Index]]:
        found: dict[str, dict[str, Index]] = defaultdict(dict)
        for *term, name, unique, origin, table in self._ask(_INDEXES):
            indexes = found[table]
            if name not in indexes:
                indexes[name] = Index(name, bool(unique), origin, [])
            indexes[name].terms.append(tuple(term))
        return found

    def _table(self, name: str) -> tuple[Any, ...]:
        return self._tables.get(name, ("", False, False))


def _by_table(rows: Iterable[Row]) -> Mapping[str, Sequence[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[-1]].append(row)
    return found
