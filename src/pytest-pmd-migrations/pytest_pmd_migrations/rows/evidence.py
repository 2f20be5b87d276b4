"""The lines under a finding: samples of rows and values, and the declaration that allows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declarations import DeclarationKind

__all__ = [
    "EVIDENCE_WIDTH",
    "SuggestedDeclaration",
    "cut_line",
    "declare",
    "declare_moves",
    "show_change",
    "show_row",
    "show_value",
]

EVIDENCE_WIDTH = 70
"""Columns that a line of evidence may take."""

_LONGEST_VALUE = 24


def cut_line(line: str) -> str:
    """Return one line of evidence; one that is too long ends in dots."""
    joined = " ".join(line.split("\n"))
    return joined if len(joined) <= EVIDENCE_WIDTH else f"{joined[: EVIDENCE_WIDTH - 3]}..."


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
        if len(shown) + len(part) + 2 > EVIDENCE_WIDTH - len("gone: "):
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


@dataclass(frozen=True)
class SuggestedDeclaration:
    """A declaration that would allow what was found: its kind, what it names, its value.

    ``value`` is a condition and a reason, or the column that MOVES names.
    """

    kind: DeclarationKind
    name: str
    value: tuple[str, ...]

    def lines(self, toml_table: str = "") -> tuple[str, ...]:
        """Return the lines that say how it is declared, in a module or below a table in TOML."""
        values = ", ".join(map(_quoted, self.value))
        if toml_table:
            first = "where that is meant, declare it in the file of migration_rows:"
            value = f"[{values}]" if len(self.value) > 1 else values
            table = f"  [{toml_table}.{self.kind.lower()}]"
            return (first, table, *_one_or_two(f"  {_quoted(self.name)} =", value))
        value = f"({values})" if len(self.value) > 1 else values
        begun = f"  {self.kind} = {{{_quoted(self.name)}:"
        return ("where that is meant, declare it:", *_one_or_two(begun, f"{value}}}"))


def declare(
    kind: DeclarationKind, name: str, condition: str = "<condition>"
) -> SuggestedDeclaration:
    """Return the declaration of rows or values as deleted or changed."""
    return SuggestedDeclaration(kind, name, (condition, "<reason>"))


def declare_moves(name: str, target: str) -> SuggestedDeclaration:
    """Return the declaration of values as moved."""
    return SuggestedDeclaration("MOVES", name, (target,))


def _one_or_two(first: str, last: str) -> Sequence[str]:
    one_line = f"{first} {last}"
    return [one_line] if len(one_line) <= EVIDENCE_WIDTH else [first, f"    {last}"]


def _quoted(name: str) -> str:
    """Return a text as both Python and TOML write it; TOML wants DEL escaped, unlike JSON."""
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


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
