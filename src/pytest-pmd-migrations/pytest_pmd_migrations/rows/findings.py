"""Build the findings of a comparison of rows: a sentence, samples, and what would allow it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.rows.evidence import cut_line, show_change, show_row, show_value
from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row
from pytest_pmd_migrations.rows.moved.candidate_columns import UnprovenMove
from pytest_pmd_migrations.rows.resolved_declarations import BrokenDeclarationError
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.suggested_declaration import LostRows, declare, declare_moves
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.column_names import spelled_column
from pytest_pmd_migrations.sources.declared.declarations import DROP, DeclarationKind

__all__ = [
    "broken_declaration",
    "column_gone",
    "column_gone_in_part",
    "not_moved",
    "rows_lost",
    "sample_changes",
    "sample_rows",
    "table_gone",
    "values_changed",
]

_SHOWN = 3


def broken_declaration(error: BrokenDeclarationError) -> RowFinding:
    """Return the finding that a declaration cannot be read."""
    table, column = error.about
    evidence = tuple(cut_line(line) for line in error.lines)
    return RowFinding(
        table, column or None, f"{error.key} cannot be read", evidence, kind=str(error.key)
    )


def rows_lost(
    table: RowTable,
    lost: Sequence[Row],
    total: int,
    which: LostRows,
    unproven: UnprovenMove | None = None,
) -> RowFinding:
    """Return the finding that a table lost rows, ``which``, and that no new table has them."""
    message = f"{table.name} lost {len(lost)} of {counted(total, 'row')}"
    samples = (*sample_rows(table, lost), *_reason_lines(unproven))
    declaration = declare("DELETES", table.name, found=message, rows=which)
    return RowFinding(table.name, None, message, samples, declaration, kind="rows lost")


def table_gone(table: RowTable, rows: Sequence[Row], unproven: UnprovenMove | None) -> RowFinding:
    """Return the finding that a table is gone with its rows."""
    message = f"table {table.name} is gone with {counted(len(rows), 'row')}"
    samples = (*sample_rows(table, rows), *_reason_lines(unproven))
    declaration = declare("DELETES", table.name, DROP, found=message)
    return RowFinding(table.name, None, message, samples, declaration, kind="table gone")


def column_gone(
    table: RowTable,
    column: str,
    rows: Sequence[Row],
    unproven: UnprovenMove | None,
    found: Sequence[str] = (),
) -> RowFinding:
    """Return the finding that a column is gone with its values.

    ``found`` are the columns that have them, where a declaration alone can say so.
    """
    name = spelled_column(table.name, column)
    message = f"{name} is gone with {counted(len(rows), 'value')}"
    shown = [cut_line(f"gone: {_value_with_key(table, row, column)}") for row in rows[:_SHOWN]]
    if unproven is not None and not unproven.tried:
        found = [unproven.target]
    declaration = (
        declare_moves(name, *found, found=message)
        if found
        else declare("DELETES", name, DROP, found=message)
    )
    samples = (*shown, *_reason_lines(unproven))
    return RowFinding(table.name, column, message, samples, declaration, kind="column gone")


def column_gone_in_part(
    table: RowTable, column: str, missing: Sequence[Row], total: int, which: LostRows, *targets: str
) -> RowFinding:
    """Return the finding that a column is gone, and that ``targets`` have most of its values."""
    name = spelled_column(table.name, column)
    message = f"{name} is gone with {len(missing)} of {counted(total, 'value')}"
    shown = [cut_line(f"gone: {_value_with_key(table, row, column)}") for row in missing[:_SHOWN]]
    return RowFinding(
        table.name,
        column,
        message,
        (*shown, cut_line(f"moved to {', '.join(targets)}: all others")),
        declare("DELETES", name, found=message, rows=which),
        kind="column gone",
        also=declare_moves(name, *targets, found=message),
    )


def values_changed(
    table: RowTable,
    column: str,
    changes: Sequence[tuple[Row, Value]],
    total: int,
    which: LostRows | None,
    emptied: LostRows | None,
) -> RowFinding:
    """Return the finding that values of a column have changed.

    ``which`` are the rows whose value is another one now, ``emptied`` those whose value is NULL,
    which is gone; None where there are none.
    """
    name = spelled_column(table.name, column)
    message = f"{name} changed in {len(changes)} of {counted(total, 'row')}"
    shown = [show_change(table, row, fold(column), value) for row, value in changes[:_SHOWN]]
    if emptied is not None:
        shown.append("CHANGES never excuses a value that becomes NULL;")
    kinds: tuple[DeclarationKind, ...] = ("CHANGES", "DELETES")
    needed = [
        declare(kind, name, found=message, rows=rows)
        for kind, rows in zip(kinds, (which, emptied), strict=True)
        if rows is not None
    ]
    first, *others = needed
    return RowFinding(
        table.name,
        column,
        message,
        tuple(shown),
        first,
        kind="values changed",
        also=next(iter(others), None),
    )


def not_moved(
    table: RowTable, column: str, missing: Sequence[Row], total: int, targets: Sequence[str]
) -> RowFinding:
    """Return the finding that values are in no column that MOVES names."""
    name = spelled_column(table.name, column)
    message = f"{len(missing)} of {counted(total, 'value')} of {name} did not move"
    shown = [
        cut_line(f"not found: {_value_with_key(table, row, column)}") for row in missing[:_SHOWN]
    ]
    declared = cut_line(f"declared: MOVES to {', '.join(targets)}")
    declaration = declare("DELETES", name, DROP, found=message)
    return RowFinding(
        table.name, column, message, (*shown, declared), declaration, kind="not moved"
    )


def sample_rows(table: RowTable, rows: Sequence[Row]) -> Sequence[str]:
    """Return a line for each of the first rows of those that are gone."""
    return [cut_line(f"gone: {show_row(table, row)}") for row in rows[:_SHOWN]]


def sample_changes(table: RowTable, changes: Sequence[tuple[str, Row, Value]]) -> Sequence[str]:
    """Return a line for each of the first values that are others, given by column in lower case."""
    return [show_change(table, row, column, value) for column, row, value in changes[:_SHOWN]]


def _value_with_key(table: RowTable, row: Row, column: str) -> str:
    """Return the value, and the key of its row."""
    value = f"{column} {show_value(row.values[fold(column)])}"
    key = ", ".join(
        f"{name} {show_value(row.values[fold(name)])}" for name in table.key if name != column
    )
    return f"{key}, {value}" if key else value


def _reason_lines(unproven: UnprovenMove | None) -> Sequence[str]:
    return () if unproven is None else (cut_line(unproven.reason()),)
