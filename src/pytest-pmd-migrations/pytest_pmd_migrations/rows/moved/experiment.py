"""Confirm by experiment where a step puts values: replace them, run the step again, and look.

Equal values prove little: constants, 1..n and shared timestamps match by accident. A value that
really moves is followed by the one that stands in its place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.sides import Row, Side, open_sides
from pytest_pmd_migrations.rows.tables import RowTable, quote
from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["Experiment", "Rerun", "experiments"]

_UNUSUAL = 7_000_003
_STRIDE = 100_003
_MOST = 2000
"""Rows of a table that an experiment changes; it has no others meanwhile."""

Rerun: TypeAlias = Callable[[sqlite3.Connection], None]
_PutOthers: TypeAlias = Callable[[sqlite3.Connection, RowTable, Sequence[str]], bool]
_Value: TypeAlias = int | float | str | bytes | None


@dataclass(frozen=True)
class Experiment:
    """A changed database before the step, and what the step made of it.

    ``unlike`` says that no two values of it are equal, so that each that stands somewhere is
    that one and no other.
    """

    old: Side
    new: Side
    unlike: bool


def experiments(
    before: Image,
    table: RowTable,
    columns: Sequence[str],
    rerun: Rerun,
    *,
    rows: Sequence[Row] = (),
    total: int = 0,
    ignore: Sequence[str] = (),
) -> Iterator[Experiment]:
    """Replace the values of ``columns`` and run the step, in two ways; yield those it accepts.

    First each value becomes one that is like no other. Steps may refuse such values, or choose by
    the ones they know: so next the smallest and the largest are swapped. What excuses one of
    ``rows``, those of the table, excuses the changed row in its place; ``total`` counts them all.
    """
    # A part of a large table tells as much, unless the step misses the rest.
    parts = (_MOST, None) if total > _MOST and table.rowid else (None,)
    for put_others in (_replace_all, _swap_ends):
        for most in parts:
            taken = _take(before, table, columns, rerun, put_others, most)
            if taken is not None:
                with open_sides(*taken, ignore=ignore) as (old, new):
                    _excuse(old, table, columns, rows)
                    yield Experiment(old, new, unlike=put_others is _replace_all)
                break


def _take(
    before: Image,
    table: RowTable,
    columns: Sequence[str],
    rerun: Rerun,
    put_others: _PutOthers,
    most: int | None,
) -> tuple[Image, Image] | None:
    """Take the step with other values in at most so many rows; None where it is not accepted."""
    with closing(before.connect()) as conn:
        if not _prepare(conn, table, columns, put_others, most):
            return None
        changed = Image.of_connection(conn)
        try:
            rerun(conn)
        except Exception:
            # Any error of an application's step only says: not these values.
            return None
        return changed, Image.of_connection(conn)


def _excuse(side: Side, table: RowTable, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Put what excuses ``rows`` on the rows in their places."""
    replaced = {fold(column) for column in columns}
    firm = [name for name in map(fold, table.key) if name not in replaced]

    def place(row: Row) -> object:
        return row.place if row.place is not None else tuple(row.values[name] for name in firm)

    excuses = {place(row): row for row in rows if row.deleted or row.changed}
    if excuses:
        name = fold(table.name)
        marked = [
            replace(row, deleted=excuse.deleted, changed=excuse.changed)
            if (excuse := excuses.get(place(row)))
            else row
            for row in side.rows(name)
        ]
        side.put_rows(name, marked)


def _prepare(
    conn: sqlite3.Connection,
    table: RowTable,
    columns: Sequence[str],
    put_others: _PutOthers,
    most: int | None,
) -> bool:
    """Put other values in; return False where the table does not take them.

    Foreign keys and CHECKs do not judge them, now or while the step runs; triggers sleep.
    """
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("PRAGMA ignore_check_constraints = ON")
    with _asleep(conn, table):
        try:
            if most is not None:
                _reduce(conn, table, most)
            return put_others(conn, table, columns)
        except sqlite3.DatabaseError:
            return False


def _reduce(conn: sqlite3.Connection, table: RowTable, most: int) -> None:
    """Leave ``most`` rows in the table."""
    own, rowid = quote(table.name), table.rowid
    rest = f"SELECT {rowid} FROM {own} LIMIT -1 OFFSET {most}"
    conn.execute(f"DELETE FROM {own} WHERE {rowid} IN ({rest})")


@contextmanager
def _asleep(conn: sqlite3.Connection, table: RowTable) -> Iterator[None]:
    """Take the table's triggers away for a while."""
    triggers = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = ?",
        (fold(table.name),),
    ).fetchall()
    for name, _ in triggers:
        conn.execute(f"DROP TRIGGER {quote(str(name))}")
    yield
    for _, sql in triggers:
        conn.execute(str(sql))
    conn.commit()


def _replace_all(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
    """Give every value that is not NULL another one of its own kind."""
    numbers = count()

    def probe(kind: str, column: int) -> _Value:
        return _mark(kind, column, next(numbers))

    conn.create_function("probe", 2, probe)
    assignments = ", ".join(
        f"{quote(column)} = probe(typeof({quote(column)}), {n})" for n, column in enumerate(columns)
    )
    conn.execute(f"UPDATE {quote(table.name)} SET {assignments}")
    return True


def _mark(kind: str, column: int, number: int) -> _Value:
    """Return a value of that storage class that no other column or row has."""
    unusual = _UNUSUAL + column * _STRIDE + number
    marks: dict[str, _Value] = {
        "text": f"probe {column}.{number}",
        "blob": f"probe {column}.{number}".encode(),
        "integer": unusual,
        "real": unusual + 0.5,
    }
    return marks.get(kind)


def _swap_ends(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
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
        mark = _mark(kind, 0, next(numbers))
        others[mark] = high if found == low else low
        return mark

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
