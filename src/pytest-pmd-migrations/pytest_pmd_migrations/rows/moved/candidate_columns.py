"""List the new columns that may have the values of a column that went.

A candidate is in the same row, or in a row that a key leads to. Columns that were there before
the step are candidates only where that key is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.column_names import spelled_column

__all__ = [
    "CandidateColumn",
    "RowPair",
    "UnprovenMove",
    "candidates_beside",
    "candidates_in_parents",
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
        return spelled_column(self.table, self.column)


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
    key_names = _lower(table.key)
    before = frozenset(table.names)
    for column in own.names:
        if column not in before:
            yield CandidateColumn(target, column)
    for name, other in new.tables.items():
        if name == target:
            continue
        for key in other.foreign_keys:
            if fold(key.parent) == target:
                there = _lower(key.columns)
                here = _lower(key.target or own.key)
                new_columns = _new_columns(old, other, name, there)
                yield from _candidates_along(name, new_columns, here, there)
        # The rows may have their key under another name now.
        has_key = key_names and set(key_names).issubset(own.names)
        if name not in old.tables and has_key and set(key_names).issubset(other.names):
            new_columns = _new_columns(old, other, name)
            yield from _candidates_along(name, new_columns, key_names, key_names)
    for key in own.foreign_keys:
        parent = new.tables.get(fold(key.parent))
        if parent is not None:
            name, here = fold(parent.name), _lower(key.columns)
            there = _lower(key.target or parent.key)
            is_old = before.issuperset(here)
            new_columns = _new_columns(old, parent, name) if is_old else parent.names
            yield from _candidates_along(name, new_columns, here, there)


def candidates_in_parents(
    old: Side, new: Side, table: RowTable, renamed: Mapping[str, str]
) -> Iterator[CandidateColumn]:
    """Yield the candidates for a column of a table that went: new columns of rows it named."""
    for key in table.foreign_keys:
        was = fold(key.parent)
        name = renamed.get(was, was)
        if name in new.tables:
            parent = new.tables[name]
            before = old.tables[was].names if was in old.tables else ()
            new_columns = [column for column in parent.names if column not in before]
            there = _lower(key.target or parent.key)
            yield from _candidates_along(name, new_columns, _lower(key.columns), there)


def _candidates_along(
    table: str, columns: Sequence[str], own_key: tuple[str, ...], other_key: tuple[str, ...]
) -> Iterator[CandidateColumn]:
    if len(own_key) == len(other_key):
        for column in columns:
            if column not in other_key:
                yield CandidateColumn(table, column, own_key, other_key)


def _new_columns(
    old: Side, table: RowTable, name: str, linking: Sequence[str] = ()
) -> Sequence[str]:
    """Return the columns that were not there; all where some of those that link it were not."""
    before = old.tables[name].names if name in old.tables else ()
    if not set(before).issuperset(linking):
        return table.names
    return [column for column in table.names if column not in before]


def _lower(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(fold(name) for name in names)
