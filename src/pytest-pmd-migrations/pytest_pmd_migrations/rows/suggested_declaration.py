"""The declaration that would allow what was found, as it is written below a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pytest_pmd_migrations.rows.evidence import evidence_width
from pytest_pmd_migrations.sources.declared.declarations import EXCUSES, DeclarationKind, ExcuseKind
from pytest_pmd_migrations.sources.declared.written_declarations import (
    in_quotes,
    written_in_module,
    written_in_toml,
)

if TYPE_CHECKING:
    # Each check has the values of this module, and only the check data compares rows.
    from pytest_pmd_migrations.rows.matching.exact_rows import Value

__all__ = ["LostRows", "SuggestedDeclaration", "declare", "declare_moves", "excuse"]

_REASON = "<reason>"


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
