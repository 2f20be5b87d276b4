"""Read rows with values of many megabytes without several copies of each in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.tables import RowTable

__all__ = ["has_large_values", "row_text"]

_LARGE = 64 * 1024


def has_large_values(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
    """Return whether a value of these columns is large; a small database has none."""
    cursor = conn.cursor()
    cursor.row_factory = None
    (pages,) = cursor.execute("PRAGMA main.page_count").fetchone()
    (page_size,) = cursor.execute("PRAGMA main.page_size").fetchone()
    if not columns or pages * page_size <= MEMORY_LIMIT:
        return False
    large = " OR ".join(f"length({quote(column)}) > {_LARGE}" for column in columns)
    sql = f"SELECT EXISTS (SELECT 1 FROM main.{quote(table.name)} WHERE {large})"
    return bool(cursor.execute(sql).fetchone()[0])


def row_text(row: Sequence[Value], *, size: int = _LARGE) -> Iterator[str]:
    """Yield ``repr`` of a row, a tuple of exact values, with ``size`` bytes of a value at once."""
    before = "("
    for value in row:
        yield before
        before = ", "
        if isinstance(value, tuple) and isinstance(value[1], bytes):
            yield f"({value[0]!r}, "
            yield from _bytes_text(value[1], size)
            yield ")"
        elif isinstance(value, bytes):
            yield from _bytes_text(value, size)
        else:
            yield repr(value)
    yield ",)" if len(row) == 1 else ")"


def _bytes_text(value: bytes, size: int) -> Iterator[str]:
    """Yield ``repr`` of bytes: in double quotes where they have single ones alone."""
    quotes, other = ('"', b"'") if b"'" in value and b'"' not in value else ("'", b'"')
    yield f"b{quotes}"
    for start in range(0, len(value), size):
        # With the other kind of quotes at its end, each piece is written as the whole would be.
        yield repr(value[start : start + size] + other)[2:-2]
    yield quotes
