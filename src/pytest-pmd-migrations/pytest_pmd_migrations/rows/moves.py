"""Values that a step moved into another column, whole or inside its text or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.rows.pair import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable, Value

__all__ = ["missing_values"]

_SHORTEST = 4
"""Characters a value must have to be looked for inside a text."""


def missing_values(
    old: RowTable,
    rows: Sequence[Row],
    column: str,
    target: str,
    new: Side,
    renamed: Mapping[str, str],
) -> list[Row]:
    """Return the rows whose value of ``column`` is not found in ``target`` ("table.column").

    Values are looked for in the row that the old row's foreign key names (or the one of the same
    key, in the same table), each as often as it stood there; where no row is named, anywhere in
    the column. ``renamed`` maps tables to their new names.
    """
    table, _, name = target.lower().partition(".")
    place = new.tables.get(table)
    if place is None or name not in _columns(place):
        return list(rows)
    containers = _containers(old, rows, place, new.rows[table], renamed)
    missing: list[Row] = []
    for group, container in containers:
        wanted = [row for row in group if row.values[column] is not None]
        values = [row.values[name] for row in container]
        missing.extend(_not_found(wanted, column, values))
    return missing


def _columns(table: RowTable) -> set[str]:
    return {name.lower() for name in (*table.columns, *table.generated)}


def _containers(
    old: RowTable,
    rows: Sequence[Row],
    place: RowTable,
    others: Sequence[Row],
    renamed: Mapping[str, str],
) -> list[tuple[list[Row], list[Row]]]:
    """Return groups of old rows, each with the new rows that hold their values."""
    if old.full_text and place.full_text and old.name.lower() == place.name.lower():
        by_rowid = {row.place: row for row in others}
        return [([row], [by_rowid[row.place]] if row.place in by_rowid else []) for row in rows]
    link = _link(old, place, renamed)
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
    old: RowTable, place: RowTable, renamed: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the columns of both that must agree: a foreign key, or the key of one table."""
    here = place.name.lower()
    columns = _columns(place)
    if renamed.get(old.name.lower(), old.name.lower()) == here:
        key = tuple(column.lower() for column in old.key)
        return (key, key) if key and set(key) <= columns else None
    for foreign in old.foreign_keys:
        parent = foreign.parent.lower()
        target = tuple(name.lower() for name in (foreign.target or place.key))
        if renamed.get(parent, parent) == here and set(target) <= columns:
            return tuple(name.lower() for name in foreign.columns), target
    return None


@dataclass
class _Holder:
    """One new value, and what can still be found in it: itself, its JSON atoms, parts of it."""

    whole: Value
    text: str = ""
    atoms: Counter[Value] = field(default_factory=Counter)

    @classmethod
    def of(cls, value: Value) -> _Holder:
        text = _as_text(value) if isinstance(value, tuple) else ""
        return cls(value, text, Counter(_json_atoms(text)))

    def take_whole(self, value: Value) -> bool:
        """Find the value as the whole, once."""
        if value is None or value != self.whole:
            return False
        self.whole, self.text = None, ""
        self.atoms.clear()
        return True

    def take_atom(self, value: Value) -> bool:
        """Find the value as an atom or key of the JSON, as often as it stands there."""
        if self.atoms[value] <= 0:
            return False
        self.atoms[value] -= 1
        self.whole = None
        self.text = self.text.replace(_as_text(value), "\0", 1)
        return True

    def take_part(self, value: Value) -> bool:
        """Find the value inside the text, as often as it stands there."""
        wanted = _as_text(value)
        if len(wanted) < _SHORTEST or wanted not in self.text:
            return False
        self.whole = None
        self.text = self.text.replace(wanted, "\0", 1)
        return True


def _not_found(rows: Sequence[Row], column: str, values: Sequence[Value]) -> list[Row]:
    """Return the rows whose value is in none of ``values``; long ones take their place first."""
    holders = [_Holder.of(value) for value in values]
    firm = [row for row in rows if column not in row.changed]
    waiting = sorted(firm, key=lambda row: -len(_as_text(row.values[column])))
    takes: tuple[Callable[[_Holder, Value], bool], ...]
    takes = (_Holder.take_whole, _Holder.take_atom, _Holder.take_part)
    for take in takes:
        waiting = [
            row for row in waiting if not any(take(held, row.values[column]) for held in holders)
        ]
    missing = {id(row) for row in waiting}
    return [row for row in rows if id(row) in missing]


def _as_text(value: Value) -> str:
    """Return how a value reads inside a text; empty for blobs, which stand in none."""
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
