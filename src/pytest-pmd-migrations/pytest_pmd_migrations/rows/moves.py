"""Values that a step moved into another column, whole or inside its text or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

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


def _not_found(rows: Sequence[Row], column: str, values: Sequence[Value]) -> list[Row]:
    whole = Counter(values)
    atoms: Counter[Value] = Counter()
    texts: list[str] = []
    for value in values:
        if isinstance(value, tuple) and isinstance(value[1], bytes):
            text = value[1].decode(errors="surrogateescape")
            texts.append(text)
            atoms.update(_json_atoms(text))
    missing = []
    for row in rows:
        value = row.values[column]
        if column in row.changed:
            continue
        if whole[value] > 0:
            whole[value] -= 1
        elif atoms[value] > 0:
            atoms[value] -= 1
        elif not _take_inside(value, texts):
            missing.append(row)
    return missing


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


def _take_inside(value: Value, texts: list[str]) -> bool:
    """Find a value inside one of the texts, and take it out so that it is found once only."""
    if isinstance(value, tuple):
        content = value[1]
        wanted = (
            content.decode(errors="surrogateescape")
            if isinstance(content, bytes)
            else repr(content)
        )
    elif isinstance(value, int):
        wanted = str(value)
    else:
        return False
    if len(wanted) < _SHORTEST:
        return False
    for place, text in enumerate(texts):
        if wanted in text:
            texts[place] = text.replace(wanted, "\0", 1)
            return True
    return False
