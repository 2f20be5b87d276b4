"""A step's declarations, their names looked up in the database before the step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import tokenize
from pytest_pmd_migrations.schema.values import TableColumn
from pytest_pmd_migrations.sources.declared.column_names import possible_columns, spelled_column
from pytest_pmd_migrations.sources.declared.declarations import (
    DROP,
    DeclarationKey,
    DeclarationKind,
    Declarations,
)

__all__ = ["BrokenDeclarationError", "ResolvedDeclarations", "resolve_declarations"]


class BrokenDeclarationError(Exception):
    """A declaration cannot be read against the database before the step.

    ``key`` is the declaration, ``about`` the table and column that it names (an empty column where
    it names a table), ``lines`` say why, line by line.
    """

    def __init__(self, key: DeclarationKey, about: TableColumn, *lines: str) -> None:
        super().__init__(f"{key}: {' '.join(lines)}")
        self.key, self.about, self.lines = key, about, lines


@dataclass(frozen=True)
class ResolvedDeclarations:
    """The declarations of one step, by tables and columns in lower case.

    ``deletes``, ``changes`` and ``empties`` hold SQL conditions over the old row, the last for
    values that may be gone. ``dropped`` are the tables and columns declared as gone altogether, a
    table with an empty column. ``moves`` has all columns that may have the values of one. ``keys``
    has the key of each declaration by its kind and what it
    names; ``used`` collects those that a row needed.
    """

    deletes: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[TableColumn, str] = field(default_factory=dict)
    empties: Mapping[TableColumn, str] = field(default_factory=dict)
    moves: Mapping[TableColumn, tuple[TableColumn, ...]] = field(default_factory=dict)
    dropped: frozenset[TableColumn] = frozenset()
    keys: Mapping[tuple[DeclarationKind, TableColumn], DeclarationKey] = field(default_factory=dict)
    used: set[DeclarationKey] = field(default_factory=set)

    def use(self, kind: DeclarationKind, table: str, column: str = "") -> None:
        """Remember a declaration that a row needed."""
        self.used.add(self.keys[kind, (fold(table), fold(column))])

    def explains(self, table: str, column: str) -> bool:
        """Return whether a declaration says what became of a column that went."""
        name = fold(table), fold(column)
        return name in self.dropped or name in self.moves

    def conditions(self, table: RowTable) -> Iterator[tuple[DeclarationKind, str, str]]:
        """Yield the conditions over rows of ``table``: kind, column ("" for rows), condition."""
        name = fold(table.name)
        if name in self.deletes:
            yield "DELETES", "", self.deletes[name]
        for (owner, column), condition in self.changes.items():
            if owner == name:
                yield "CHANGES", column, condition
        for (owner, column), condition in self.empties.items():
            if owner == name:
                yield "DELETES", column, condition


def resolve_declarations(
    conn: sqlite3.Connection, tables: Mapping[str, RowTable], declarations: Declarations
) -> ResolvedDeclarations:
    """Return the declarations for a database that has ``tables``.

    A table may be missing in some databases, a column of one that is there may not; conditions
    must be single expressions that the database can read. Raises BrokenDeclarationError.
    """
    keys: dict[tuple[DeclarationKind, TableColumn], DeclarationKey] = {}
    deletes: dict[str, str] = {}
    dropped: set[TableColumn] = set()
    changes: dict[TableColumn, str] = {}
    empties: dict[TableColumn, str] = {}
    moves: dict[TableColumn, tuple[TableColumn, ...]] = {}
    for key in declarations.list_row_keys():
        table, column = _find_column(tables, key)
        keys[key.kind, (table, column)] = key
        if key.kind == "MOVES":
            into = [next(possible_columns(fold(name))) for name in declarations.targets(key.name)]
            # Each occurrence counts once, also where a column is named twice.
            moves[table, column] = tuple(dict.fromkeys(into))
        elif key.kind == "CHANGES":
            changes[table, column] = declarations.changes[key.name].sql
            _check_condition(conn, tables, key, (table, column), changes[table, column])
        elif declarations.deletes[key.name].sql == DROP:
            dropped.add((table, column))
            if column:
                empties[table, column] = "1"
        elif column:
            empties[table, column] = declarations.deletes[key.name].sql
            _check_condition(conn, tables, key, (table, column), empties[table, column])
        else:
            deletes[table] = declarations.deletes[key.name].sql
            _check_condition(conn, tables, key, (table, column), deletes[table])
    return ResolvedDeclarations(deletes, changes, empties, moves, frozenset(dropped), keys)


def _find_column(tables: Mapping[str, RowTable], key: DeclarationKey) -> TableColumn:
    """Return the table and column that a key names; a table's name may have dots itself."""
    folded = fold(key.name)
    if key.kind == "DELETES" and folded in tables:
        return folded, ""
    meant = list(possible_columns(folded))
    if not meant:
        return folded, ""
    known = {name: set(there.names) for name, there in tables.items()}
    found = [one for one in meant if one[1] in known.get(one[0], ())]
    if len(found) > 1 and not folded.endswith('"'):
        spelled = [spelled_column(*one) for one in found]
        raise BrokenDeclarationError(
            key, found[0], "more than one column may be meant; name it so:", *spelled
        )
    if found:
        return found[0]
    table, column = next((one for one in meant if one[0] in tables), meant[0])
    there = tables.get(table)
    if there is not None and not there.contentless:
        listed = f"its columns are {', '.join(there.columns)}"
        why = f"{there.name} has no such column"
        raise BrokenDeclarationError(key, (table, column), why, listed)
    return table, column


def _check_condition(
    conn: sqlite3.Connection,
    tables: Mapping[str, RowTable],
    key: DeclarationKey,
    about: TableColumn,
    condition: str,
) -> None:
    """Raise unless the condition is one expression that can be read for a row of the table."""
    table, _ = about
    if table not in tables:
        return
    depth = 0
    for token in tokenize(condition):
        depth += {"(": 1, ")": -1}.get(token.value if token.kind == "operator" else "", 0)
        if depth < 0 or (token.kind == "operator" and token.value == ";"):
            raise BrokenDeclarationError(key, about, "expected one SQL expression, is:", condition)
    own = quote(tables[table].name)
    try:
        conn.execute(f"SELECT 1 FROM {own} WHERE ({condition}\n) LIMIT 1").fetchall()
    except sqlite3.Error as error:
        raise BrokenDeclarationError(key, about, f"{error}, in:", condition) from error
