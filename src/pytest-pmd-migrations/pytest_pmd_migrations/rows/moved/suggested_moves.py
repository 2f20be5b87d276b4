"""Find the new column that has the values of one that went, inside a text or JSON.

No experiment proves it, as it proves that whole values moved: a person declares it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.moved.declared_moves import are_linked, missing_values
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.column_names import spelled_column

__all__ = ["likely_target"]


def likely_target(
    table: RowTable,
    rows: Sequence[Row],
    column: str,
    old: Side,
    new: Side,
    renamed: Mapping[str, str],
) -> str:
    """Return the new ``"table.column"`` that has every value of ``column``; empty where none has.

    Only rows of the same key, and those that a foreign key names, are looked into.
    """
    for name, target in new.tables.items():
        if not are_linked(table, target, renamed):
            continue
        before = old.tables.get(_old_name(name, renamed))
        there = {fold(known) for known in before.columns} if before else set()
        for candidate in target.columns:
            into = name, fold(candidate)
            if into[1] in there:
                continue
            if not missing_values(table, rows, fold(column), [into], (old, new), renamed):
                return spelled_column(target.name, candidate)
    return ""


def _old_name(name: str, renamed: Mapping[str, str]) -> str:
    return next((old for old, new in renamed.items() if new == name), name)
