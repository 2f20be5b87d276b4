"""Think of conditions that compare a row with rows of other tables, or with others of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import as_sql

__all__ = [
    "child_conditions",
    "duplicate_conditions",
    "list_references",
    "parent_conditions",
    "same_name_conditions",
]

Tables = Mapping[str, RowTable]
"""Tables by name in lower case."""


def parent_conditions(table: RowTable, tables: Tables) -> Iterator[str]:
    """Yield the conditions that a row points at nothing."""
    for column, parent, target in list_references(table, tables):
        yield from _absent(column, parent, target, null=False)


def child_conditions(table: RowTable, tables: Tables) -> Iterator[str]:
    """Yield that no row points at a row, or that one does, and that a row points at something."""
    for child in tables.values():
        for column, parent, target in list_references(child, tables):
            if fold(parent) == fold(table.name):
                yield from _absent(target, child.name, column, null=True)
                yield f"{as_sql(target)} IN (SELECT {as_sql(column)} FROM {as_sql(child.name)})"
    for column, parent, target in list_references(table, tables):
        yield f"{as_sql(column)} IN (SELECT {as_sql(target)} FROM {as_sql(parent)})"


def same_name_conditions(table: RowTable, columns: Sequence[str], tables: Tables) -> Iterator[str]:
    """Yield that another table's column of the same name lacks a column's value, or has it.

    So a table that has no foreign keys is cleared of what nothing names.
    """
    for form in ("NOT IN", "IN"):
        for other in tables.values():
            if fold(other.name) == fold(table.name):
                continue
            own = {fold(column): column for column in other.columns}
            for column in columns:
                target = own.get(fold(column))
                if target is not None:
                    select = f"SELECT {as_sql(target)} FROM {as_sql(other.name)}"
                    yield f"{as_sql(column)} {form} ({select})"
                    if form == "NOT IN":
                        where = f"WHERE {as_sql(target)} IS NOT NULL"
                        yield f"{as_sql(column)} {form} ({select} {where})"


def duplicate_conditions(table: RowTable) -> Iterator[str]:
    """Yield the conditions that a row is not the first, or the last, of those that are alike."""
    identity = table.key[0] if len(table.key) == 1 else table.rowid
    if not identity:
        return
    own = [column for column in table.columns if fold(column) != fold(identity)]
    groups = [*([column] for column in own), *_pairs(own), own]
    for group in groups:
        for which in ("min", "max"):
            name = as_sql(identity)
            columns = ", ".join(map(as_sql, group))
            select = f"SELECT {which}({name}) FROM {as_sql(table.name)} GROUP BY {columns}"
            if group:
                yield f"{name} NOT IN ({select})"


def _pairs(columns: Sequence[str]) -> Iterator[list[str]]:
    for number, one in enumerate(columns):
        for other in columns[number + 1 :]:
            yield [one, other]


def _absent(column: str, table: str, target: str, *, null: bool) -> Iterator[str]:
    """Yield the condition that no row of a table has the value; with NULLs there it needs more."""
    select = f"SELECT {as_sql(target)} FROM {as_sql(table)}"
    yield f"{as_sql(column)} NOT IN ({select})"
    if null:
        yield f"{as_sql(column)} NOT IN ({select} WHERE {as_sql(target)} IS NOT NULL)"


def list_references(table: RowTable, tables: Tables) -> Iterator[tuple[str, str, str]]:
    """Yield each column of ``table`` that names a row, that row's table, and its column there.

    It is one of a foreign key, or it is named after the table.
    """
    declared: set[str] = set()
    for key in table.foreign_keys:
        parent = tables.get(fold(key.parent))
        if parent is None or len(key.columns) != 1:
            continue
        target = key.target or parent.key
        if len(target) == 1:
            declared.add(fold(key.columns[0]))
            yield key.columns[0], parent.name, target[0]
    named = _parents_by_name(
        tuple((one.name, one.key[0]) for one in tables.values() if len(one.key) == 1)
    )
    for column in table.columns:
        if fold(column) not in declared:
            for parent_name, target_column in named.get(fold(column), ()):
                yield column, parent_name, target_column


@lru_cache(maxsize=16)
def _parents_by_name(
    parents: tuple[tuple[str, str], ...],
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return by the name of a column the tables, with their keys, of which it means a row.

    Kept, since it is asked for each of many tables that a step emptied, and each table beside it.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name, key in parents:
        for column in _names_of(name, key):
            found.setdefault(column, []).append((name, key))
    return found


def _names_of(parent: str, own_key: str) -> frozenset[str]:
    """Return the names of columns that mean a row of a table: user, user_id, users_id."""
    plural, key = fold(parent), fold(own_key)
    stems = {plural, plural.removesuffix("s"), plural.removesuffix("es")}
    if plural.endswith("ies"):
        stems.add(f"{plural[:-3]}y")
    return frozenset(name for stem in stems for name in (stem, f"{stem}_{key}", f"{stem}{key}"))
