"""Digest the rows of tables: equal rows give equal digests, whatever their order in the file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.connections.rows_at_once import rows_at_once
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.rows.exact_texts import exact_texts
from pytest_pmd_migrations.rows.large_values import row_text
from pytest_pmd_migrations.rows.matching.exact_rows import Value, exact_rows, select_rows
from pytest_pmd_migrations.rows.ordinary_schema import Objects, are_named
from pytest_pmd_migrations.rows.substitute_names import (
    can_name_all,
    nameable,
    with_substitutes,
    without_substitutes,
)
from pytest_pmd_migrations.rows.tables import RowTable, list_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = [
    "all_named",
    "count_rows",
    "digest_columns",
    "digest_tables",
    "steady_columns",
    "tables_of_other_size",
]

_MODULUS = 2**256
_KNOWN: dict[tuple[object, ...], str] = {}
"""The digests that this process has computed, by what the tables hold, and by the settings."""

_OF_SQLITE = "sqlite_"


def digest_tables(
    conn: sqlite3.Connection,
    tables: Collection[str] | None = None,
    *,
    volatile: Sequence[str] = (),
    ignore: Sequence[str] = (),
    layout: Layout | None = None,
) -> dict[str, str]:
    """Return a digest of all rows for each table, or for those of ``tables`` that exist.

    Exact in type and value; the order of rows and of columns, and rowids that no column shows,
    make no difference. ``volatile`` are globs on "table.column" to leave out,
    ``ignore`` globs on tables. With the database's ``layout`` no table is read that was read
    before.
    """
    digests = _digest_listed(conn, tables, volatile, ignore, layout)
    if all_named(conn, layout):
        return digests
    with nameable(conn) as shown:
        only = None if tables is None else with_substitutes(tuple(tables))
        found = _digest_listed(shown, only, with_substitutes(tuple(volatile)), ignore, None)
    # What can be read without a substitute has the digest that it always had.
    return {**without_substitutes(found), **digests}


def all_named(conn: sqlite3.Connection, layout: Layout | None) -> bool:
    """Return whether Python can name all that a database has, whose ``layout`` may be known."""
    return can_name_all(conn) if layout is None else are_named(layout.objects)


def _digest_listed(
    conn: sqlite3.Connection,
    tables: Collection[str] | None,
    volatile: Sequence[str],
    ignore: Sequence[str],
    layout: Layout | None,
) -> dict[str, str]:
    settings = tuple(volatile), tuple(ignore)
    holdings = layout.holdings if layout is not None else {}
    names = holdings if tables is None else tables
    keys = {name: (name, settings, *holdings[name]) for name in names if name in holdings}
    known = {name: _KNOWN[key] for name, key in keys.items() if key in _KNOWN}
    if layout is not None:
        # Else SQLite would be asked about tables that are gone, and about its own.
        tables = [n for n in keys if n not in known and not n.startswith(_OF_SQLITE)]
    objects = layout.objects if layout is not None else None
    for table in list_tables(conn, ignore=ignore, only=tables, objects=objects).values():
        digest = digest_columns(conn, table, steady_columns(table, volatile))
        known[table.name] = digest
        # What a generated column shows is not in the file.
        if table.name in keys and not (table.generated or table.module):
            _KNOWN[keys[table.name]] = digest
    return known


def count_rows(conn: sqlite3.Connection, *, ignore: Sequence[str] = ()) -> dict[str, int]:
    """Return how many rows each table has that no glob of ``ignore`` names."""
    return {table.name: _count(conn, table) for table in list_tables(conn, ignore=ignore).values()}


def tables_of_other_size(
    first: sqlite3.Connection,
    second: sqlite3.Connection,
    tables: Collection[str],
    ignore: Sequence[str] = (),
    *,
    objects: tuple[Objects | None, Objects | None] = (None, None),
) -> set[str]:
    """Return those of ``tables`` that surely have another number of rows in ``second``.

    Of a virtual table that is not asked, nor of one whose rows are computed as they are read.
    ``objects`` are those of both schemas, where they are known.
    """
    then, now = (
        list_tables(conn, ignore=ignore, only=tables, objects=known)
        for conn, known in zip((first, second), objects, strict=True)
    )
    return {
        table.name
        for name, table in then.items()
        if (other := now.get(name)) is not None
        and table.name == other.name
        and not (table.module or other.module or table.generated or other.generated)
        and _count(first, table) != _count(second, table)
    }


def _count(conn: sqlite3.Connection, table: RowTable) -> int:
    return int(conn.execute(f"SELECT count(*) FROM main.{quote(table.name)}").fetchone()[0])


def steady_columns(table: RowTable, volatile: Sequence[str]) -> list[str]:
    """Return the columns of a table that no glob of ``volatile`` names, sorted."""
    return sorted(
        column
        for column in (*table.columns, *table.generated)
        if not any(
            fnmatchcase(fold(f"{table.name}.{column}"), fold(pattern)) for pattern in volatile
        )
    )


def digest_columns(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> str:
    """Return a digest of what these columns of a table hold in all rows."""
    # Only FTS knows its rows by their rowids; elsewhere a rebuild may number them anew.
    sql = select_rows(table if table.full_text else table._replace(rowid=""), columns)
    count = total = 0
    for numbers in _row_numbers(conn, sql, at_once=rows_at_once(conn, table.name, columns)):
        count += len(numbers)
        total += sum(numbers)
    return _hashed(repr((columns, count, total % _MODULUS)).encode())


def _row_numbers(conn: sqlite3.Connection, sql: str, *, at_once: int) -> Iterator[list[int]]:
    """Yield the digests of the rows of a query, as numbers."""
    if at_once == 1:
        for row in exact_rows(conn, sql):
            yield [int.from_bytes(_digest_large_row(row), "big")]
    else:
        for texts in exact_texts(conn, sql, at_once=at_once):
            yield [int.from_bytes(hashlib.sha256(text).digest(), "big") for text in texts]


def _digest_large_row(row: tuple[Value, ...]) -> bytes:
    """Return the digest of a row; of a value of 20 MB, four times as much is never written."""
    found = hashlib.sha256()
    for part in row_text(row):
        found.update(part.encode())
    return found.digest()


def _hashed(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
