"""Look for values where MOVES says they went: as a whole value, or inside a text or JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["are_linked", "links_of_moves", "missing_values"]

_SHORTEST = 4
"""Characters a value must have to be looked for inside a text."""


def missing_values(
    old: RowTable,
    rows: Sequence[Row],
    column: str,
    target: tuple[str, str],
    new: Side,
    renamed: Mapping[str, str],
) -> list[Row]:
    """Return the rows whose value of ``column`` is not found in ``target`` (table and column).

    Values are looked for in the row that the old row's foreign key names (or the one of the same
    key, in the same table), each as often as it was there; where no row is named, anywhere in
    the column. ``renamed`` maps tables to their new names.
    """
    table, name = target
    target_table = new.tables.get(table)
    if target_table is None or name not in _columns(target_table):
        return list(rows)
    missing: list[Row] = []
    for group, container in _containers(old, rows, target_table, new.rows(table), renamed):
        missing.extend(_not_found(group, column, [row.values[name] for row in container]))
    return missing


def are_linked(old: RowTable, other: RowTable, renamed: Mapping[str, str]) -> bool:
    """Return whether a key says which row of ``other`` belongs to a row of ``old``."""
    return _link(old, other, renamed) is not None


def links_of_moves(
    table: RowTable,
    moves: Mapping[tuple[str, str], tuple[str, str]],
    renamed: Mapping[str, str],
) -> set[str]:
    """Return the foreign keys' columns that name the rows which values moved into."""
    targets = {into for (owner, _), (into, _) in moves.items() if owner == fold(table.name)}
    return {
        fold(column)
        for key in table.foreign_keys
        if renamed.get(fold(key.parent), fold(key.parent)) in targets
        for column in key.columns
    }


def _columns(table: RowTable) -> set[str]:
    return {fold(name) for name in (*table.columns, *table.generated)}


def _containers(
    old: RowTable,
    rows: Sequence[Row],
    other: RowTable,
    others: Sequence[Row],
    renamed: Mapping[str, str],
) -> list[tuple[list[Row], list[Row]]]:
    """Return groups of old rows, each with the new rows that hold their values."""
    if old.full_text and other.full_text and fold(old.name) == fold(other.name):
        by_rowid = {row.rowid: row for row in others}
        return [([row], [by_rowid[row.rowid]] if row.rowid in by_rowid else []) for row in rows]
    link = _link(old, other, renamed)
    if link is None:
        return [(list(rows), list(others))]
    groups: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.values[column] for column in link[0]), []).append(row)
    by_key: dict[tuple[Value, ...], list[Row]] = {}
    for row in others:
        by_key.setdefault(tuple(row.values[column] for column in link[1]), []).append(row)
    return [(group, by_key.get(key, [])) for key, group in groups.items()]


def _link(
    old: RowTable, other: RowTable, renamed: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the columns of both that must agree: a foreign key, or the key of one table."""
    here = fold(other.name)
    columns = _columns(other)
    if renamed.get(fold(old.name), fold(old.name)) == here:
        key = tuple(fold(column) for column in old.key)
        return (key, key) if key and set(key) <= columns else None
    for foreign in old.foreign_keys:
        parent = fold(foreign.parent)
        target = tuple(fold(name) for name in (foreign.target or other.key))
        if renamed.get(parent, parent) == here and set(target) <= columns:
            return tuple(fold(name) for name in foreign.columns), target
    return None


@dataclass
class _NewValue:
    """One new value, and what can still be found in it: its JSON atoms, or parts of its text."""

    text: str
    atoms: Counter[Value]
    untaken: bool = True

    def take_whole(self) -> bool:
        """Take the value as the whole; nothing else is found in it then."""
        taken, self.untaken = self.untaken, False
        if taken:
            self.text = ""
            self.atoms.clear()
        return taken

    def take_atom(self, value: Value) -> bool:
        """Take the value as an atom or key of the JSON, as often as it is there."""
        if self.atoms[value] <= 0:
            return False
        self.atoms[value] -= 1
        self.untaken = False
        self.text = self.text.replace(_as_text(value), "\0", 1)
        return True

    def take_part(self, value: Value) -> bool:
        """Take the value from inside the text, as often as it is there."""
        wanted = _as_text(value)
        if len(wanted) < _SHORTEST:
            return False
        if isinstance(value, int) or (value is not None and value[0] == "real"):
            # A number is no part of a longer one.
            pattern = rf"(?<![\d.]){re.escape(wanted)}(?!\.?\d)"
            left, taken = re.subn(pattern, "\0", self.text, count=1)
        else:
            taken = int(wanted in self.text)
            left = self.text.replace(wanted, "\0", 1)
        if taken:
            self.untaken, self.text = False, left
        return bool(taken)


def _not_found(rows: Sequence[Row], column: str, values: Sequence[Value]) -> list[Row]:
    """Return the rows whose value is in none of ``values``; long ones are looked for first."""
    by_value: dict[Value, list[_NewValue]] = {}
    by_atom: dict[Value, list[_NewValue]] = {}
    new_values = []
    for value in values:
        text = _as_text(value) if isinstance(value, tuple) else ""
        new_value = _NewValue(text, Counter(_json_atoms(text)))
        new_values.append(new_value)
        by_value.setdefault(value, []).append(new_value)
        for atom in new_value.atoms:
            by_atom.setdefault(atom, []).append(new_value)
    kept = [row for row in rows if column not in row.changed]
    waiting = sorted(kept, key=lambda row: -len(_as_text(row.values[column])))

    def not_taken(take: Callable[[Value], bool]) -> list[Row]:
        return [row for row in waiting if not take(row.values[column])]

    waiting = not_taken(lambda value: any(found.take_whole() for found in by_value.get(value, ())))
    waiting = not_taken(
        lambda value: any(found.take_atom(value) for found in by_atom.get(value, ()))
    )
    waiting = not_taken(lambda value: any(found.take_part(value) for found in new_values))
    missing = {id(row) for row in waiting}
    return [row for row in rows if id(row) in missing]


def _as_text(value: Value) -> str:
    """Return how a value reads inside a text; empty for blobs, which no text has."""
    if isinstance(value, tuple):
        content = value[1]
        if isinstance(content, bytes):
            return content.decode(errors="surrogateescape")
        return repr(content)
    return str(value) if isinstance(value, int) else ""


def _json_atoms(text: str) -> Iterator[Value]:
    """Yield every atom and key of a JSON text, as SQLite would store it."""
    try:
        waiting = [json.loads(text)]
    except (ValueError, RecursionError):
        return
    while waiting:
        match waiting.pop():
            case dict() as mapping:
                waiting.extend(mapping)
                waiting.extend(mapping.values())
            case list() as items:
                waiting.extend(items)
            case bool() as truth:
                yield int(truth)
            case str() as found:
                yield "text", found.encode(errors="surrogatepass")
            case float() as number:
                yield "real", number
            case int() as number:
                yield number
