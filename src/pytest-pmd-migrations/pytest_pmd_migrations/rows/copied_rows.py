"""Tell whether a table, or one column of it, was filled from another one."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.matching.exact_rows import exact_rows
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.stored_rows import plain_rows
from pytest_pmd_migrations.schema.values import TableColumn

__all__ = ["has_rows_of", "has_values_of"]

_ENOUGH = 2
"""How many values must differ in a column: equal ones, or none, may be so by chance."""


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


def has_values_of(
    old: sqlite3.Connection,
    new: sqlite3.Connection,
    column: TableColumn,
    source: TableColumn,
) -> bool:
    """Return whether a column of ``new`` has in each row the value of a column of ``old``.

    Rows are the same by their primary key, where both tables
    have one of the same names. False when in doubt, and where fewer than two values differ.
    """
    with plain_rows(old), plain_rows(new):
        try:
            keys = [
                _columns(conn, one[0], key=True) for conn, one in ((old, source), (new, column))
            ]
            names = [sorted(map(fold, key)) for key in keys]
            key = names[0] if names[0] == names[1] else []
            was, now = _values(old, source, key), _values(new, column, key)
        except sqlite3.Error:
            # A collation of the application's own, or a text that no SELECT can name.
            return False
    return was == now and len({row[-1] for row in was} - {None}) >= _ENOUGH


def _values(
    conn: sqlite3.Connection, column: TableColumn, key: Sequence[str]
) -> Counter[tuple[object, ...]]:
    table, name = column
    names = ", ".join(map(quote, (*key, name)))
    return Counter(exact_rows(conn, f"SELECT {names} FROM main.{quote(table)}"))


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
