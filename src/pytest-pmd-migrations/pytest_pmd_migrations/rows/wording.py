"""How lost and changed rows are shown: a sample, and the declaration that would excuse it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.rows.pair import Row
from pytest_pmd_migrations.rows.tables import RowTable, Value

__all__ = [
    "declare_changes",
    "declare_deletes",
    "declare_moves",
    "show_change",
    "show_row",
    "show_value",
]

_WIDTH = 70
_LONGEST = 24


def show_value(value: Value) -> str:
    """Return a value as a reader knows it, cut where it is long."""
    if isinstance(value, tuple):
        content = value[1]
        if isinstance(content, bytes):
            text = repr(content.decode(errors="backslashreplace"))
        else:
            text = repr(content)
    elif isinstance(value, bytes):
        text = f"x'{value.hex()}'"
    else:
        text = "NULL" if value is None else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]}...{text[-1]}"


def show_row(table: RowTable, row: Row) -> str:
    """Return what a row is known by: its key and as many other values as fit."""
    if table.full_text:
        return f"rowid {row.place!r}"
    names = [*table.key, *(name for name in table.columns if name not in table.key)]
    shown = ""
    for name in names:
        part = f"{name} {show_value(row.values[name.lower()])}"
        if shown and len(shown) + len(part) + 2 > _WIDTH:
            break
        shown += f", {part}" if shown else part
    return shown[:_WIDTH]


def declare_deletes(name: str, condition: str = "<condition>") -> Sequence[str]:
    """Return the lines that say how rows, a table or a column are declared as deleted."""
    return (
        "where that is meant, declare it:",
        f'  DELETES = {{"{name}": ("{condition}", "<reason>")}}',
    )


def declare_changes(name: str) -> Sequence[str]:
    """Return the lines that say how changed values are declared."""
    return (
        "where that is meant, declare it:",
        f'  CHANGES = {{"{name}": ("<condition>", "<reason>")}}',
    )


def declare_moves(name: str, target: str) -> Sequence[str]:
    """Return the lines that say how values are declared as moved."""
    return (
        "where that is meant, declare it:",
        f'  MOVES = {{"{name}": "{target}"}}',
    )


def show_change(table: RowTable, row: Row, column: str, value: Value) -> str:
    """Return which row a value belongs to, what it was and what it is."""
    names = table.key[:2]
    key = ", ".join(f"{name} {show_value(row.values[name.lower()])}" for name in names)
    place = key or (f"rowid {row.place!r}" if row.place is not None else "a row")
    return f"{place}: {show_value(row.values[column])}, now {show_value(value)}"[:_WIDTH]
