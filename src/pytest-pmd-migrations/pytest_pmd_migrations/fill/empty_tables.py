"""Fill the empty tables of a database, parents before children."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.foreign_key_circles import close_circle, find_circles
from pytest_pmd_migrations.fill.full_text import (
    copy_into_contentless,
    indexes_in_step,
    rebuild,
)
from pytest_pmd_migrations.fill.new_columns import ColumnsBefore, new_columns, vary_new_columns
from pytest_pmd_migrations.fill.requirements import Requirements, RequirementsReader
from pytest_pmd_migrations.fill.row_search import RowSearch
from pytest_pmd_migrations.fill.unfilled_columns import UnfilledColumns, give_values
from pytest_pmd_migrations.fill.used_up_parents import RowInserter
from pytest_pmd_migrations.rows.tables import RowTable, list_tables
from pytest_pmd_migrations.rows.unread_tables import unread_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["Filled", "fill_empty_tables"]

_TAKEN_OUT = "row out again"


@dataclass(frozen=True)
class Filled:
    """How many rows each table got, and why those that stayed empty did.

    ``unread`` names virtual tables whose rows nobody can read, with the reason: nothing was put
    there. ``alike`` names new columns that have one value in all rows, with the reason. ``single``
    names tables that got one row, and why they took no other, unless they are made for one;
    ``null`` those of which columns are NULL in every row.
    """

    rows: Mapping[str, int]
    failed: Mapping[str, str]
    unread: Mapping[str, str] = field(default_factory=dict)
    alike: Mapping[str, str] = field(default_factory=dict)
    single: Mapping[str, str] = field(default_factory=dict)
    null: Mapping[str, UnfilledColumns] = field(default_factory=dict)


def fill_empty_tables(
    conn: sqlite3.Connection,
    *,
    ignore: Sequence[str] = (),
    seed: int = 0,
    rows: int = 5,
    before: ColumnsBefore | None = None,
) -> Filled:
    """Insert about ``rows`` generated rows into every empty table, and commit.

    NOT NULL, UNIQUE, CHECK, foreign keys, STRICT types and triggers are honoured: every row goes
    in by a plain INSERT with foreign keys on. The same schema and seed always give the same rows.
    They are sparse: the last row of a parent has no children, each column that may be NULL is so
    in some row. Full-text tables that keep their own text are filled last, where no trigger has
    filled them; indexes of other tables' text are kept in step with it.
    Tables that ``ignore`` (globs) names are left alone. A table that takes no row stays empty and
    is named in ``failed`` with SQLite's reason. Where ``before`` says which columns the tables had,
    those with a new column that has one value in all rows get another row; ``alike`` says of which
    columns that cannot be. ``conn`` must have no open transaction.
    """
    with _plain(conn):
        tables = list_tables(conn, ignore=ignore)
        in_step = indexes_in_step(conn)
        reader = RequirementsReader(conn)
        empty = [table for table in _parents_first(tables) if not _count(conn, table)]
        reasons = _fill_all(conn, reader, empty, seed=seed, rows=rows)
        added, alike, null = _vary(conn, reader, tables, before or {}, empty, seed=seed)
        single = _single(conn, reader, empty, reasons) if rows > 1 else {}
        contentless = [table for table in tables.values() if table.contentless]
        empty.extend(table for table in contentless if not _count(conn, table))
        copy_into_contentless(conn, tables)
        counts = {table.name: _count(conn, table) for table in empty}
        unfit = rebuild(conn, in_step)
        unread = unread_tables(conn, ignore=ignore)
    got = {name: count for name, count in {**counts, **added}.items() if count}
    none = {name: reasons[name] for name, count in counts.items() if not count and name in reasons}
    failed = {**none, **unfit}
    unread = {name: why for name, why in unread.items() if name not in failed}
    return Filled(got, failed, unread, alike, single, null)


def _fill_all(
    conn: sqlite3.Connection,
    reader: RequirementsReader,
    empty: Sequence[RowTable],
    *,
    seed: int,
    rows: int,
) -> dict[str, str]:
    """Insert rows into empty tables, then into circles of them; return why each stays empty."""
    reasons = {table.name: _fill(conn, reader, table, seed=seed, rows=rows) for table in empty}
    stuck = [table for table in empty if not _count(conn, table)]
    for circle in find_circles(stuck):
        reasons |= _fill_circle(conn, reader, circle, seed=seed, rows=rows)
    # A refused row may have waited for a circle, or for a later table's trigger.
    for table in stuck:
        if not _count(conn, table):
            reasons[table.name] = _fill(conn, reader, table, seed=seed, rows=rows)
    return reasons


def _single(
    conn: sqlite3.Connection,
    reader: RequirementsReader,
    empty: Sequence[RowTable],
    reasons: Mapping[str, str],
) -> dict[str, str]:
    """Return why tables took one row and no other, but those that are made for one row."""
    single: dict[str, str] = {}
    for table in empty:
        reason = reasons.get(table.name, "")
        has_one = reason and _count(conn, table) == 1
        if has_one and not reader.read(table).allows_one_row(table.key):
            single[table.name] = reason.replace(f"every {_TAKEN_OUT}", f"every other {_TAKEN_OUT}")
    return single


def _vary(
    conn: sqlite3.Connection,
    reader: RequirementsReader,
    tables: Mapping[str, RowTable],
    before: ColumnsBefore,
    empty: Collection[RowTable],
    *,
    seed: int,
) -> tuple[dict[str, int], dict[str, str], dict[str, UnfilledColumns]]:
    """Let columns have values, and new ones more than one.

    Returns the rows added where there were some before, which new columns stay alike, and which
    columns have no value at all.
    """
    added: dict[str, int] = {}
    alike: dict[str, str] = {}
    null: dict[str, UnfilledColumns] = {}

    inserter = RowInserter(conn, tables, reader.read, seed=seed)
    for table in _parents_first(tables):
        is_new = table in empty
        if table.full_text or not (is_new or fold(table.name) in before):
            continue
        count = _count(conn, table)
        new = new_columns(table, before)
        same = {} if is_new else vary_new_columns(conn, table, new, inserter.insert)
        unfilled = give_values(conn, table, reader.read, seed=seed, only=None if is_new else new)
        if unfilled is not None:
            null[table.name] = unfilled
        told = [f"{table.name}.{column}" for column in (unfilled.columns if unfilled else ())]
        alike |= {column: reason for column, reason in same.items() if column not in told}
        if not is_new:
            added[table.name] = _count(conn, table) - count
    # Parents were counted before their children.
    for name, count in inserter.parents.items():
        added[name] = added.get(name, 0) + count
    return added, alike, null


@contextmanager
def _plain(conn: sqlite3.Connection) -> Iterator[None]:
    """Let ``conn`` enforce foreign keys and return plain rows for a while."""
    factories = conn.row_factory, conn.text_factory
    enforced = conn.execute("PRAGMA foreign_keys").fetchone()
    conn.row_factory, conn.text_factory = None, _text
    conn.execute("PRAGMA foreign_keys = ON")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA foreign_keys = {enforced[0]}")
        conn.row_factory, conn.text_factory = factories


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def _fill(
    conn: sqlite3.Connection, reader: RequirementsReader, table: RowTable, *, seed: int, rows: int
) -> str:
    """Insert up to ``rows`` rows where there is none; return why a table stays empty."""
    if _count(conn, table):
        return ""
    try:
        requirements = reader.read(table)
    except sqlite3.DatabaseError as error:
        return str(error)
    reason = _insert_rows(conn, requirements, range(rows), seed=seed)
    return reason or f"its triggers take every {_TAKEN_OUT}"


def _insert_rows(
    conn: sqlite3.Connection, requirements: Requirements, numbers: range, *, seed: int
) -> str:
    """Insert these rows; return why one was refused: the ones after it would be too."""
    search = RowSearch(conn, requirements, seed=str(seed))
    reason = next(filter(None, map(search.insert, numbers)), "")
    if not reason:
        search.insert_nulls()
    return reason


def _fill_circle(
    conn: sqlite3.Connection,
    reader: RequirementsReader,
    circle: Sequence[RowTable],
    *,
    seed: int,
    rows: int,
) -> dict[str, str]:
    """Insert rows into tables that refer to each other; return why each of them took no more."""
    requirements = [reader.read(table) for table in circle]
    if close_circle(conn, requirements, seed=str(seed)):
        return {}
    return {one.table: _insert_rows(conn, one, range(1, rows), seed=seed) for one in requirements}


def _count(conn: sqlite3.Connection, table: RowTable) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {quote(table.name)}").fetchone()[0])


def _parents_first(tables: Mapping[str, RowTable]) -> list[RowTable]:
    """Return ordinary tables, each after those it refers to, then full-text tables."""
    names = [name for name, table in sorted(tables.items()) if not table.full_text]
    full_text = [t for t in tables.values() if t.full_text and not t.contentless]
    return [
        *(tables[name] for name in _in_rounds(names, tables)),
        *sorted(full_text, key=lambda table: table.name),
    ]


def _in_rounds(names: Sequence[str], tables: Mapping[str, RowTable]) -> Iterator[str]:
    """Yield the names round by round: in each those whose parents came in rounds before."""
    waiting = {name: number for number, name in enumerate(names)}
    missing: dict[str, int] = {}
    children: dict[str, list[str]] = {}
    for name in names:
        parents = {fold(key.parent) for key in tables[name].foreign_keys} & waiting.keys() - {name}
        missing[name] = len(parents)
        for parent in parents:
            children.setdefault(parent, []).append(name)
    ready = [name for name in names if not missing[name]]
    first = (name for name in names if name in waiting)
    while waiting:
        # Where tables refer to each other in a circle, one of them begins: with NULL, if it may.
        numbers = {name: waiting.pop(name) for name in ready or [next(first)]}
        yield from numbers
        came: dict[str, int] = {}
        for child in (child for name in numbers for child in children.get(name, ())):
            missing[child] -= 1
            if not missing[child] and child in waiting:
                came[child] = waiting[child]
        ready = sorted(came, key=came.__getitem__)
