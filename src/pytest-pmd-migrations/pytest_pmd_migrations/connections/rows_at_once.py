"""Tell how many rows may be in memory at once: many small ones, or one with large values.

Thousands of rows are read at once in half the time that one by one takes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pytest_pmd_migrations.connections.quoting import quote

__all__ = ["rows_at_once"]

_BYTES = 256 * 1024
_MOST = 1000
_OF_A_VALUE = 8
_MOST_COLUMNS = 100
"""The columns that one query asks about: SQLite takes 2,000 results, where it is built as usual."""


def rows_at_once(conn: sqlite3.Connection, table: str, columns: Sequence[str]) -> int:
    """Return how many rows of these columns, as they are stored, take no more than 256 KB.

    It is 1 where a single row may take more than half of that.
    """
    cursor = conn.cursor()
    cursor.row_factory = None
    (pages,) = cursor.execute("PRAGMA main.page_count").fetchone()
    (page_size,) = cursor.execute("PRAGMA main.page_size").fetchone()
    if not columns or pages * page_size <= _BYTES:
        return _MOST
    longest = 0
    for start in range(0, len(columns), _MOST_COLUMNS):
        some = columns[start : start + _MOST_COLUMNS]
        # An application may have functions of these names, which return anything.
        lengths = ", ".join(f"CAST(max(length({quote(column)})) AS INTEGER)" for column in some)
        row = cursor.execute(f"SELECT {lengths} FROM main.{quote(table)}").fetchone()
        longest = max(longest, *(length or 0 for length in row))
    return min(max(_BYTES // ((longest + _OF_A_VALUE) * len(columns)), 1), _MOST)
