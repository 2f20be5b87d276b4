"""Count the rows that point at nothing: what foreign_key_check finds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.suggested_declaration import excuse
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.stored_rows import (
    as_bytes,
    decoded_rows,
    plain_rows,
    plain_texts,
)

__all__ = ["Strays", "count_strays", "find_strays", "stray_findings"]

_MISMATCH = "foreign key mismatch"
_OF_TABLE = "SELECT * FROM pragma_foreign_key_check(CAST(? AS TEXT), 'main')"


@dataclass(frozen=True)
class Strays:
    """The rows of a database that point at nothing, counted by table and parent.

    ``tables`` are the names of its tables; ``problem`` says why keys cannot be checked, if so.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    tables: frozenset[str] = frozenset()
    problem: str = ""

    def since(self, before: Strays) -> Counter[tuple[str, str]]:
        """Return those that the database ``before`` did not have.

        A table that was renamed keeps what was wrong with it under its new name.
        """
        gone = (before.counts - self.counts).items()
        spare = sum(count for pair, count in gone if not self.tables.issuperset(pair))
        found = Counter[tuple[str, str]]()
        for pair, count in sorted((self.counts - before.counts).items()):
            taken = 0 if before.tables.issuperset(pair) else min(spare, count)
            spare -= taken
            found[pair] = count - taken
        return +found


def find_strays(conn: sqlite3.Connection) -> Strays:
    """Return what foreign_key_check finds; ``conn`` is read only.

    Keys that name no table, or no unique key of it, are left out: they are a fault of the schema,
    which the check ``schema`` tells, and their rows can be right.
    """
    with plain_texts(conn):
        rows = decoded_rows(conn, "SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = frozenset(str(name) for (name,) in rows)
        try:
            found = _violations(conn, tables)
        except sqlite3.DatabaseError as error:
            return Strays(tables=tables, problem=str(error))
    return Strays(_counted(found, tables), tables)


def count_strays(
    conn: sqlite3.Connection, tables: frozenset[str], children: Sequence[str]
) -> Counter[tuple[str, str]]:
    """Return the rows of ``children`` that point at nothing, of a database with these tables."""
    with plain_rows(conn):
        rows = [row for child in children for row in _violations_of(conn, child)]
    return _counted([(str(row[0]), str(row[2])) for row in rows], tables)


def _counted(found: Sequence[tuple[str, str]], tables: frozenset[str]) -> Counter[tuple[str, str]]:
    there = {fold(name) for name in tables}
    return Counter((child, parent) for child, parent in found if fold(parent) in there)


def _violations(conn: sqlite3.Connection, tables: frozenset[str]) -> list[tuple[str, str]]:
    """Return the table and the parent of each row that points at nothing."""
    try:
        rows = conn.execute("PRAGMA main.foreign_key_check").fetchall()
    except sqlite3.OperationalError as error:
        if _MISMATCH not in str(error):
            raise
        # One key that cannot be checked must not hide what is wrong with those of other tables.
        rows = [row for table in sorted(tables) for row in _violations_of(conn, table)]
    return [(str(row[0]), str(row[2])) for row in rows]


def _violations_of(conn: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    try:
        return conn.execute(_OF_TABLE, (as_bytes(table),)).fetchall()
    except sqlite3.OperationalError as error:
        if _MISMATCH not in str(error):
            raise
        return []


def stray_findings(counts: Counter[tuple[str, str]]) -> Iterator[RowFinding]:
    """Yield a finding for each table and parent."""
    for (table, parent), count in sorted(counts.items()):
        noun = "row points" if count == 1 else "rows point"
        message = f"{count} {noun} from {table} at nothing in {parent}"
        allowed_by = excuse("ORPHANS", table, found=message)
        yield RowFinding(table, None, message, (), allowed_by, kind=f"strays of {parent}")
