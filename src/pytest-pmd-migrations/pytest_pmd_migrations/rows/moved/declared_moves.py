"""Look for values where MOVES says they went: as a whole value, or inside a text or JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import TypeAlias

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.moved.value_counts import values_of_others
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TableColumn

__all__ = ["Moves", "are_linked", "links_of_moves", "missing_values"]

Moves: TypeAlias = Mapping[TableColumn, tuple[TableColumn, ...]]
"""The columns that have the values of an old one, by table and column in lower case."""

_Key: TypeAlias = tuple[Value, ...]
_Link: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]

_ROWID = "\0"
"""Stands for the rowid, where it takes the place of a column: no column has that name."""

_SHORTEST = 4
"""Characters a value must have to be looked for inside a text."""


def missing_values(
    old: RowTable,
    rows: Sequence[Row],
    column: str,
    targets: Sequence[TableColumn],
    sides: tuple[Side, Side],
    renamed: Mapping[str, str],
    moves: Moves = MappingProxyType({}),
) -> list[Row]:
    """Return the rows whose value of ``column`` is found in none of ``targets``.

    Values are looked for in the row that the old row's foreign key names (or the one of the same
    key, in the same table, or where ``moves`` say that the key went), each as often as it was
    there; where no row is named, anywhere in the columns, but for what rows of other tables had
    there. ``renamed`` maps tables to their new names.
    """
    new = sides[1]
    there = [one for one in targets if one[0] in new.tables and one[1] in new.tables[one[0]].names]
    found = _target_columns(old, rows, there, sides, renamed, moves)
    groups: dict[tuple[_Key, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(target.key_of(row) for target in found), []).append(row)
    missing: list[Row] = []
    for keys, group in groups.items():
        values = [target.values_at(key) for target, key in zip(found, keys, strict=True)]
        missing.extend(_not_found(group, column, [*chain.from_iterable(values)]))
    return missing


def are_linked(old: RowTable, other: RowTable, renamed: Mapping[str, str]) -> bool:
    """Return whether a key says which row of ``other`` belongs to a row of ``old``."""
    return _link(old, other, renamed) is not None


def links_of_moves(table: RowTable, moves: Moves, renamed: Mapping[str, str]) -> set[str]:
    """Return the foreign keys' columns that name the rows which values moved into."""
    own = (targets for (owner, _), targets in moves.items() if owner == fold(table.name))
    into = {name for targets in own for name, _ in targets}
    return {
        fold(column)
        for key in table.foreign_keys
        if renamed.get(fold(key.parent), fold(key.parent)) in into
        for column in key.columns
    }


class _TargetColumn:
    """A column in which values are looked for, in the rows to which ``link`` leads from an old one.

    It is the columns of the old row and those of the new one that must agree; where there are none,
    each row may have the value, but for those that ``others`` counts.
    """

    def __init__(
        self, new: Side, target: TableColumn, link: _Link, others: Counter[Value] | None = None
    ) -> None:
        self._others = Counter(others)
        self._here, self._there = link
        self._rows = new.rows(target[0])
        self._column = target[1]

    def key_of(self, row: Row) -> _Key:
        """Return what the new rows that belong to an old one have in common with it."""
        return _values(row, self._here)

    def values_at(self, key: _Key) -> Sequence[_NewValue]:
        """Return the values in the rows of a key, of which each is found once."""
        return self._by_key.get(key, ())

    @cached_property
    def _by_key(self) -> Mapping[_Key, Sequence[_NewValue]]:
        found: dict[_Key, list[_NewValue]] = {}
        others = self._others.copy()
        for row in self._rows:
            value = row.values[self._column]
            if others[value] > 0:
                others[value] -= 1
            else:
                found.setdefault(_values(row, self._there), []).append(_NewValue(value))
        return found


def _values(row: Row, columns: Sequence[str]) -> _Key:
    return tuple(row.rowid if name == _ROWID else row.values[name] for name in columns)


def _target_columns(
    old: RowTable,
    rows: Sequence[Row],
    targets: Sequence[TableColumn],
    sides: tuple[Side, Side],
    renamed: Mapping[str, str],
    moves: Moves,
) -> Sequence[_TargetColumn]:
    """Return the columns with what leads to their rows; where nothing leads to one, to none."""
    new = sides[1]
    tables = [new.tables[name] for name, _ in targets]
    direct = [_rowid_link(old, other) or _link(old, other, renamed) for other in tables]
    by_key = [_moved_key(old, other, moves) for other in tables]
    for links in (direct, by_key):
        linked = [link for link in links if link is not None]
        if len(linked) < len(targets):
            continue
        found = [_TargetColumn(new, *one) for one in zip(targets, linked, strict=True)]
        # A key that is another one now, or within a text, leads to no row.
        if links is direct or not any(_has_lost_key(row, old, found) for row in rows):
            return found
    others = [values_of_others(*sides, old, target, renamed) for target in targets]
    unlinked = [(target, ((), ()), own) for target, own in zip(targets, others, strict=True)]
    return [_TargetColumn(new, *one) for one in unlinked]


def _has_lost_key(row: Row, old: RowTable, found: Sequence[_TargetColumn]) -> bool:
    if not row.changed.isdisjoint(map(fold, old.key)):
        return True
    return not any(target.values_at(target.key_of(row)) for target in found)


def _rowid_link(old: RowTable, other: RowTable) -> _Link | None:
    is_same = old.full_text and other.full_text and fold(old.name) == fold(other.name)
    return ((_ROWID,), (_ROWID,)) if is_same else None


def _moved_key(old: RowTable, other: RowTable, moves: Moves) -> _Link | None:
    """Return the key of the old table, and the columns of the other one that it moved to."""
    here = tuple(fold(column) for column in old.key)
    name = fold(old.name)
    into = [
        [c for t, c in moves.get((name, column), ()) if t == fold(other.name)] for column in here
    ]
    if not here or any(len(columns) != 1 for columns in into):
        return None
    return here, tuple(column for [column] in into)


def _link(old: RowTable, other: RowTable, renamed: Mapping[str, str]) -> _Link | None:
    """Return the columns of both that must agree: a foreign key, or the key of one table."""
    here = fold(other.name)
    columns = set(other.names)
    if renamed.get(fold(old.name), fold(old.name)) == here:
        key = tuple(fold(column) for column in old.key)
        return (key, key) if key and set(key) <= columns else None
    for foreign in old.foreign_keys:
        parent = fold(foreign.parent)
        target = tuple(fold(name) for name in (foreign.target or other.key))
        if renamed.get(parent, parent) == here and set(target) <= columns:
            return tuple(fold(name) for name in foreign.columns), target
    return None


class _NewValue:
    """One new value, and what can still be found in it: its JSON atoms, or parts of its text."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self.text = _as_text(value) if isinstance(value, tuple) else ""
        self.atoms = Counter(_json_atoms(self.text))
        self.untaken = True

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


def _not_found(rows: Sequence[Row], column: str, new_values: Sequence[_NewValue]) -> list[Row]:
    """Return the rows whose value is in none of the new ones; long ones are looked for first."""
    by_value: dict[Value, list[_NewValue]] = {}
    by_atom: dict[Value, list[_NewValue]] = {}
    for new_value in new_values:
        by_value.setdefault(new_value.value, []).append(new_value)
        for atom in new_value.atoms:
            by_atom.setdefault(atom, []).append(new_value)
    kept = [row for row in rows if column not in row.changed]
    waiting = sorted(kept, key=lambda row: -len(_as_text(row.values[column])))

    def not_taken(take: Callable[[Value], bool]) -> list[Row]:
        return [row for row in waiting if not take(row.values[column])]

    # What has no more of a value is not looked at again: many rows may have that value.
    def take_whole(value: Value) -> bool:
        left = by_value.get(value, [])
        while left:
            if left.pop().take_whole():
                return True
        return False

    def take_atom(value: Value) -> bool:
        left = by_atom.get(value, [])
        while left and not left[-1].take_atom(value):
            left.pop()
        return bool(left)

    def take_part(value: Value) -> bool:
        is_long = len(_as_text(value)) >= _SHORTEST
        return is_long and any(found.take_part(value) for found in new_values)

    waiting = not_taken(take_whole)
    waiting = not_taken(take_atom)
    waiting = not_taken(take_part)
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
