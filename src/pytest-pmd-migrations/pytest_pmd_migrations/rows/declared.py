"""Declarations of one step, their names resolved against the tables before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_pmd_migrations.rows.model import RowFinding, cut
from pytest_pmd_migrations.rows.tables import RowTable, quote
from pytest_pmd_migrations.schema.reading.tokens import fold, tokenize
from pytest_pmd_migrations.sources.declarations import DROP, Declarations

__all__ = ["BrokenDeclarationError", "Column", "Declared", "resolve"]

Column = tuple[str, str]
"""A table and one of its columns, in lower case."""


class BrokenDeclarationError(Exception):
    """A declaration cannot be read against the database before the step."""

    def __init__(self, kind: str, name: str, *lines: str) -> None:
        super().__init__(f"{kind} {name}: {' '.join(lines)}")
        self.kind, self.name, self.lines = kind, name, lines

    def finding(self) -> RowFinding:
        """Return what the check says of it."""
        table, _, column = self.name.partition(".")
        evidence = tuple(cut(line) for line in self.lines)
        return RowFinding(
            table, column or None, f"{self.kind} {self.name} cannot be read", evidence
        )


@dataclass(frozen=True)
class Declared:
    """What one step declares, by tables and columns in lower case.

    ``deletes`` and ``changes`` hold SQL conditions over the old row. ``dropped`` are the tables
    and columns declared as gone altogether, a table with an empty column. ``used`` collects the
    declarations that some row needed, as they are written.
    """

    deletes: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[Column, str] = field(default_factory=dict)
    moves: Mapping[Column, Column] = field(default_factory=dict)
    dropped: frozenset[Column] = frozenset()
    names: Mapping[tuple[str, Column], str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def use(self, kind: str, table: str, column: str = "") -> None:
        """Remember a declaration that a row needed."""
        self.used.add(f"{kind} {self.names[kind, (fold(table), fold(column))]}")

    def explains(self, table: str, column: str) -> bool:
        """Return whether a declaration says what became of a column that went."""
        place = fold(table), fold(column)
        return place in self.dropped or place in self.moves

    def conditions(self, table: RowTable) -> Iterator[tuple[str, str]]:
        """Yield the conditions over rows of ``table``: each column that may change, "" for rows."""
        name = fold(table.name)
        if name in self.deletes:
            yield "", self.deletes[name]
        for (owner, column), condition in self.changes.items():
            if owner == name:
                yield column, condition


def resolve(
    conn: sqlite3.Connection, tables: Mapping[str, RowTable], declarations: Declarations
) -> Declared:
    """Return the declarations for a database that has ``tables``.

    A table may be missing in some databases, a column of one that is there may not; conditions
    must be single expressions that the database can read. Raises BrokenDeclarationError.
    """
    names: dict[tuple[str, Column], str] = {}
    deletes: dict[str, str] = {}
    dropped: set[Column] = set()
    changes: dict[Column, str] = {}
    for name, condition in declarations.deletes.items():
        place = _place(tables, "DELETES", name)
        names["DELETES", place] = name
        if condition.sql == DROP:
            dropped.add(place)
        elif place[1]:
            raise BrokenDeclarationError(
                "DELETES", name, f'a column goes as a whole: expected "{DROP}"'
            )
        else:
            deletes[place[0]] = condition.sql
            _check_condition(conn, tables, "DELETES", name, place[0], condition.sql)
    for name, condition in declarations.changes.items():
        place = _place(tables, "CHANGES", name)
        names["CHANGES", place] = name
        changes[place] = condition.sql
        _check_condition(conn, tables, "CHANGES", name, place[0], condition.sql)
    moves: dict[Column, Column] = {}
    for name, target in declarations.moves.items():
        place = _place(tables, "MOVES", name)
        names["MOVES", place] = name
        table, _, column = fold(target).rpartition(".")
        moves[place] = table, column
    return Declared(deletes, changes, moves, frozenset(dropped), names)


def _place(tables: Mapping[str, RowTable], kind: str, name: str) -> Column:
    """Return the table and column that a name means; a table's name may have dots itself."""
    folded = fold(name)
    if kind == "DELETES" and folded in tables:
        return folded, ""
    table, _, column = folded.rpartition(".")
    if not table:
        return column, ""
    there = tables.get(table)
    if there is not None and not there.contentless:
        own = {fold(other) for other in (*there.columns, *there.generated)}
        if column not in own:
            listed = f"its columns are {', '.join(there.columns)}"
            raise BrokenDeclarationError(kind, name, f"{there.name} has no such column", listed)
    return table, column


def _check_condition(
    conn: sqlite3.Connection,
    tables: Mapping[str, RowTable],
    kind: str,
    name: str,
    table: str,
    condition: str,
) -> None:
    """Raise unless the condition is one expression that can be read for a row of the table."""
    if table not in tables:
        return
    depth = 0
    for token in tokenize(condition):
        depth += {"(": 1, ")": -1}.get(token.value if token.kind == "operator" else "", 0)
        if depth < 0 or (token.kind == "operator" and token.value == ";"):
            raise BrokenDeclarationError(kind, name, "expected one SQL expression, is:", condition)
    own = quote(tables[table].name)
    try:
        conn.execute(f"SELECT 1 FROM {own} WHERE ({condition}\n) LIMIT 1").fetchall()
    except sqlite3.Error as error:
        raise BrokenDeclarationError(kind, name, f"{error}, in:", condition) from error
