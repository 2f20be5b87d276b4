"""Put other values into columns of a table, so that a step shows where it puts them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeAlias

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.tables import RowTable

__all__ = ["replace_all", "swap_ends"]

_UNUSUAL = 7_000_003
_STRIDE = 1_009

_Value: TypeAlias = int | float | str | bytes | None


def replace_all(
    conn: sqlite3.Connection,
    table: RowTable,
    columns: Sequence[str],
    numbers: Iterator[int] | None = None,
) -> bool:
    """Give every value that is not NULL another one of its own kind.

    Where several tables share ``numbers``, no two values of all of them are equal.
    """
    own = count() if numbers is None else numbers

    def probe(kind: str) -> _Value:
        return _unique_value(kind, next(own))

    conn.create_function("probe", 1, probe)
    assignments = ", ".join(
        f"{quote(column)} = probe(typeof({quote(column)}))" for column in columns
    )
    conn.execute(f"UPDATE {quote(table.name)} SET {assignments}")
    return True


def _unique_value(kind: str, number: int) -> _Value:
    """Return a value of that storage class that no other column or row has."""
    # Far from each other: a step may count a number up.
    unusual = _UNUSUAL + number * _STRIDE
    values: dict[str, _Value] = {
        "text": f"probe {number}",
        "blob": f"probe {number}".encode(),
        "integer": unusual,
        "real": unusual + 0.5,
    }
    return values.get(kind)


def swap_ends(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
    """Swap the smallest and the largest value of each column; False where there is one only."""
    swapped = False
    for column in columns:
        conn.execute("SAVEPOINT swap")
        try:
            swapped |= _swap(conn, quote(table.name), quote(column))
        except sqlite3.DatabaseError:
            # One column that does not take them, or cannot be read, leaves the others to try.
            conn.execute("ROLLBACK TO swap")
        conn.execute("RELEASE swap")
    return swapped


def _swap(conn: sqlite3.Connection, table: str, column: str) -> bool:
    value = f"{column} COLLATE BINARY"
    low, high = conn.execute(f"SELECT min({value}), max({value}) FROM {table}").fetchone()
    if low == high:
        return False
    others: dict[_Value, _Value] = {}
    numbers = count()

    def away(found: _Value, kind: str) -> _Value:
        passing = _unique_value(kind, next(numbers))
        others[passing] = high if found == low else low
        return passing

    def back(found: _Value) -> _Value:
        return others.get(found, found)

    # First to what no other row has, so that a UNIQUE is not in the way.
    conn.create_function("away", 2, away)
    conn.create_function("back", 1, back)
    conn.execute(
        f"UPDATE {table} SET {column} = away({column}, typeof({column}))"
        f" WHERE {value} IN (?, ?) AND typeof({column}) IN (typeof(?), typeof(?))",
        (low, high, low, high),
    )
    conn.execute(f"UPDATE {table} SET {column} = back({column})")
    return True
