"""Tell whether a table was filled from another one."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import plain_rows

__all__ = ["has_rows_of"]


def has_rows_of(conn: sqlite3.Connection, table: str, source: str) -> bool:
    """Return whether every row of ``source``, which has some, is in ``table`` as well.

    Rows are the same by their primary key, where both tables have as many rows; else by all
    columns that both have. False when in doubt. ``conn`` is read only.
    """
    with plain_rows(conn):
        try:
            columns, key = _columns(conn, source), _columns(conn, source, key=True)
            known = {fold(name) for name in _columns(conn, table)}
            shared = [name for name in columns if fold(name) in known]
            count, other = _count(conn, source), _count(conn, table)
            if not count or not shared:
                return False
            has_key = bool(key) and known.issuperset(map(fold, key))
            return _contains(conn, table, source, shared) or (
                has_key and count == other and _contains(conn, table, source, key)
            )
        except (sqlite3.Error, UnicodeEncodeError):
            # A collation of the application's own, or a table that no SELECT can name.
            return False


def _columns(conn: sqlite3.Connection, table: str, *, key: bool = False) -> list[str]:
    rows = conn.execute(f"PRAGMA main.table_info({quote(table)})").fetchall()
    return [str(row[1]) for row in rows if row[5] or not key]


def _count(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM main.{quote(table)}").fetchone()[0])


def _contains(conn: sqlite3.Connection, table: str, source: str, columns: list[str]) -> bool:
    names = ", ".join(map(quote, columns))
    missing = (
        f"SELECT {names} FROM main.{quote(source)} EXCEPT SELECT {names} FROM main.{quote(table)}"
    )
    return conn.execute(f"SELECT 1 FROM ({missing}) LIMIT 1").fetchone() is None
