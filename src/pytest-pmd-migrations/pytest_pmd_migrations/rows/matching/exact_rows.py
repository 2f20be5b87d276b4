"""Read rows with values that are equal only if both their type and their content are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.tables import RowTable

__all__ = ["Value", "exact_rows", "joined", "select_rows"]

_AT_ONCE = 100

Value: TypeAlias = int | bytes | tuple[str, bytes] | tuple[str, float] | None
"""A stored value: NULL, an integer, a blob, ``("text", bytes)`` or ``("real", number)``."""


def exact_rows(conn: sqlite3.Connection, sql: str) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of a query with values that are equal only if type and content are.

    A text is ``("text", bytes)``, whatever its bytes; a real number is ``("real", number)``.
    """
    factories = conn.row_factory, conn.text_factory
    conn.row_factory, conn.text_factory = None, _text
    try:
        for row in conn.execute(sql):
            if float in map(type, row):
                yield tuple(("real", value) if type(value) is float else value for value in row)
            else:
                yield row
    finally:
        conn.row_factory, conn.text_factory = factories


def select_rows(
    table: RowTable,
    columns: Sequence[str],
    *,
    schema: str = "main",
    extra: Sequence[str] = (),
    where: str = "",
) -> str:
    """Return the SELECT that reads a table's rows: its rowid if it has one, columns, ``extra``."""
    own = quote(table.name)
    names = [f"{own}.{name}" for name in (table.rowid,) if name]
    names.extend(f"{own}.{quote(column)}" for column in columns)
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {', '.join((*names, *extra)) or 'NULL'} FROM {schema}.{own}{condition}"


def joined(operator: str, conditions: Sequence[str]) -> str:
    """Return the conditions joined by AND or OR, in groups: SQLite takes none of a thousand."""
    groups = [
        f" {operator} ".join(conditions[start : start + _AT_ONCE])
        for start in range(0, len(conditions), _AT_ONCE)
    ]
    return groups[0] if len(groups) == 1 else f" {operator} ".join(f"({one})" for one in groups)


def _text(content: bytes) -> tuple[str, bytes]:
    return "text", content
