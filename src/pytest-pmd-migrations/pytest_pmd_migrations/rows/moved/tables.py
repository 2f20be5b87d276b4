"""Look for the new tables that hold rows which went, and confirm them by experiment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from pytest_pmd_migrations.rows.moved.columns import Doubt
from pytest_pmd_migrations.rows.moved.experiment import Experiment
from pytest_pmd_migrations.rows.moved.search import Search
from pytest_pmd_migrations.rows.row_matching import Columns, Outcome, survive
from pytest_pmd_migrations.rows.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.rows.unequal_rows import differing_rows
from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["find_holder", "find_rows", "same_columns"]

_MANY = 1000
"""Rows up to which a table is read once and then compared many times."""


def find_holder(search: Search, table: RowTable) -> tuple[str, Doubt | None]:
    """Return the new table that holds the rows of one that went; empty when none does.

    One that holds every row is preferred; else one that has all columns and some rows.
    """
    doubt = None
    for name, columns in chain(_whole_holders(search, table), _part_holders(search, table)):
        tested = _test_columns(search, table, columns)
        if not tested:
            return name, None
        doubt = Doubt(name, tried=False)
        limit = _holding(search.old, search.new, table, name, columns).faults
        for experiment in search.try_out(table, tested):
            if _follows(search, experiment, table, name, columns, tested, limit):
                return name, None
            doubt = Doubt(name, tried=True)
    return "", doubt


def find_rows(
    search: Search, table: RowTable, target: str, columns: Columns, lost: Sequence[Row]
) -> tuple[Sequence[Row], Doubt | None]:
    """Return those of ``lost``, rows that ``target`` has no more, which no new table has either."""
    names = [name for name in _new_names(search) if name != target]
    left, holders = _left(search.new, table, names, lost)
    if not holders:
        return lost, None
    mapped = same_columns(table, search.new.tables[holders[0]])
    tested = _test_columns(search, table, mapped)
    if not tested:
        return left, None
    doubt = Doubt(", ".join(holders), tried=False)
    for experiment in search.try_out(table, tested):
        old, new = experiment.old, experiment.new
        if target in new.tables:
            rows = old.rows(fold(table.name))
            gone = survive(table, rows, new.tables[target], new.rows(target), columns).lost
            still = len(_left(search.new, table, names, gone)[0])
            # Where the rows of before look like these, too, nothing was tried out.
            if still > len(left) >= len(_left(new, table, names, gone)[0]):
                return left, None
        doubt = Doubt(", ".join(holders), tried=True)
    return lost, doubt


def same_columns(table: RowTable, other: RowTable) -> dict[str, str]:
    """Return the columns that both have, in lower case."""
    if table.contentless or other.contentless:
        return {}
    there = {fold(name) for name in (*other.columns, *other.generated)}
    return {fold(name): fold(name) for name in table.columns if fold(name) in there}


def _left(
    side: Side, table: RowTable, names: Sequence[str], rows: Sequence[Row]
) -> tuple[Sequence[Row], list[str]]:
    """Return the rows that stand whole in none of the named tables, and those that hold others."""
    left, holders = list(rows), []
    for name in names:
        other = side.tables.get(name)
        columns = {} if other is None else same_columns(table, other)
        if other is None or not columns or len(columns) < len(table.columns):
            continue
        outcome = survive(table, left, other, side.rows(name), columns)
        faulty = _faulty(outcome)
        if len(faulty) < len(left):
            holders.append(name)
            left = [row for row in left if id(row) in faulty]
    return left, holders


def _follows(
    search: Search,
    experiment: Experiment,
    table: RowTable,
    name: str,
    columns: Columns,
    tested: Sequence[str],
    limit: int,
) -> bool:
    """Return whether the rows stand in the table ``name`` again when their values are others."""
    old, new = experiment.old, experiment.new
    if name not in new.tables:
        return False
    again = columns if limit else _map_columns(old, new, table, name)
    return (
        {fold(column) for column in tested} <= set(again)
        and _holding(old, new, table, name, again).faults <= limit
        and _holding(search.old, search.new, table, name, again).faults <= limit
        # Where the rows of before look like these, too, nothing was tried out.
        and (experiment.unlike or _holding(old, search.new, table, name, again).faults > limit)
    )


def _whole_holders(search: Search, table: RowTable) -> list[tuple[str, Columns]]:
    """Return the new tables that have every row of ``table``, most columns first."""
    found = []
    for name in _new_names(search):
        columns = _map_columns(search.old, search.new, table, name)
        contentless = table.contentless and search.new.tables[name].full_text
        if (columns or contentless) and not _holding(
            search.old, search.new, table, name, columns
        ).faults:
            found.append((name, columns))
    return sorted(found, key=lambda candidate: -len(candidate[1]))


def _part_holders(search: Search, table: RowTable) -> Iterator[tuple[str, Columns]]:
    """Yield the new tables that have every column of ``table``, and some of its rows."""
    rows = [row for row in search.old.rows(fold(table.name)) if not row.deleted]
    for name in _new_names(search):
        columns = same_columns(table, search.new.tables[name])
        if len(columns) == len(table.columns):
            outcome = _holding(search.old, search.new, table, name, columns)
            if outcome.faults > 0 and len(_faulty(outcome)) < len(rows):
                yield name, columns


def _new_names(search: Search) -> list[str]:
    return [name for name in search.new.tables if name not in search.old.tables]


def _holding(old: Side, new: Side, table: RowTable, name: str, columns: Columns) -> Outcome:
    rows, others = (
        differing_rows(old, new, table, name, columns)
        if old.conn is new.conn and old.count(fold(table.name)) > _MANY
        else (old.rows(fold(table.name)), new.rows(name))
    )
    return survive(table, rows, new.tables[name], others, columns)


def _map_columns(old: Side, new: Side, table: RowTable, name: str) -> Columns:
    """Return the columns of the same name, and those under another that hold the same."""
    other, declared = new.tables[name], old.declared
    columns = {
        column: target
        for column, target in same_columns(table, other).items()
        if not declared.explains(table.name, column)
    }
    if columns and _holding(old, new, table, name, columns).faults:
        return {}
    taken = set(columns.values())
    free = [c for c in map(fold, (*other.columns, *other.generated)) if c not in taken]
    for column in map(fold, table.columns):
        if column in columns or declared.explains(table.name, column):
            continue
        for target in free:
            tried = {**columns, column: target}
            if not _holding(old, new, table, name, tried).faults:
                columns = tried
                free.remove(target)
                break
    return columns


def _test_columns(search: Search, table: RowTable, columns: Columns) -> list[str]:
    """Return the columns to replace: where there are others, none that rows are chosen by."""
    full = [
        column
        for column in table.columns
        if fold(column) in columns and search.old.has_value(fold(table.name), column)
    ]
    keys = {fold(name) for name in table.key}
    links = {fold(name) for key in table.foreign_keys for name in key.columns}
    conditions = fold(" ".join(search.old.declared.deletes.values()))
    named = set(re.findall(r"\w+", conditions))
    for avoided in (keys | links | named, keys | links, links, set()):
        free = [column for column in full if fold(column) not in avoided]
        if free:
            return free
    return []


def _faulty(outcome: Outcome) -> set[int]:
    return {*(id(row) for row in outcome.lost), *(id(row) for _, row, _ in outcome.changed)}
