"""Take a step again on other values, to see where it puts them.

Equal values prove little: constants, 1..n and shared timestamps match by accident. A value that
really moves is followed by the value that replaced it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import NamedTuple, TypeAlias

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.matching.sides import Row, Side, open_sides
from pytest_pmd_migrations.rows.moved.other_values import replace_all, swap_ends
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = [
    "MOST_ROWS",
    "Experiment",
    "PutOthers",
    "Rerun",
    "allow_as_before",
    "experiments",
    "take_with",
]

MOST_ROWS = 2000
"""Rows of a table that an experiment changes; it has no others meanwhile."""

Rerun: TypeAlias = Callable[[sqlite3.Connection], None]
PutOthers: TypeAlias = Callable[[sqlite3.Connection, RowTable, Sequence[str]], bool]


class Experiment(NamedTuple):
    """A changed database before the step, and what the step made of it.

    ``unlike`` says that no two values of it are equal, so that each one found after the
    step is that one and no other.
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
    the ones they know: so next the smallest and the largest are swapped. A loss
    or change that is allowed to one of ``rows``, those of the table, is allowed to the row with
    other values too; ``total`` counts them all.
    """
    # A part of a large table tells as much, unless the step misses the rest.
    parts = (MOST_ROWS, None) if total > MOST_ROWS and table.rowid else (None,)
    for put_others in (replace_all, swap_ends):
        for most in parts:
            taken = take_with(before, [(table, columns)], rerun, put_others, most)
            if taken is not None:
                with open_sides(*taken, ignore=ignore) as (old, new):
                    allow_as_before(old, table, columns, rows)
                    yield Experiment(old, new, unlike=put_others is replace_all)
                break


def take_with(
    before: Image,
    replaced: Sequence[tuple[RowTable, Sequence[str]]],
    rerun: Rerun,
    put_others: PutOthers,
    most: int | None = None,
) -> tuple[Image, Image] | None:
    """Take the step with other values in these columns, of at most so many rows of each table.

    Return the databases before and after it, or None where it is not accepted.
    """
    with closing(before.connect()) as conn:
        if not all(_prepare(conn, *one, put_others, most) for one in replaced):
            return None
        changed = Image.of_connection(conn)
        try:
            rerun(conn)
        except Exception:
            # Any error of an application's step only says: not these values.
            return None
        return changed, Image.of_connection(conn)


def allow_as_before(
    side: Side, table: RowTable, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Allow the changed rows what is allowed to ``rows`` of the same rowid or key."""
    replaced = {fold(column) for column in columns}
    kept = [name for name in map(fold, table.key) if name not in replaced]

    def identity(row: Row) -> object:
        return row.rowid if row.rowid is not None else tuple(row.values[name] for name in kept)

    allowed = {identity(row): row for row in rows if row.deleted or row.changed}
    if allowed:
        name = fold(table.name)
        marked = [
            row._replace(deleted=original.deleted, changed=original.changed)
            if (original := allowed.get(identity(row)))
            else row
            for row in side.rows(name)
        ]
        side.put_rows(name, marked)


def _prepare(
    conn: sqlite3.Connection,
    table: RowTable,
    columns: Sequence[str],
    put_others: PutOthers,
    most: int | None,
) -> bool:
    """Put other values in; return False where the table does not take them.

    Foreign keys and CHECKs do not judge them, now or while the step runs; triggers do not fire.
    """
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("PRAGMA ignore_check_constraints = ON")
    with _without_triggers(conn, table):
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
def _without_triggers(conn: sqlite3.Connection, table: RowTable) -> Iterator[None]:
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
