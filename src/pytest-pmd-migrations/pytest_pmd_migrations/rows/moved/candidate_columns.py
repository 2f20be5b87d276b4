"""List the new columns that may have the values of a column that went, and compare the values.

A candidate is in the same row, or in a row that a key leads to. Columns that were there before
the step are never candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = [
    "CandidateColumn",
    "RowPair",
    "UnprovenMove",
    "candidates_beside",
    "candidates_in_parents",
    "values_are_in",
]

RowPair: TypeAlias = tuple[Row, Row]
"""An old row, and the row it became; the old row again where its table went."""


class CandidateColumn(NamedTuple):
    """A column of a new table that may have the values of an old one; names in lower case.

    ``here`` and ``there`` are the columns that must agree between the row that an old row
    became and a row of ``table``; both empty when the column is in that row itself.
    """

    table: str
    column: str
    here: tuple[str, ...] = ()
    there: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


class UnprovenMove(NamedTuple):
    """A new column or table that has equal values, but not by this step as far as one can prove.

    ``tried`` says that an experiment refuted it: it did not follow other values. Else the step
    accepted no others, and only a declaration can tell. ``target`` names the column or tables.
    """

    target: str
    tried: bool

    def reason(self) -> str:
        """Return why the target does not count, in one sentence."""
        if self.tried:
            return f"{self.target} is equal by coincidence: it follows no other values"
        return f"{self.target} is equal, but the step takes no others to prove it"


def candidates_beside(
    old: Side, new: Side, table: RowTable, target: str
) -> Iterator[CandidateColumn]:
    """Yield the candidates for a column of ``table``, whose rows are in the new ``target``.

    They are new columns of it, those of tables that name its rows, and of rows it names.
    """
    own = new.tables[target]
    before = _names(table)
    for column in _lower((*own.columns, *own.generated)):
        if column not in before:
            yield CandidateColumn(target, column)
    for name, other in new.tables.items():
        if name == target:
            continue
        new_columns = _new_columns(old, other, name)
        for key in other.foreign_keys:
            if fold(key.parent) == target:
                there = _lower(key.columns)
                here = _lower(key.target or own.key)
                yield from _candidates_along(name, new_columns, here, there)
        key_names = _lower(table.key)
        if name not in old.tables and key_names and set(key_names) <= _names(other):
            yield from _candidates_along(name, new_columns, key_names, key_names)
    for key in own.foreign_keys:
        parent = new.tables.get(fold(key.parent))
        if parent is not None:
            there = _lower(key.target or parent.key)
            new_columns = _new_columns(old, parent, fold(parent.name))
            yield from _candidates_along(fold(parent.name), new_columns, _lower(key.columns), there)


def candidates_in_parents(
    old: Side, new: Side, table: RowTable, renamed: Mapping[str, str]
) -> Iterator[CandidateColumn]:
    """Yield the candidates for a column of a table that went: new columns of rows it named."""
    for key in table.foreign_keys:
        was = fold(key.parent)
        name = renamed.get(was, was)
        if name in new.tables:
            parent = new.tables[name]
            before = _names(old.tables[was]) if was in old.tables else set()
            new_columns = [
                c for c in _lower((*parent.columns, *parent.generated)) if c not in before
            ]
            there = _lower(key.target or parent.key)
            yield from _candidates_along(name, new_columns, _lower(key.columns), there)


def values_are_in(
    pairs: Sequence[RowPair], column: str, candidate: CandidateColumn, new: Side
) -> bool:
    """Return whether every old row's value of ``column`` is in the candidate.

    NULL is as good as no row there. A value whose change is declared may be any but NULL.
    """
    new_table = new.tables.get(candidate.table)
    if new_table is None or candidate.column not in _names(new_table):
        return False
    linked: dict[tuple[Value, ...], list[Value]] = {}
    if candidate.there:
        for row in new.rows(candidate.table):
            key = tuple(row.values[name] for name in candidate.there)
            linked.setdefault(key, []).append(row.values[candidate.column])
    for row, became in pairs:
        if candidate.there:
            values = linked.get(tuple(became.values[name] for name in candidate.here), [])
        else:
            values = [became.values[candidate.column]]
        value = row.values[column]
        if value in values or (value is None and not values):
            continue
        if column in row.changed and any(found is not None for found in values):
            continue
        return False
    return True


def _candidates_along(
    table: str, columns: Sequence[str], own_key: tuple[str, ...], other_key: tuple[str, ...]
) -> Iterator[CandidateColumn]:
    if len(own_key) == len(other_key):
        for column in columns:
            if column not in other_key:
                yield CandidateColumn(table, column, own_key, other_key)


def _new_columns(old: Side, table: RowTable, name: str) -> list[str]:
    before = _names(old.tables[name]) if name in old.tables else set()
    return [c for c in _lower((*table.columns, *table.generated)) if c not in before]


def _names(table: RowTable) -> set[str]:
    return {*_lower(table.columns), *_lower(table.generated)}


def _lower(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(fold(name) for name in names)
