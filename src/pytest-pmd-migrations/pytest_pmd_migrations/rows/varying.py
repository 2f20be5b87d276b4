"""Find the columns whose values differ between two runs of the same step."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.digests import digest_columns, steady_columns
from pytest_pmd_migrations.rows.matching.exact_rows import exact_rows, select_rows
from pytest_pmd_migrations.rows.substitute_names import (
    nameable,
    with_substitutes,
    without_substitutes,
)
from pytest_pmd_migrations.rows.tables import RowTable, list_tables

__all__ = [
    "NOTHING_VARIES",
    "VaryingRows",
    "find_varying",
    "tables_with_new_values",
    "volatile_setting",
]


class VaryingRows(NamedTuple):
    """What two runs of one step made differently.

    ``columns`` are names such as ``"notes.token"``, whose values differ; ``tables`` have other
    numbers of rows, which no choice of columns explains.
    """

    columns: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns or self.tables)

    def joined(self, other: VaryingRows) -> VaryingRows:
        """Return what varies here or there."""
        return VaryingRows(
            tuple(dict.fromkeys((*self.columns, *other.columns))),
            tuple(dict.fromkeys((*self.tables, *other.tables))),
        )

    @property
    def globs(self) -> tuple[str, ...]:
        """The columns as ``migration_volatile`` takes them."""
        return tuple(re.sub(r"[*?[]", r"[\g<0>]", column) for column in self.columns)


def volatile_setting(globs: Iterable[str]) -> str:
    """Return the line of settings that takes the columns of ``globs`` out of all comparisons."""
    return f"migration_volatile = {json.dumps(list(dict.fromkeys(globs)))}"


NOTHING_VARIES = VaryingRows()
"""What two runs make that end alike."""


def find_varying(
    first: sqlite3.Connection,
    second: sqlite3.Connection,
    *,
    only: Collection[str] | None = None,
    volatile: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> VaryingRows:
    """Return what differs between two databases with one schema, or between tables of ``only``.

    Tables that ``ignore`` (globs) names are left out, and columns that ``volatile`` names.
    """
    with nameable(first) as one, nameable(second) as other:
        given = with_substitutes((None if only is None else frozenset(only), tuple(volatile)))
        return without_substitutes(_find_varying(one, other, *given, ignore))


def _find_varying(
    first: sqlite3.Connection,
    second: sqlite3.Connection,
    only: Collection[str] | None,
    volatile: Sequence[str],
    ignore: Sequence[str],
) -> VaryingRows:
    columns: list[str] = []
    tables: list[str] = []
    there = list_tables(second, ignore=ignore, only=only)
    for name, table in list_tables(first, ignore=ignore, only=only).items():
        if name not in there:
            continue
        steady = steady_columns(table, volatile)
        if _same(first, second, table, steady):
            continue
        if _count(first, table) != _count(second, table):
            tables.append(table.name)
        else:
            found = _varying_columns(first, second, table, steady)
            columns.extend(f"{table.name}.{column}" for column in found)
    return VaryingRows(tuple(columns), tuple(tables))


def tables_with_new_values(
    conn: sqlite3.Connection, known: Sequence[sqlite3.Connection], columns: Collection[str]
) -> list[str]:
    """Return the tables that hold a value, in one of ``columns``, that no ``known`` one has there.

    ``columns`` are names such as ``"notes.token"``; the databases have one schema.
    """
    if not columns:
        return []
    with ExitStack() as copies:
        shown = copies.enter_context(nameable(conn))
        others = [copies.enter_context(nameable(one)) for one in known]
        named = with_substitutes(tuple(columns))
        return [
            without_substitutes(table.name)
            for table in list_tables(shown).values()
            for column in steady_columns(table, ())
            if f"{table.name}.{column}" in named
            and _column_values(shown, table, column)
            - set().union(*(_column_values(other, table, column) for other in others))
        ]


def _column_values(conn: sqlite3.Connection, table: RowTable, column: str) -> set[object]:
    return set(exact_rows(conn, select_rows(table._replace(rowid=""), [column])))


def _varying_columns(
    first: sqlite3.Connection,
    second: sqlite3.Connection,
    table: RowTable,
    columns: Sequence[str],
) -> list[str]:
    """Return as few columns as there are without which the rows are the same."""
    found = [column for column in columns if not _same(first, second, table, [column])]
    rest = [column for column in columns if column not in found]
    if _same(first, second, table, rest):
        return found
    # Equal values that stand in other rows: a shuffled column.
    for column in (column for column in rest if column not in table.key):
        if _same(first, second, table, [other for other in rest if other != column]):
            return sorted([*found, column])
    return sorted([*found, *(column for column in rest if column not in table.key)])


def _same(
    first: sqlite3.Connection,
    second: sqlite3.Connection,
    table: RowTable,
    columns: Sequence[str],
) -> bool:
    return digest_columns(first, table, columns) == digest_columns(second, table, columns)


def _count(conn: sqlite3.Connection, table: RowTable) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {quote(table.name)}").fetchone()[0])
