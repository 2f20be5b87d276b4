"""Find the new table or column that has the place of one that a step renamed or made anew.

A column's successor is certain only by evidence: a RENAME COLUMN, a statement that copies the one
into the other, values carried over by the application, or MOVES. A column that went and another one
that came are two columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import TypeAlias

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.surviving_table import Side, facts_of
from pytest_pmd_migrations.schema.reading.column_copies import ColumnCopy
from pytest_pmd_migrations.schema.reading.step_statements import StepStatements, TableNames
from pytest_pmd_migrations.schema.values import TableColumn

__all__ = ["HasValues", "Moves", "Successors", "find_successors", "find_survivors"]

_MOST_PAIRS = 400
"""Pairs of a table that went and one that came that are looked at: nobody carries so many over."""

HasValues: TypeAlias = Callable[[TableColumn, TableColumn], bool]
"""Whether each row of a table before the step has the value of its column in another one now."""
Moves: TypeAlias = Callable[[], Mapping[TableColumn, Sequence[TableColumn]]]
"""Returns the columns whose values are declared to be in other ones, by the old ones."""
Successors: TypeAlias = Mapping[str, Mapping[str, str]]
"""The new name of each renamed column, by the table's name before the step; all folded."""


def find_survivors(
    before: Side, after: Side, statements: StepStatements, has_values: HasValues
) -> dict[str, str]:
    """Return the name after the step of each table or view that is still there.

    Where no statement says so, it is a new table with most columns of one that went, and values of
    it: the application may have carried the rows over.
    """
    found = statements.survivors(frozenset(before.tables), frozenset(after.tables))
    names = statements.names(frozenset(before.tables))
    copied = ((source, new) for source, new in statements.copied if source in names.origins)
    filled = {names.ends.get(new, new) for _, new in copied}
    came = set(after.tables) - set(before.tables) - set(found.values()) - filled
    gone = set(before.tables) - set(found)
    if len(gone) * len(came) > _MOST_PAIRS:
        return found
    for old_name, new_name in product(sorted(gone), sorted(came)):
        if not _are_tables(before, old_name, after, new_name):
            continue
        columns = before.columns(old_name)
        common = columns & after.columns(new_name)
        if 2 * len(common) > len(columns) and any(
            has_values((old_name, one), (new_name, one)) for one in sorted(common)
        ):
            found.setdefault(old_name, new_name)
    return found


def find_successors(
    survivors: Mapping[str, str],
    before: Side,
    after: Side,
    statements: StepStatements,
    moves: Moves,
    has_values: HasValues,
) -> Successors:
    """Return the columns that have other names after the step, in the tables that survive it.

    ``survivors`` are those that :func:`find_survivors` returns. ``moves`` is asked only where a
    column went and one came; ``has_values`` is asked about columns alike in position and type,
    where no statement copies from the table: the application may have carried the rows over.
    """
    reader = _Reader(before, after, statements)
    found = {}
    for old_name, new_name in survivors.items():
        if not _are_tables(before, old_name, after, new_name):
            continue
        gone = before.columns(old_name) - after.columns(new_name)
        came = after.columns(new_name) - before.columns(old_name)
        if not (gone and came):
            continue
        pairs = set(reader.pairs(old_name, new_name))
        if not pairs and not reader.is_copied(old_name, new_name):
            pairs = {
                (old, new)
                for old, new in product(gone, came)
                if reader.are_alike((old_name, old), (new_name, new))
                and has_values((old_name, old), (new_name, new))
            }
        said = dict(_declared(moves(), old_name, new_name))
        pairs = {pair for pair in pairs if pair[0] not in said} | {*said.items()}
        named = dict(_one_to_one(pairs, gone, came))
        if named:
            found[old_name] = named
    return found


def _are_tables(before: Side, old_name: str, after: Side, new_name: str) -> bool:
    return before.tables[old_name].kind == after.tables[new_name].kind == "table"


def _declared(
    moves: Mapping[TableColumn, Sequence[TableColumn]], table: str, became: str
) -> Iterator[tuple[str, str]]:
    for old, targets in moves.items():
        for new in targets:
            if (old[0], new[0]) == (table, became):
                yield old[1], new[1]


def _one_to_one(
    pairs: Iterable[tuple[str, str]], gone: frozenset[str], came: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a column that went and one that came, if neither is in another pair."""
    known = [(old, new) for old, new in pairs if old in gone and new in came]
    for old, new in known:
        if sum(old == one or new == other for one, other in known) == 1:
            yield old, new


def _kind(side: Side, column: TableColumn) -> tuple[int, str]:
    """Return a column's position in its table, and its declared type."""
    table, name = column
    own = [fold(one) for one in side.tables[table].columns]
    found = next(o for o in side.owned_by(table, "column") if fold(o.own_name) == name)
    return own.index(name), facts_of(found)["type"]


class _Reader:
    """Reads the statements of a step in the names that tables and columns had on its way."""

    def __init__(self, before: Side, after: Side, statements: StepStatements) -> None:
        self._before, self._after, self._statements = before, after, statements
        self._names: TableNames = statements.names(frozenset(before.tables))
        self._origins: dict[TableColumn, str] = {}
        self._ends: dict[TableColumn, str] = {}
        self._dropped: set[TableColumn] = set()
        for table, old, new in statements.columns:
            self._follow(table, old, new)

    def _follow(self, table: str, old: str, new: str) -> None:
        origin, end = self._names.origins.get(table), self._end(table)
        if not new:
            self._dropped.add((origin or table, old))
            return
        if origin:
            self._origins[origin, new] = self._origins.get((origin, old), old)
        for column, name in self._ends.items():
            if column[0] == end and name == old:
                self._ends[column] = new
        self._ends[end, old] = new

    def _end(self, table: str) -> str:
        return self._names.ends.get(table, table)

    def pairs(self, table: str, became: str) -> Iterator[tuple[str, str]]:
        """Yield each column of a table, and a column of what it became that has its values."""
        renamed = ((old, new) for (origin, new), old in self._origins.items() if origin == table)
        copied = chain.from_iterable(
            self._copied(one, table, became) for one in self._copies(table, became)
        )
        for old, new in chain(renamed, copied):
            yield old, self._ends.get((became, new), new)

    def are_alike(self, old: TableColumn, new: TableColumn) -> bool:
        """Return whether two columns have one position in their tables, and one type."""
        (was, kind), (now, other) = _kind(self._before, old), _kind(self._after, new)
        return was == now and (kind == other or "none" in (kind, other))

    def is_copied(self, table: str, became: str) -> bool:
        """Return whether a statement copies columns from a table into what it became."""
        return any(True for _ in self._copies(table, became))

    def _copies(self, table: str, became: str) -> Iterator[ColumnCopy]:
        for one in self._statements.column_copies:
            origins = self._names.origins
            into = self._end(one.target) == became or origins.get(one.target) == table
            # Grouped rows are those of the table where they took its place.
            if origins.get(one.source) == table and into and (one.row_by_row or table == became):
                yield one

    def _copied(self, copy: ColumnCopy, table: str, became: str) -> Iterator[tuple[str, str]]:
        own = [
            fold(name)
            for name in self._before.tables[table].columns
            if (table, fold(name)) not in self._dropped
        ]
        values: list[str] = []
        for value in copy.values:
            values.extend(own if value == "*" else [self._origins.get((table, value), value)])
        columns = [*self._expanded(copy, own)] if copy.columns else self._settable(became)
        if len(values) <= len(columns):
            known = self._before.columns(table)
            yield from (
                (old, new) for old, new in zip(values, columns, strict=False) if old in known
            )

    def _expanded(self, copy: ColumnCopy, own: list[str]) -> Iterator[str]:
        for column in copy.columns:
            yield from own if column == "*" else (column,)

    def _settable(self, table: str) -> list[str]:
        generated = {
            fold(one.own_name)
            for one in self._after.owned_by(table, "column")
            if "generated" in facts_of(one)
        }
        names = map(fold, self._after.tables[table].columns)
        return [name for name in names if name not in generated]
