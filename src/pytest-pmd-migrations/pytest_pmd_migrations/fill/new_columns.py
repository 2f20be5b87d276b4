"""Add a row to a table whose new column says the same in every row: nobody would see it lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["ColumnsBefore", "columns_of", "new_columns", "vary_new_columns"]

ColumnsBefore: TypeAlias = Mapping[str, Collection[str]]
"""The columns that each table had, both in small letters."""

_MOST = 3
"""How many rows are tried: one value may be the one that all rows have already."""


def columns_of(tables: Iterable[RowTable]) -> ColumnsBefore:
    """Return the columns of these tables."""
    return {fold(table.name): {fold(column) for column in table.columns} for table in tables}


def new_columns(table: RowTable, before: ColumnsBefore) -> list[str]:
    """Return the columns that a table has got since; none of a table that is new itself."""
    known = before.get(fold(table.name))
    if known is None:
        return []
    return [column for column in table.columns if fold(column) not in known]


def vary_new_columns(
    conn: sqlite3.Connection,
    table: RowTable,
    new: Sequence[str],
    insert: Callable[[RowTable, int], str],
) -> dict[str, str]:
    """Insert rows until each of the columns ``new`` has two values; return which stay alike.

    ``insert`` inserts a generated row of that number, and returns why it was refused. The answer
    has that reason by ``"table.column"``.
    """
    reason = ""
    for _ in range(_MOST):
        alike = [column for column in new if _is_alike(conn, table.name, column)]
        if not alike:
            return {}
        count = int(conn.execute(f"SELECT count(*) FROM {quote(table.name)}").fetchone()[0])
        reason = insert(table, count)
        if reason:
            break
    return {
        f"{table.name}.{column}": reason
        for column in new
        if reason and _is_alike(conn, table.name, column)
    }


def _is_alike(conn: sqlite3.Connection, table: str, column: str) -> bool:
    """Return whether a table has rows, and one value of a column in all of them."""
    sql = f"SELECT DISTINCT {quote(column)} FROM {quote(table)} LIMIT 2"
    return len(conn.execute(sql).fetchall()) == 1
