"""Where the values of a column may stand after a step: new columns, here or along a key.

A place is a hypothesis. Columns that stood there before the step are never one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_pmd_migrations.rows.model import cut
from pytest_pmd_migrations.rows.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable, Value
from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["Doubt", "Pair", "Place", "places_beside", "places_of_parents", "stands_at"]

Pair: TypeAlias = tuple[Row, Row]
"""An old row, and the row to start from: the one it became, or itself where its table went."""


@dataclass(frozen=True)
class Place:
    """A column of a new table, all names in lower case.

    ``here`` and ``there`` are the columns that must agree between the row to start from and a
    row of ``table``; both empty when the column is in the row to start from.
    """

    table: str
    column: str
    here: tuple[str, ...] = ()
    there: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Doubt:
    """A place that has equal values; ``tried`` says that they do not follow others.

    Else the step accepted no others, and only a declaration can tell.
    """

    place: str
    tried: bool

    def line(self) -> str:
        """Return why the place does not count."""
        if self.tried:
            return cut(f"{self.place} is equal by coincidence: it follows no other values")
        return cut(f"{self.place} is equal, but the step takes no others to prove it")


def places_beside(old: Side, new: Side, table: RowTable, target: str) -> Iterator[Place]:
    """Yield the places for a column of ``table``, whose rows are in the new table ``target``.

    They are new columns of it, those of tables that name its rows, and of rows it names.
    """
    own = new.tables[target]
    before = _names(table)
    for column in _lower((*own.columns, *own.generated)):
        if column not in before:
            yield Place(target, column)
    for name, other in new.tables.items():
        if name == target:
            continue
        fresh = _fresh(old, other, name)
        for key in other.foreign_keys:
            if fold(key.parent) == target:
                there = _lower(key.columns)
                here = _lower(key.target or own.key)
                yield from _along(name, fresh, here, there)
        key_names = _lower(table.key)
        if name not in old.tables and key_names and set(key_names) <= _names(other):
            yield from _along(name, fresh, key_names, key_names)
    for key in own.foreign_keys:
        parent = new.tables.get(fold(key.parent))
        if parent is not None:
            there = _lower(key.target or parent.key)
            fresh = _fresh(old, parent, fold(parent.name))
            yield from _along(fold(parent.name), fresh, _lower(key.columns), there)


def places_of_parents(
    old: Side, new: Side, table: RowTable, renamed: Mapping[str, str]
) -> Iterator[Place]:
    """Yield the places for a column of ``table``, which is gone: new columns of rows it named."""
    for key in table.foreign_keys:
        was = fold(key.parent)
        name = renamed.get(was, was)
        if name in new.tables:
            parent = new.tables[name]
            before = _names(old.tables[was]) if was in old.tables else set()
            fresh = [c for c in _lower((*parent.columns, *parent.generated)) if c not in before]
            there = _lower(key.target or parent.key)
            yield from _along(name, fresh, _lower(key.columns), there)


def stands_at(pairs: Sequence[Pair], column: str, place: Place, new: Side) -> bool:
    """Return whether every old row's value of ``column`` stands at the place.

    NULL is as good as no row there. A value whose change is declared may be any but NULL.
    """
    if place.table not in new.tables or place.column not in _names(new.tables[place.table]):
        return False
    linked: dict[tuple[Value, ...], list[Value]] = {}
    if place.there:
        for row in new.rows(place.table):
            key = tuple(row.values[name] for name in place.there)
            linked.setdefault(key, []).append(row.values[place.column])
    for row, start in pairs:
        if place.there:
            values = linked.get(tuple(start.values[name] for name in place.here), [])
        else:
            values = [start.values[place.column]]
        value = row.values[column]
        if value in values or (value is None and not values):
            continue
        if column in row.changed and any(found is not None for found in values):
            continue
        return False
    return True


def _along(
    table: str, columns: Sequence[str], here: tuple[str, ...], there: tuple[str, ...]
) -> Iterator[Place]:
    if len(here) == len(there):
        for column in columns:
            if column not in there:
                yield Place(table, column, here, there)


def _fresh(old: Side, table: RowTable, name: str) -> list[str]:
    before = _names(old.tables[name]) if name in old.tables else set()
    return [c for c in _lower((*table.columns, *table.generated)) if c not in before]


def _names(table: RowTable) -> set[str]:
    return {*_lower(table.columns), *_lower(table.generated)}


def _lower(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(fold(name) for name in names)
