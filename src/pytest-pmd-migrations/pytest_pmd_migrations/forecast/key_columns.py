"""Find the columns of keys, which differ from row to row or point at a row of another table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.tables import ForeignKey, RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TableColumn

__all__ = ["KeyColumns", "Pointer", "read_key_columns"]

Tables = Mapping[str, RowTable]
"""The tables of a database by their names in lower case."""


@dataclass(frozen=True)
class Pointer:
    """A foreign key: its columns, the table it points at, and that one's columns; lower case."""

    columns: tuple[str, ...]
    parent: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class KeyColumns:
    """The keys of all tables, everything in lower case.

    ``groups`` are columns with the same values, as one points at the other. ``unique`` are the sets
    of columns by table whose values must differ from row to row; ``pointers`` the foreign keys.
    """

    groups: tuple[tuple[TableColumn, ...], ...]
    unique: Mapping[str, tuple[tuple[str, ...], ...]]
    pointers: Mapping[str, tuple[Pointer, ...]]

    def of(self, table: str) -> frozenset[str]:
        """Return the columns of a table that are part of any key."""
        return frozenset(column for group in self.groups for name, column in group if name == table)


def read_key_columns(conn: sqlite3.Connection, tables: Tables) -> KeyColumns:
    """Return the keys of ``tables``."""
    unique = {name: tuple(_unique_sets(conn, table)) for name, table in tables.items()}
    pointers = {
        name: tuple(filter(None, (_pointer(key, tables) for key in table.foreign_keys)))
        for name, table in tables.items()
    }
    joined: dict[TableColumn, set[TableColumn]] = {}
    for name, sets in unique.items():
        for column in {column for one in sets for column in one}:
            joined.setdefault((name, column), {(name, column)})
    for name, found in pointers.items():
        for pointer in found:
            for column, target in zip(pointer.columns, pointer.target, strict=True):
                _join(joined, (name, column), (pointer.parent, target))
    for index, owner in _full_text_numbers(conn, tables).items():
        _join(joined, (index, "rowid"), owner)
    groups = {id(group): tuple(sorted(group)) for group in joined.values()}
    return KeyColumns(tuple(sorted(groups.values())), unique, pointers)


def _join(
    joined: dict[TableColumn, set[TableColumn]], one: TableColumn, other: TableColumn
) -> None:
    group = joined.setdefault(one, {one}) | joined.setdefault(other, {other})
    for member in group:
        joined[member] = group


def _pointer(key: ForeignKey, tables: Tables) -> Pointer | None:
    """Return a foreign key with its parent's columns; None where there is no such table."""
    parent = tables.get(fold(key.parent))
    if parent is None:
        return None
    target = key.target or parent.key
    if len(target) != len(key.columns):
        return None
    return Pointer(tuple(map(fold, key.columns)), fold(parent.name), tuple(map(fold, target)))


def _unique_sets(conn: sqlite3.Connection, table: RowTable) -> Iterator[tuple[str, ...]]:
    """Yield each set of columns that tells rows apart.

    An index on expressions or computed columns may look at any column of its table.
    """
    stored = tuple(map(fold, table.columns))
    if table.full_text or table.module:
        return
    info = conn.execute(f"PRAGMA table_xinfo({quote(table.name)})").fetchall()
    primary = tuple(fold(str(row[1])) for row in sorted(info, key=lambda row: row[5]) if row[5])
    if primary:
        yield primary
    for row in conn.execute(f"PRAGMA index_list({quote(table.name)})").fetchall():
        if row[2]:
            terms = conn.execute(f"PRAGMA index_info({quote(str(row[1]))})").fetchall()
            names = tuple(fold(str(term[2])) if term[2] is not None else "" for term in terms)
            yield names if set(names) <= set(stored) else stored


def _full_text_numbers(conn: sqlite3.Connection, tables: Tables) -> dict[str, TableColumn]:
    """Return of full-text tables the column whose numbers their rows have.

    That is the key of a table whose trigger writes it.
    """
    triggers = conn.execute("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")
    written = [(fold(str(table)), fold(str(sql))) for table, sql in triggers.fetchall()]
    columns_of_full_text: dict[str, TableColumn] = {}
    for name, table in tables.items():
        if not table.full_text or table.contentless:
            continue
        for owner, sql in written:
            found = tables.get(owner)
            if found is not None and len(found.key) == 1 and found.rowid and name in sql:
                columns_of_full_text[name] = owner, fold(found.key[0])
                break
    return columns_of_full_text
