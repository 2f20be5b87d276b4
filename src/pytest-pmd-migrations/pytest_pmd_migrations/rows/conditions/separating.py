"""Find the conditions that hold for exactly the rows that a step lost or changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.conditions.of_assignments import find_assignments
from pytest_pmd_migrations.rows.conditions.of_changes import (
    constant_conditions,
    copying_conditions,
    explaining_conditions,
    limiting_conditions,
    nulled_conditions,
)
from pytest_pmd_migrations.rows.conditions.of_columns import (
    list_conditions,
    name_conditions,
    pair_conditions,
    plain_conditions,
    range_conditions,
    shape_conditions,
    shared_conditions,
)
from pytest_pmd_migrations.rows.conditions.of_statements import (
    calls_functions,
    written_conditions,
)
from pytest_pmd_migrations.rows.conditions.of_tables import (
    child_conditions,
    duplicate_conditions,
    list_references,
    parent_conditions,
    same_name_conditions,
)
from pytest_pmd_migrations.rows.matching.exact_rows import Value, exact_rows
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.suggested_declaration import LostRows
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import as_sql

__all__ = ["find_changed", "find_lost", "separates"]

_ENOUGH = 12
"""Conditions that are kept: those that other databases refute may be the first ones."""

_PAIRS = 5_000
"""Conditions on two columns that are tried: two hundred columns have a hundred thousand."""

_ROWS_READ = 2_000_000
"""Rows that may be read to try conditions, all together."""


def find_lost(
    old: Side, new: Side, table: RowTable, rows: Sequence[Row], statements: Sequence[str] = ()
) -> LostRows:
    """Return rows that are gone, with the conditions that hold for exactly these.

    What the ``statements`` of the step say themselves comes first.
    """
    written = list(written_conditions(statements, table.name))
    # A row whose key is another one has gone by its old one.
    for column in table.key:
        for assigned in find_assignments(statements, table.name, column):
            written.extend(assigned.conditions())
    candidates = chain(_with_parents(old, new, table, rows), _candidates(old, table, rows, ""))
    return _lost_rows(old, table, rows, written, candidates)


def find_changed(
    old: Side,
    table: RowTable,
    column: str,
    changes: Sequence[tuple[Row, Value]],
    statements: Sequence[str] = (),
) -> LostRows:
    """Return rows of which a value of ``column`` changed, with such conditions."""
    rows = [row for row, _ in changes]
    values = [(row.values[fold(column)], now) for row, now in changes]
    name = as_sql(column)
    limits, nulled = list(limiting_conditions(name, values)), nulled_conditions(name, values)
    assigned = find_assignments(statements, table.name, column)
    set_to = [condition for one in assigned for condition in one.conditions()]
    if assigned:
        # What it is set to may never be what it was, as by ``n = n + 1``.
        set_to.insert(0, f"{name} IS NOT NULL")
    is_all = len(rows) == old.count(fold(table.name))
    explaining = [
        *(c for one in assigned if one.is_call and not one.where for c in one.conditions()),
        # A constant may be the limit of all values, or what each of them is set to.
        *(limits if calls_functions(statements, table.name, ("MIN", "MAX")) else ()),
        *explaining_conditions(old.conn, name, values),
        *written_conditions(statements, table.name),
        *(nulled if calls_functions(statements, table.name, ("NULLIF",)) else ()),
        *(() if is_all else set_to),
        *constant_conditions(name, values),
        *(limits if len(changes) > 1 else ()),
    ]
    for other in table.columns:
        if fold(other) != fold(column):
            pairs = [(row.values[fold(other)], now) for row, now in changes]
            explaining.extend(copying_conditions(old.conn, name, as_sql(other), pairs))
    if is_all:
        explaining.extend(("1", *set_to))
    return _lost_rows(old, table, rows, explaining, _candidates(old, table, rows, column))


def separates(
    conn: sqlite3.Connection, lost: LostRows, condition: str, *, schema: str = "main"
) -> bool:
    """Return whether a condition holds for exactly these rows of the database before the step."""
    columns = ", ".join(lost.identity)
    sql = f"SELECT {columns} FROM {schema}.{quote(lost.table)} WHERE ({condition}\n) IS TRUE"
    try:
        found = list(islice(exact_rows(conn, sql), len(lost.identities) + 1))
    except sqlite3.Error:
        return False
    return len(found) == len(lost.identities) and lost.identities.issuperset(found)


def _lost_rows(
    old: Side,
    table: RowTable,
    rows: Sequence[Row],
    explaining: Sequence[str],
    candidates: Iterator[str],
) -> LostRows:
    identity, identities = _identified(table, rows)
    lost = LostRows(table.name, identity, identities, ())
    total = old.count(fold(table.name))
    if not identity:
        conditions: Sequence[str] = ()
    else:
        # What all rows share says nothing of them, unless it explains a change.
        tried = (*explaining, *(["1"] if len(rows) == total else []), *candidates)
        limited = islice(_each_once(tried), max(1, _ROWS_READ // max(total, 1)))
        conditions = [*islice((c for c in limited if separates(old.conn, lost, c)), _ENOUGH)]
    return LostRows(table.name, identity, identities, tuple(conditions))


def _each_once(conditions: Iterable[str]) -> Iterator[str]:
    """Yield each condition once, and think of no more of them than are asked for."""
    seen: set[str] = set()
    for condition in conditions:
        if condition not in seen:
            seen.add(condition)
            yield condition


def _identified(
    table: RowTable, rows: Sequence[Row]
) -> tuple[tuple[str, ...], frozenset[tuple[Value, ...]]]:
    """Return what tells rows apart, as SQL, and the values of it; nothing where nothing does."""
    if table.rowid:
        return (table.rowid,), frozenset((row.rowid,) for row in rows)
    values = frozenset(tuple(row.values[fold(column)] for column in table.key) for row in rows)
    return tuple(map(quote, table.key)), values


def _candidates(old: Side, table: RowTable, rows: Sequence[Row], column: str) -> Iterator[str]:
    """Yield conditions to try, the likeliest first: those on ``column``, then on any other."""
    own = [column] if column else []
    tables = {name: one for name, one in old.tables.items() if not one.full_text}
    # The numbers that rows are known by say nothing of why.
    naming = [name for name, _, _ in list_references(table, tables)]
    if len(table.key) == 1:
        naming.append(table.key[0])
    others = [c for c in table.columns if c not in (*own, *naming)]
    for conditions in (plain_conditions, shared_conditions, shape_conditions):
        yield from conditions(own, rows)
    yield from parent_conditions(table, tables)
    yield from (f"{as_sql(column)} IS NULL" for column in naming)
    yield from plain_conditions(others, rows)
    yield from shared_conditions(others, rows)
    yield from same_name_conditions(table, others, tables)
    yield from child_conditions(table, tables)
    yield from shape_conditions(others, rows)
    yield from islice(duplicate_conditions(table), _PAIRS)
    yield from islice(pair_conditions([*own, *others]), _PAIRS)
    yield from same_name_conditions(table, naming, tables)
    yield from range_conditions(naming, rows)
    yield from list_conditions(naming, rows)
    yield from name_conditions([*naming, *others], rows)


def _with_parents(old: Side, new: Side, table: RowTable, rows: Sequence[Row]) -> Iterator[str]:
    """Yield conditions on the rows that ``rows`` point at, where these are gone too."""
    tables = {name: one for name, one in old.tables.items() if not one.full_text}
    for column, parent, target in list_references(table, tables):
        name = fold(parent)
        wanted = {row.values[fold(column)] for row in rows} - {None}
        if name == fold(table.name) or name not in new.tables or not wanted:
            continue
        there = {row.values.get(fold(target)) for row in new.rows(name)}
        parents = [row for row in old.rows(name) if row.values[fold(target)] in wanted]
        if not parents or wanted & there:
            continue
        select = f"SELECT {as_sql(target)} FROM {as_sql(parent)}"
        for condition in _candidates(old, tables[name], parents, ""):
            yield f"{as_sql(column)} IN ({select} WHERE {condition})"
