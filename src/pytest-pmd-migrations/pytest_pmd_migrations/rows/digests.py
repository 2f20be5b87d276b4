"""Digests of rows: equal for the same rows, whatever their order and place in the file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from pytest_pmd_migrations.rows.tables import RowTable, exact_rows, list_tables, quote

__all__ = ["combine_digests", "count_rows", "digest_tables", "rows_sql"]

_MODULUS = 2**256


def digest_tables(
    conn: sqlite3.Connection,
    tables: Collection[str] | None = None,
    *,
    volatile: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> dict[str, str]:
    """Return a digest of all rows for each table, or for those of ``tables`` that exist.

    Exact in type and value; the order of rows and of columns, and rowids that no column shows,
    make no difference. ``volatile`` are globs on "table.column" to leave out,
    ``ignore`` globs on tables.
    """
    wanted = None if tables is None else {name.lower() for name in tables}
    return {
        table.name: _digest(conn, table, volatile)
        for lower, table in list_tables(conn, ignore=ignore).items()
        if wanted is None or lower in wanted
    }


def count_rows(conn: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        table.name: len(exact_rows(conn, rows_sql(table, table.columns[:1])))
        for table in list_tables(conn).values()
    }


def combine_digests(digests: Mapping[str, str]) -> str:
    """Return one digest over those of several tables."""
    return _hashed(repr(sorted(digests.items())).encode())


def rows_sql(table: RowTable, columns: Sequence[str], *, schema: str = "main") -> str:
    """Return the SELECT that reads a table's rows, by rowid first where FTS keeps it."""
    if table.contentless:
        return f"SELECT id FROM {schema}.{quote(table.name + '_docsize')}"
    names = [f"{quote(table.name)}.{quote(column)}" for column in columns]
    if table.full_text:
        names.insert(0, "rowid")
    return f"SELECT {', '.join(names) or 'NULL'} FROM {schema}.{quote(table.name)}"


def _digest(conn: sqlite3.Connection, table: RowTable, volatile: Sequence[str]) -> str:
    columns = sorted(
        column
        for column in (*table.columns, *table.generated)
        if not any(
            fnmatchcase(f"{table.name}.{column}".lower(), pattern.lower()) for pattern in volatile
        )
    )
    rows = exact_rows(conn, rows_sql(table, columns))
    hashes = (hashlib.sha256(repr(row).encode()).digest() for row in rows)
    total = sum(int.from_bytes(found, "big") for found in hashes) % _MODULUS
    return _hashed(repr((columns, len(rows), total)).encode())


def _hashed(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
