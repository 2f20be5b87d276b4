"""Say which copy of its parent a copied row points at, and how many copies a table may have."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_pmd_migrations.forecast.key_columns import KeyColumns

__all__ = ["copy_number", "most_copies"]

_UNLIMITED = 2**31


def copy_number(
    keys: KeyColumns, copies: Mapping[str, int], table: str, column: str, number: str = "k.c"
) -> str:
    """Return the SQL of the copy that a column's value comes from, in copy ``number`` of a table.

    A foreign key has that of the parent's copy which it points at, the parent's own columns what
    they have in that copy: a row of a parent is always there whole.
    """
    seen = {(table, column)}
    while True:
        found = _pointer_of(keys, table, column)
        if found is None:
            return number
        index, target = found
        pointer = keys.pointers[table][index]
        if (pointer.parent, target) in seen or pointer.parent == table:
            return number
        limits = [copies.get(one.parent, 1) for one in keys.pointers[table]]
        first, own = limits[0], limits[index]
        if index == 0 or copies.get(table, 1) <= first:
            number = f"(({number}) % {own})"
        else:
            # Two parents are paired anew each time that the first one's copies are through.
            number = f"((({number}) / {first} + ({number}) % {first}) % {own})"
        table, column = pointer.parent, target
        seen.add((table, column))


def _pointer_of(keys: KeyColumns, table: str, column: str) -> tuple[int, str] | None:
    """Return which foreign key has a column, and the parent's column; None where it is in none."""
    for index, pointer in enumerate(keys.pointers.get(table, ())):
        if column in pointer.columns:
            return index, pointer.target[pointer.columns.index(column)]
    return None


def most_copies(keys: KeyColumns, copies: Mapping[str, int], table: str) -> int:
    """Return how many copies a table may have: rows that must differ in pointers alone are few."""
    most = _UNLIMITED
    for columns in keys.unique.get(table, ()):
        found_by = {column: _pointer_of(keys, table, column) for column in columns}
        if not columns or any(found is None for found in found_by.values()):
            continue
        used = {found[0] for found in found_by.values() if found is not None}
        parents = [keys.pointers[table][index].parent for index in used]
        if table in parents:
            continue
        product = 1
        for parent in parents[:2]:
            product *= copies.get(parent, 1)
        most = min(most, product)
    return most
