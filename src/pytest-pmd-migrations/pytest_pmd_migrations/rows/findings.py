"""The findings of a comparison of rows: one sentence each, samples, and what would excuse it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.rows.model import RowFinding, cut
from pytest_pmd_migrations.rows.moved.columns import Doubt
from pytest_pmd_migrations.rows.sides import Row
from pytest_pmd_migrations.rows.tables import RowTable, Value
from pytest_pmd_migrations.rows.wording import (
    declare,
    declare_moves,
    show_change,
    show_row,
    show_value,
)
from pytest_pmd_migrations.schema.reading.tokens import fold
from pytest_pmd_migrations.sources.declarations import DROP
from pytest_pmd_migrations.wording import counted

__all__ = [
    "column_gone",
    "not_moved",
    "rows_lost",
    "table_gone",
    "values_changed",
]

_SHOWN = 3


def rows_lost(
    table: RowTable, lost: Sequence[Row], total: int, doubt: Doubt | None = None
) -> RowFinding:
    """Return that rows of a table that stays are nowhere any more."""
    message = f"{table.name} lost {len(lost)} of {counted(total, 'row')}"
    evidence = (*_rows(table, lost), *_because(doubt), *declare("DELETES", table.name))
    return RowFinding(table.name, None, message, evidence)


def table_gone(table: RowTable, rows: Sequence[Row], doubt: Doubt | None) -> RowFinding:
    """Return that a table went with its rows."""
    message = f"table {table.name} is gone with {counted(len(rows), 'row')}"
    evidence = (*_rows(table, rows), *_because(doubt), *declare("DELETES", table.name, DROP))
    return RowFinding(table.name, None, message, evidence)


def column_gone(
    table: RowTable, column: str, rows: Sequence[Row], doubt: Doubt | None
) -> RowFinding:
    """Return that a column went with its values."""
    name = f"{table.name}.{column}"
    message = f"{name} is gone with {counted(len(rows), 'value')}"
    shown = [cut(f"gone: {_known_by(table, row, column)}") for row in rows[:_SHOWN]]
    untried = doubt is not None and not doubt.tried
    declaration = (
        declare_moves(name, doubt.place)
        if doubt is not None and untried
        else declare("DELETES", name, DROP)
    )
    evidence = (*shown, *_because(doubt), *declaration)
    return RowFinding(table.name, column, message, evidence)


def values_changed(
    table: RowTable, column: str, changes: Sequence[tuple[Row, Value]], total: int
) -> RowFinding:
    """Return that values of a column are other ones."""
    name = f"{table.name}.{column}"
    message = f"{name} changed in {len(changes)} of {counted(total, 'row')}"
    shown = [show_change(table, row, fold(column), value) for row, value in changes[:_SHOWN]]
    if all(value is None for _, value in changes):
        lines = ("CHANGES never excuses a value that becomes NULL;",)
        declaration = (*lines, *declare_moves(name, "<table>.<column>"))
    else:
        declaration = tuple(declare("CHANGES", name))
    return RowFinding(table.name, column, message, (*shown, *declaration))


def not_moved(
    table: RowTable, column: str, missing: Sequence[Row], total: int, target: str
) -> RowFinding:
    """Return that values are not where a declaration says they went."""
    name = f"{table.name}.{column}"
    message = f"{len(missing)} of {counted(total, 'value')} of {name} did not move"
    shown = [cut(f"not found: {_known_by(table, row, column)}") for row in missing[:_SHOWN]]
    declared = cut(f"declared: MOVES to {target}")
    return RowFinding(table.name, column, message, (*shown, declared))


def _rows(table: RowTable, rows: Sequence[Row]) -> Sequence[str]:
    return [cut(f"gone: {show_row(table, row)}") for row in rows[:_SHOWN]]


def _known_by(table: RowTable, row: Row, column: str) -> str:
    """Return the value, and the key of the row it stood in."""
    value = f"{column} {show_value(row.values[fold(column)])}"
    key = ", ".join(
        f"{name} {show_value(row.values[fold(name)])}" for name in table.key if name != column
    )
    return f"{key}, {value}" if key else value


def _because(doubt: Doubt | None) -> Sequence[str]:
    return () if doubt is None else (doubt.line(),)
