"""The lines under a finding: samples of rows and values, and the declaration that allows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pytest_pmd_migrations.messages.wording import width
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.declarations import EXCUSES, DeclarationKind, ExcuseKind
from pytest_pmd_migrations.sources.declared.written_declarations import (
    in_quotes,
    written_in_module,
    written_in_toml,
)

if TYPE_CHECKING:
    # Each check has the values of this module, and only the check data compares rows.
    from pytest_pmd_migrations.rows.matching.exact_rows import Value
    from pytest_pmd_migrations.rows.matching.sides import Row
    from pytest_pmd_migrations.rows.tables import RowTable

__all__ = [
    "LostRows",
    "SuggestedDeclaration",
    "cut_line",
    "declare",
    "declare_moves",
    "evidence_width",
    "excuse",
    "show_change",
    "show_row",
    "show_value",
]

_LONGEST_VALUE = 24
_REASON = "<reason>"
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


class LostRows(NamedTuple):
    """The rows of one table that a step lost, or of which it changed a value.

    ``identity`` are the columns that tell rows apart, ``identities`` their values in these rows;
    ``conditions`` hold for exactly these rows of the database before the step, the first is the
    simplest.
    """

    table: str
    identity: tuple[str, ...]
    identities: frozenset[tuple[Value, ...]]
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class SuggestedDeclaration:
    """A declaration that would allow what was found: its kind, what it names, its value.

    ``value`` is a condition and a reason, the columns that MOVES names, or the reason of an excuse.
    ``found`` is the sentence that says what it would allow, which gives a reason where nobody has
    a better one; ``rows`` are the rows that a condition must hold for.
    """

    kind: DeclarationKind
    name: str
    value: tuple[str, ...]
    found: str = field(default="", compare=False)
    rows: LostRows | None = field(default=None, compare=False)

    def lines(self, toml_table: str = "") -> tuple[str, ...]:
        """Return the lines that say how it is declared, in a module or below a table in TOML."""
        first = "where that is meant, declare it"
        if self.kind in EXCUSES:
            first = "where it is released, declare it"
        if self.kind == "NEEDS_ROWS":
            first = "where users always have some, declare it"
        if toml_table:
            table = f"  [{toml_table}.{self.kind.lower()}]" if self.name else f"  [{toml_table}]"
            begun = in_quotes(self.name) if self.name else self.kind.lower()
            first = f"{first} in the file of migration_rows:"
            return (first, table, *_in_toml_lines(f"  {begun} =", self.value))
        value = written_in_module(self.value)
        if not self.name:
            return (f"{first}:", *_in_lines(f"  {self.kind} =", value))
        begun = f"  {self.kind} = {{{in_quotes(self.name)}:"
        return (f"{first}:", *_in_lines(begun, f"{value}}}"))


def declare(
    kind: DeclarationKind,
    name: str,
    condition: str = "",
    *,
    found: str = "",
    rows: LostRows | None = None,
) -> SuggestedDeclaration:
    """Return the declaration of rows or values as deleted or changed.

    Without a condition it has the simplest one that holds for exactly ``rows``, else that for all.
    """
    if not condition:
        condition = next(iter(rows.conditions), "1") if rows is not None else "1"
    return SuggestedDeclaration(kind, name, (condition, _REASON), found, rows)


def declare_moves(name: str, *targets: str, found: str = "") -> SuggestedDeclaration:
    """Return the declaration of values as moved to one column or several."""
    return SuggestedDeclaration("MOVES", name, targets, found)


def excuse(kind: ExcuseKind, name: str = "", *, found: str) -> SuggestedDeclaration:
    """Return the declaration that excuses what a released step is."""
    return SuggestedDeclaration(kind, name, (_REASON,), found)


def _in_toml_lines(first: str, values: Sequence[str]) -> Sequence[str]:
    """Return a declaration in one line, else with a line for each part, within its brackets."""
    one_line = f"{first} {written_in_toml(values)}"
    if len(one_line) <= evidence_width() or len(values) < 2:
        return [one_line]
    return [f"{first} [", *(f"    {in_quotes(value)}," for value in values), "  ]"]


def _in_lines(first: str, last: str) -> Sequence[str]:
    """Return a declaration in one line, else its value in another one, or each part of it."""
    one_line = f"{first} {last}"
    if len(one_line) <= evidence_width():
        return [one_line]
    if len(last) + 4 <= evidence_width() or '", "' not in last:
        return [first, f"    {last}"]
    condition, _, reason = last.rpartition('", "')
    return [first, f'    {condition}",', f'     "{reason}']


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
