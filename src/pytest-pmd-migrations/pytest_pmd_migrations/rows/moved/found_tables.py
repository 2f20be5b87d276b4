"""Find the new tables that have the rows of a table that went, and prove it by experiment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping, MatchedRows, match_rows
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.matching.unequal_rows import differing_rows
from pytest_pmd_migrations.rows.moved.candidate_columns import UnprovenMove
from pytest_pmd_migrations.rows.moved.experiment import Experiment
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.moved.value_counts import ValueCounts
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["find_new_tables", "find_rows_elsewhere", "same_columns"]

_MANY_ROWS = 1000
"""Rows up to which a table is read once and then compared many times."""


def find_new_tables(
    step: RepeatableStep, tables: Sequence[RowTable]
) -> tuple[dict[str, str], dict[str, UnprovenMove | None]]:
    """Return the new name of each of these tables, which went, where a new one has its rows.

    And why a table that looks so does not count, where one does. Names are folded.
    """
    step.plan([(table, _columns_to_replace(step, table)) for table in tables])
    found = {fold(table.name): _find_new_table(step, table) for table in tables}
    new_names = {name: new_name for name, (new_name, _) in found.items() if new_name}
    return new_names, {name: unproven for name, (_, unproven) in found.items()}


def _find_new_table(step: RepeatableStep, table: RowTable) -> tuple[str, UnprovenMove | None]:
    """Return the new table that has the rows of one that went; empty when none has.

    One that has every row is preferred; else one that has all columns and some rows. What
    statements rename, and name nowhere else, needs no experiment.
    """
    new_name = step.renamed.get(fold(table.name), "")
    if new_name in _new_names(step):
        shared = same_columns(table, step.new.tables[new_name])
        is_whole = len(shared) == len(table.columns)
        if is_whole and not _match_in(step.old, step.new, table, new_name, shared).missing:
            return new_name, None
    unproven = None
    for name, columns in chain(
        _tables_with_all_rows(step, table), _tables_with_some_rows(step, table)
    ):
        tested = _columns_to_replace(step, table, columns)
        if not tested:
            return name, None
        unproven = UnprovenMove(name, tried=False)
        limit = _match_in(step.old, step.new, table, name, columns).missing
        for experiment in step.try_out(table, tested):
            if _is_followed(step, experiment, table, name, columns, tested, limit):
                return name, None
            unproven = UnprovenMove(name, tried=True)
    return "", unproven


def find_rows_elsewhere(
    step: RepeatableStep, table: RowTable, target: str, columns: ColumnMapping, lost: Sequence[Row]
) -> tuple[Sequence[Row], UnprovenMove | None]:
    """Return those of ``lost``, rows that ``target`` has no more, which no new table has either."""
    names = [name for name in _new_names(step) if name != target]
    left, tables = _rows_in_none(step.new, table, names, lost)
    if not tables:
        return lost, None
    mapped = same_columns(table, step.new.tables[tables[0]])
    tested = _columns_to_replace(step, table, mapped)
    if not tested:
        return left, None
    unproven = UnprovenMove(", ".join(tables), tried=False)
    for experiment in step.try_out(table, tested):
        old, new = experiment.old, experiment.new
        if target in new.tables:
            rows = old.rows(fold(table.name))
            gone = match_rows(table, rows, new.tables[target], new.rows(target), columns).lost
            still = len(_rows_in_none(step.new, table, names, gone)[0])
            # Where the rows of before look like these, too, nothing was tried out.
            if still > len(left) >= len(_rows_in_none(new, table, names, gone)[0]):
                return left, None
        unproven = UnprovenMove(", ".join(tables), tried=True)
    return lost, unproven


def same_columns(table: RowTable, other: RowTable) -> dict[str, str]:
    """Return the columns that both have, in lower case."""
    if table.contentless or other.contentless:
        return {}
    there = {fold(name) for name in (*other.columns, *other.generated)}
    return {fold(name): fold(name) for name in table.columns if fold(name) in there}


def _rows_in_none(
    side: Side, table: RowTable, names: Sequence[str], rows: Sequence[Row]
) -> tuple[Sequence[Row], list[str]]:
    """Return the rows that none of the named tables has whole, and the tables that have some."""
    left, tables = list(rows), []
    for name in names:
        other = side.tables.get(name)
        columns = {} if other is None else same_columns(table, other)
        if other is None or not columns or len(columns) < len(table.columns):
            continue
        matched = match_rows(table, left, other, side.rows(name), columns)
        missing = _ids_of_missing(matched)
        if len(missing) < len(left):
            tables.append(name)
            left = [row for row in left if id(row) in missing]
    return left, tables


def _is_followed(
    step: RepeatableStep,
    experiment: Experiment,
    table: RowTable,
    name: str,
    columns: ColumnMapping,
    tested: Sequence[str],
    limit: int,
) -> bool:
    """Return whether the table ``name`` has the rows again when their values are others."""
    old, new = experiment.old, experiment.new
    if name not in new.tables:
        return False
    again = columns if limit else _map_columns(old, new, table, name)
    return (
        {fold(column) for column in tested} <= set(again)
        and _match_in(old, new, table, name, again).missing <= limit
        and _match_in(step.old, step.new, table, name, again).missing <= limit
        # Where the rows of before look like these, too, nothing was tried out.
        and (experiment.unlike or _match_in(old, step.new, table, name, again).missing > limit)
    )


def _tables_with_all_rows(
    step: RepeatableStep, table: RowTable
) -> Iterator[tuple[str, ColumnMapping]]:
    """Yield the new tables that have every row of ``table``, most columns first.

    Of tables that were filled alike, the one that a statement names beside ``table`` comes first:
    each other one is tried out in vain. Where statements say which it became, and it has all, the
    others are looked at only when that is refuted.
    """
    said = step.survivors.get(fold(table.name), "")
    names = _new_names(step)
    columns = _columns_with_all_rows(step, table, said) if said in names else None
    if columns is not None and len(columns) == len(table.columns):
        yield said, columns
        names.remove(said)
    mapped = {name: _columns_with_all_rows(step, table, name) for name in names}
    found = [(name, columns) for name, columns in mapped.items() if columns is not None]
    beside = _named_beside(step.statements, table.name) if len(found) > 1 else frozenset()
    yield from sorted(found, key=lambda one: (-len(one[1]), one[0] not in beside))


def _columns_with_all_rows(
    step: RepeatableStep, table: RowTable, name: str
) -> ColumnMapping | None:
    """Return where the columns of ``table`` are in one that has every row of it, else None."""
    columns = _map_columns(step.old, step.new, table, name)
    contentless = table.contentless and step.new.tables[name].full_text
    if not columns and not contentless:
        return None
    return None if _match_in(step.old, step.new, table, name, columns).missing else columns


def _named_beside(statements: Sequence[str], table: str) -> frozenset[str]:
    """Return the names, in lower case, in the statements that name a table."""
    name = fold(table)
    naming = [tokenize(sql) for sql in statements if name in sql.lower()]
    named = ({fold(token.value) for token in tokens} for tokens in naming)
    return frozenset(chain.from_iterable(names for names in named if name in names))


def _tables_with_some_rows(
    step: RepeatableStep, table: RowTable
) -> Iterator[tuple[str, ColumnMapping]]:
    """Yield the new tables that have every column of ``table``, and some of its rows."""
    rows = [row for row in step.old.rows(fold(table.name)) if not row.deleted]
    for name in _new_names(step):
        columns = same_columns(table, step.new.tables[name])
        if len(columns) == len(table.columns):
            matched = _match_in(step.old, step.new, table, name, columns)
            if matched.missing > 0 and len(_ids_of_missing(matched)) < len(rows):
                yield name, columns


def _new_names(step: RepeatableStep) -> list[str]:
    return [name for name in step.new.tables if name not in step.old.tables]


def _match_in(
    old: Side, new: Side, table: RowTable, name: str, columns: ColumnMapping
) -> MatchedRows:
    rows, others = (
        differing_rows(old, new, table, name, columns)
        if old.conn is new.conn and old.count(fold(table.name)) > _MANY_ROWS
        else (old.rows(fold(table.name)), new.rows(name))
    )
    return match_rows(table, rows, new.tables[name], others, columns)


def _map_columns(old: Side, new: Side, table: RowTable, name: str) -> ColumnMapping:
    """Return the columns of the same name, and those of another name that have the same values."""
    other, declared = new.tables[name], old.declared
    columns = {
        column: target
        for column, target in same_columns(table, other).items()
        if not declared.explains(table.name, column)
    }
    if columns and _match_in(old, new, table, name, columns).missing:
        return {}
    taken = set(columns.values())
    free = [c for c in map(fold, (*other.columns, *other.generated)) if c not in taken]
    there = ValueCounts(new, name)
    for column in map(fold, table.columns):
        if column in columns or declared.explains(table.name, column):
            continue
        for target in there.that_may_hold(old.rows(fold(table.name)), column, free):
            tried = {**columns, column: target}
            if not _match_in(old, new, table, name, tried).missing:
                columns = tried
                free.remove(target)
                break
    return columns


def _columns_to_replace(
    step: RepeatableStep, table: RowTable, columns: Collection[str] | None = None
) -> list[str]:
    """Return which of ``columns``, in lower case, or of all, to try other values in.

    If possible, there is none among them that rows are chosen by.
    """
    full = [
        column
        for column in table.columns
        if (columns is None or fold(column) in columns)
        and step.old.has_value(fold(table.name), column)
    ]
    keys = {fold(name) for name in table.key}
    links = {fold(name) for key in table.foreign_keys for name in key.columns}
    conditions = fold(" ".join(step.old.declared.deletes.values()))
    named = set(re.findall(r"\w+", conditions))
    for avoided in (keys | links | named, keys | links, links, set()):
        free = [column for column in full if fold(column) not in avoided]
        if free:
            return free
    return []


def _ids_of_missing(matched: MatchedRows) -> set[int]:
    return {*(id(row) for row in matched.lost), *(id(row) for _, row, _ in matched.changed)}
