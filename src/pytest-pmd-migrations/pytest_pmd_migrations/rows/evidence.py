"""The lines under a finding: samples of rows and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_pmd_migrations.messages.wording import width
from pytest_pmd_migrations.schema.letter_case import fold

if TYPE_CHECKING:
    # Each check has the values of this module, and only the check data compares rows.
    from pytest_pmd_migrations.rows.matching.exact_rows import Value
    from pytest_pmd_migrations.rows.matching.sides import Row
    from pytest_pmd_migrations.rows.tables import RowTable

__all__ = [
    "cut_line",
    "evidence_width",
    "show_change",
    "show_row",
    "show_value",
]

_LONGEST_VALUE = 24
_INDENT = 6


def evidence_width() -> int:
    """Return the columns that a line of evidence may take."""
    return width() - _INDENT


def cut_line(line: str) -> str:
    """Return one line of evidence; one that is too long ends in dots."""
    joined = " ".join(line.split("\n"))
    return joined if len(joined) <= evidence_width() else f"{joined[: evidence_width() - 3]}..."


def show_value(value: Value) -> str:
    """Return a value as a reader knows it; one that is long shows where it was cut."""
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
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 4]}...{text[-1]}"


def show_row(table: RowTable, row: Row) -> str:
    """Return what a row is known by: its key and as many other values as fit."""
    if table.full_text:
        return f"rowid {row.rowid!r}"
    names = [*table.key, *(name for name in table.columns if name not in table.key)]
    parts = [f"{name} {show_value(row.values[fold(name)])}" for name in names]
    shown = parts[0]
    for part in parts[1:]:
        if len(shown) + len(part) + 2 > evidence_width() - len("gone: "):
            break
        shown += f", {part}"
    return shown


def show_change(table: RowTable, row: Row, column: str, value: Value) -> str:
    """Return a line with the row of a value, its old value and its new one."""
    was, now = row.values[column], value
    key = ", ".join(f"{name} {show_value(row.values[fold(name)])}" for name in table.key[:2])
    row_name = key or (f"rowid {row.rowid!r}" if row.rowid is not None else "a row")
    if show_value(was) == show_value(now):
        return cut_line(f"{row_name}: {_difference(was, now)}")
    return cut_line(f"{row_name}: {show_value(was)}, now {show_value(now)}")


def _difference(was: Value, now: Value) -> str:
    """Say how two values differ that look alike when they are shown short."""
    old, new = _content(was), _content(now)
    if len(old) != len(new):
        unit = "bytes" if isinstance(old, bytes) else "digits"
        return f"{show_value(was)}, {len(old)} {unit}, now {len(new)}"
    at = next(n for n, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)
    return f"{show_value(was)}, now another from byte {at} on"


def _content(value: Value) -> bytes | str:
    if isinstance(value, bytes):
        return value
    content = value[1] if isinstance(value, tuple) else value
    return content if isinstance(content, bytes) else repr(content)
