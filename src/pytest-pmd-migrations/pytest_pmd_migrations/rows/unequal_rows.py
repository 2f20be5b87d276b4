"""Leave to SQL the rows that stand as they were: only those that differ are read as values."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.rows.row_matching import Columns
from pytest_pmd_migrations.rows.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable, quote
from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["differing_rows"]


def differing_rows(
    old: Side, new: Side, table: RowTable, target: str, columns: Columns
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return the rows of ``table``, and those of ``target``, that have no twin in the other.

    A twin stands at the same rowid, or under the same key where there are none, and all of
    ``columns`` are equal in it, in type and content. So whoever pairs equal rows first may
    leave twins out. Both connections must be one.
    """
    name, other = fold(table.name), new.tables[target]
    here = {fold(c): c for c in (*table.columns, *table.generated)}
    there = {fold(c): c for c in (*other.columns, *other.generated)}
    mapped = [(here[column], there[into]) for column, into in columns.items()]
    if table.rowid and other.rowid:
        places = [(table.rowid, other.rowid)]
    else:
        places = [pair for pair in mapped if pair[0] in table.key]
        keyed = len(places) == len(table.key) == len(other.key) > 0
        if table.rowid or other.rowid or not keyed:
            return old.rows(name), new.rows(target)
    forth = _has_no_twin(table, other, new.schema, places, mapped)
    back = [[(b, a) for a, b in pairs] for pairs in (places, mapped)]
    rows = old.read(name, where=forth)
    others = new.read(target, where=_has_no_twin(other, table, old.schema, *back))
    return rows, others


def _has_no_twin(
    table: RowTable,
    other: RowTable,
    schema: str,
    places: Sequence[tuple[str, str]],
    columns: Sequence[tuple[str, str]],
) -> str:
    """Return the condition that a row of ``table`` has no twin in ``other``."""
    # A name of its own, whatever the table is called.
    own, twin = quote(table.name), quote(f"{table.name} twin")
    found = [f"{twin}.{quote(there)} = {own}.{quote(here)}" for here, there in places]
    for here, there in columns:
        first, second = f"{own}.{quote(here)}", f"{twin}.{quote(there)}"
        # Plus takes affinities away: '7' is not 7; nor is 1.0 the integer 1.
        found.append(f"+{first} IS +{second} COLLATE BINARY")
        found.append(f"typeof({first}) = typeof({second})")
    source = f"{schema}.{quote(other.name)} AS {twin}"
    return f"NOT EXISTS (SELECT 1 FROM {source} WHERE {' AND '.join(found)})"
