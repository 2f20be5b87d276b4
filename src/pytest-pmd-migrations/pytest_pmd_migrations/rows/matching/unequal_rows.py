"""Compare two tables in SQL, so that only the rows that differ are read as values."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.matching.exact_rows import joined
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["differing_rows"]


def differing_rows(
    old: Side, new: Side, table: RowTable, target: str, columns: ColumnMapping
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return the rows of ``table``, and those of ``target``, that have no equal row in the other.

    An equal row has the same rowid, or the same key where there are no rowids, and is equal in
    all of ``columns``, in type and content. Whoever pairs equal rows first may leave these out.
    Both sides must be of one connection.
    """
    name, other = fold(table.name), new.tables[target]
    here = {fold(c): c for c in (*table.columns, *table.generated)}
    there = {fold(c): c for c in (*other.columns, *other.generated)}
    mapped = [(here[column], there[into]) for column, into in columns.items()]
    if table.rowid and other.rowid:
        keys = [(table.rowid, other.rowid)]
    else:
        keys = [pair for pair in mapped if pair[0] in table.key]
        has_key = len(keys) == len(table.key) == len(other.key) > 0
        if table.rowid or other.rowid or not has_key:
            return old.rows(name), new.rows(target)
    forth = _has_no_equal(table, other, new.schema, keys, mapped)
    back = [[(b, a) for a, b in pairs] for pairs in (keys, mapped)]
    rows = old.read(name, where=forth)
    others = new.read(target, where=_has_no_equal(other, table, old.schema, *back))
    return rows, others


def _has_no_equal(
    table: RowTable,
    other: RowTable,
    schema: str,
    keys: Sequence[tuple[str, str]],
    columns: Sequence[tuple[str, str]],
) -> str:
    """Return the condition that a row of ``table`` has no equal row in ``other``."""
    # A name of its own, whatever the table is called.
    own, alias = quote(table.name), quote(f"{table.name} other")
    found = [f"{alias}.{quote(there)} = {own}.{quote(here)}" for here, there in keys]
    for here, there in columns:
        first, second = f"{own}.{quote(here)}", f"{alias}.{quote(there)}"
        # Plus takes affinities away: '7' is not 7; nor is 1.0 the integer 1.
        found.append(f"+{first} IS +{second} COLLATE BINARY")
        found.append(f"typeof({first}) = typeof({second})")
    source = f"{schema}.{quote(other.name)} AS {alias}"
    return f"NOT EXISTS (SELECT 1 FROM {source} WHERE {joined('AND', found)})"
