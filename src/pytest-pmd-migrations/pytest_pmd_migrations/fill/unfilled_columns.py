"""Give a value to columns that are NULL in every row; say which ones still have none, and why."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.parent_rows import list_parents
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.fill.row_search import RowSearch
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["UnfilledColumns", "give_values"]

_TRIES = 400
_MOST_A_COLUMN = 40
_FEWEST_A_COLUMN = 8


@dataclass(frozen=True)
class UnfilledColumns:
    """Columns of one table that are NULL in all of its rows, and why the first of them is."""

    columns: tuple[str, ...]
    reason: str


def give_values(
    conn: sqlite3.Connection,
    table: RowTable,
    read: Callable[[RowTable], Requirements],
    *,
    seed: int,
    only: Collection[str] | None = None,
) -> UnfilledColumns | None:
    """Insert rows with values in the columns that are NULL in every row of a table; of ``only``.

    Nothing is inserted where the table is empty. Returns the columns in which no value that was
    tried fits, None where each column has one, or refers to an empty table.
    """
    missing = _without_value(conn, table.name, table.columns if only is None else tuple(only))
    if not missing:
        return None
    requirements = read(table)
    empty = {
        fold(name)
        for link in requirements.links
        if not list_parents(conn, link)
        for name in link.columns
    }
    # That a table is empty is told of itself. A hidden column is not the application's.
    missing = [n for n in missing if fold(n) not in empty and requirements.column(n) is not None]
    search = RowSearch(conn, requirements, seed=f"{seed}/values")
    tries = max(_FEWEST_A_COLUMN, min(_MOST_A_COLUMN, _TRIES // max(len(missing), 1)))
    reasons: dict[str, str] = {}
    # Columns may have to have their values together; else each of them without the other ones.
    for names in (missing, *([name] for name in missing)):
        left = _without_value(conn, table.name, missing)
        wanted = [name for name in names if name in left]
        if wanted:
            nulls = [name for name in left if name not in wanted]
            reasons[wanted[0]] = search.insert_given(wanted, nulls, tries=tries)
    left = _without_value(conn, table.name, missing)
    if not left:
        return None
    return UnfilledColumns(tuple(left), reasons[left[0]] or "its triggers take the value out again")


def _without_value(conn: sqlite3.Connection, table: str, columns: Sequence[str]) -> list[str]:
    """Return the columns that are NULL in every row; none of a table without rows."""
    if not columns:
        return []
    counts = ", ".join(f"count({quote(name)})" for name in columns)
    rows, *given = conn.execute(f"SELECT count(*), {counts} FROM {quote(table)}").fetchone()
    return [name for name, count in zip(columns, given, strict=True) if rows and not count]
