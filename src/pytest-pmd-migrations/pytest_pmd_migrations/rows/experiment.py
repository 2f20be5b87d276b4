"""Confirm by experiment where a step puts values: replace them, run the step again, and look.

Equal values prove little: constants, 1..n and shared timestamps match by accident. A value that
really moves is followed by the one that stands in its place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.pair import Row, Side, read_side
from pytest_pmd_migrations.rows.tables import RowTable, quote

__all__ = ["Experiment", "try_out"]

_UNUSUAL = 7_000_003
_STRIDE = 100_003

Rerun = Callable[[sqlite3.Connection], None]
Experiment = tuple[Side, Side]
"""A changed database before the step, and what the step made of it."""


def try_out(
    before: Image,
    table: RowTable,
    columns: Sequence[str],
    rerun: Rerun,
    *,
    rows: Sequence[Row] = (),
    ignore: Sequence[str] = (),
) -> Experiment | None:
    """Replace the values of ``columns`` and run the step.

    First each by one that is like no other; where the step does not accept these, the smallest
    and the largest are swapped. Returns None when the step accepts neither. What excuses one of
    ``rows``, those of the table, excuses the changed row in its place.
    """
    for put_others in (_replace_all, _swap_ends):
        with closing(before.connect()) as conn:
            with _unchecked(conn, table):
                if not put_others(conn, table, columns):
                    continue
            changed = Image.of_connection(conn)
            try:
                rerun(conn)
            except Exception:
                continue
            old = read_side(changed, ignore=ignore)
            new = read_side(Image.of_connection(conn), ignore=ignore)
            return _excused(old, table, columns, rows), new
    return None


def _excused(side: Side, table: RowTable, columns: Sequence[str], rows: Sequence[Row]) -> Side:
    """Return the side with what excuses ``rows`` on the rows in their places."""
    firm = [column.lower() for column in table.key if column not in columns]

    def place(row: Row) -> object:
        return row.place if row.place is not None else tuple(row.values[name] for name in firm)

    excuses = {place(row): row for row in rows if row.deleted or row.changed}
    if not excuses:
        return side
    lower = table.name.lower()
    marked = tuple(
        replace(row, deleted=excuse.deleted, changed=excuse.changed)
        if (excuse := excuses.get(place(row)))
        else row
        for row in side.rows[lower]
    )
    return replace(side, rows={**side.rows, lower: marked})


@contextmanager
def _unchecked(conn: sqlite3.Connection, table: RowTable) -> Iterator[None]:
    """Let values be replaced without foreign keys, CHECKs and triggers; they are back after it."""
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("PRAGMA ignore_check_constraints = ON")
    triggers = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = ?",
        (table.name.lower(),),
    ).fetchall()
    for name, _ in triggers:
        conn.execute(f"DROP TRIGGER {quote(str(name))}")
    yield
    for _, sql in triggers:
        conn.execute(str(sql))
    conn.commit()
    conn.execute("PRAGMA ignore_check_constraints = OFF")


def _replace_all(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
    """Give every value that is not NULL another one of its own kind."""
    kinds = ", ".join(f"typeof({quote(column)})" for column in columns)
    assignments = ", ".join(f"{quote(column)} = ?" for column in columns)
    places = [quote(column) for column in _place(table)]
    where = " AND ".join(f"{place} IS ?" for place in places)
    rows = conn.execute(f"SELECT {', '.join(places)}, {kinds} FROM {quote(table.name)}").fetchall()
    try:
        for number, row in enumerate(rows):
            marks = [
                _mark(str(kind), column, number) for column, kind in enumerate(row[len(places) :])
            ]
            conn.execute(
                f"UPDATE {quote(table.name)} SET {assignments} WHERE {where}",
                (*marks, *row[: len(places)]),
            )
    except sqlite3.DatabaseError:
        return False
    return True


def _mark(kind: str, column: int, number: int) -> object:
    """Return a value of that storage class that no other column or row has."""
    unusual = _UNUSUAL + column * _STRIDE + number
    return {
        "text": f"probe {column}.{number}",
        "blob": f"probe {column}.{number}".encode(),
        "integer": unusual,
        "real": unusual + 0.5,
    }.get(kind)


def _swap_ends(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
    """Swap the smallest and the largest value of each column; False where there is one only."""
    places = [quote(column) for column in _place(table)]
    where = " AND ".join(f"{place} IS ?" for place in places)
    swapped = False
    for column in columns:
        name, whole = quote(column), quote(table.name)
        low, high = conn.execute(f"SELECT min({name}), max({name}) FROM {whole}").fetchone()
        if low == high or column in table.key:
            continue
        rows = [
            (high if row[-1] == low else low, *row[:-1])
            for row in conn.execute(f"SELECT {', '.join(places)}, {name} FROM {whole}")
            if row[-1] in (low, high)
        ]
        update = f"UPDATE {whole} SET {name} = ? WHERE {where}"
        try:
            # First to what no other row has, so that a UNIQUE is not in the way.
            for number, row in enumerate(rows):
                conn.execute(update, (f"probe {number}", *row[1:]))
            for row in rows:
                conn.execute(update, row)
        except sqlite3.DatabaseError:
            continue
        swapped = True
    return swapped


def _place(table: RowTable) -> tuple[str, ...]:
    """Return the columns that tell the rows apart."""
    return ("rowid",) if table.rowid or table.full_text else table.key
