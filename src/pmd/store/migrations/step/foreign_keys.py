"""Compare the rows whose foreign key points at nothing before a step with those after it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

__all__ = [
    "NewViolations",
    "Violation",
    "Violations",
    "compare",
    "find_violations",
    "find_violations_of",
    "lower",
    "name_missing_parents",
]

Violation: TypeAlias = tuple[str, int | None, str, int]
"""A row of `PRAGMA foreign_key_check`: table, rowid, parent table, number of the key.

A key that cannot be checked, because its parent's columns are not unique, counts as one of its
table, with SQLite's words in the place of the parent and the number -1.
"""

Violations: TypeAlias = Counter[Violation]

_UNCHECKABLE = -1
_MISMATCH = "foreign key mismatch"
_VIOLATIONS_SHOWN = 5


@dataclass(frozen=True)
class NewViolations:
    """The violations a step would add: the first, how many, and how many were there before.

    `missing` are those of their parents that are no table of the database.
    """

    first: tuple[Violation, ...]
    count: int
    known: int
    missing: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return the problem as a message's text, to follow the name of the step."""
        uncheckable = [text for _, _, text, key in self.first if key == _UNCHECKABLE]
        if uncheckable:
            return (
                f"it leaves a foreign key that cannot be checked: {uncheckable[0]}. The columns it"
                " refers to must be the parent's PRIMARY KEY or have a UNIQUE index of their own,"
                " without WHERE."
            )
        if self.missing:
            keys = {f"{table} -> {to}" for table, _, to, _ in self.first if to in self.missing}
            shown = "; ".join(sorted(keys))
            return (
                f"it leaves a foreign key to a table that does not exist: {shown}."
                " A RENAME takes the foreign keys of other tables along: build the new table under"
                " another name, drop the old one, then rename the new one."
            )
        shown = "; ".join(
            f"{table} row {rowid if rowid is not None else '?'} -> {parent}"
            for table, rowid, parent, _ in self.first
        )
        more = (
            f" and {self.count - _VIOLATIONS_SHOWN} more" if self.count > _VIOLATIONS_SHOWN else ""
        )
        known = f" ({self.known} were there before the step)" if self.known else ""
        return (
            f"it leaves rows whose foreign key points at nothing: {shown}{more}{known}."
            " Delete or mend them in the step."
        )


def find_violations(cursor: sqlite3.Cursor, *, comment: str = "") -> Iterator[Violation]:
    """Yield those of the main database; `comment` makes the statement's text a new one."""
    try:
        found = cursor.execute(f"PRAGMA main.foreign_key_check{comment}")
    except cursor.connection.OperationalError as error:
        if not str(error).startswith(_MISMATCH):
            raise
    else:
        yield from found
        return
    # One key that cannot be checked must not hide what is wrong with the others.
    names = cursor.execute("SELECT name || '' FROM main.sqlite_schema WHERE type = 'table'")
    for (name,) in names.fetchall():
        yield from find_violations_of(cursor, name)


def find_violations_of(cursor: sqlite3.Cursor, table: str) -> Iterator[Violation]:
    """Yield those of one table of the main database."""
    quoted = table.replace('"', '""')
    try:
        yield from cursor.execute(f'PRAGMA main.foreign_key_check("{quoted}")')
    except cursor.connection.OperationalError as error:
        if not str(error).startswith(_MISMATCH):
            raise
        yield table, None, str(error), _UNCHECKABLE


def compare(before: Violations, after: Iterable[Violation]) -> Violations | NewViolations:
    """Return the violations after a step, or the new ones if there are any.

    A table that a step renamed or rebuilt keeps its old violations: those of tables that are
    violated no more are paired with new ones by their rowid. When there were none before, none
    is kept in memory but the first.
    """
    if not before:
        found = iter(after)
        first = next(found, None)
        if first is None:
            return before
        shown = (first, *islice(found, _VIOLATIONS_SHOWN - 1))
        return NewViolations(_in_order(shown), len(shown) + sum(1 for _ in found), 0)
    now = Counter(after)
    added = _added(before, now)
    if not added:
        return now
    return NewViolations(_in_order(added[:_VIOLATIONS_SHOWN]), len(added), before.total())


def name_missing_parents(cursor: sqlite3.Cursor, found: NewViolations) -> NewViolations:
    """Return the same with the parents that are no table: no row of theirs could be mended."""
    tables = cursor.execute("SELECT lower(name) FROM main.sqlite_schema WHERE type = 'table'")
    there = {name for (name,) in tables}
    parents = {parent for _, _, parent, key in found.first if key != _UNCHECKABLE}
    return replace(found, missing=frozenset(to for to in parents if lower(to) not in there))


def lower(name: str) -> str:
    """Return a name as SQLite compares it: without the case of ASCII letters alone."""
    if name.isascii():
        return name.lower()
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _in_order(some: Sequence[Violation]) -> tuple[Violation, ...]:
    return tuple(sorted(some, key=lambda found: (found[0], found[2], found[1] or 0)))


def _added(before: Violations, after: Violations) -> list[Violation]:
    gone = before - after
    paired = Counter(rowid for (_, rowid, _, _), count in gone.items() for _ in range(count))
    found = []
    for violation, count in (after - before).items():
        for _ in range(count):
            if paired[violation[1]] > 0:
                paired[violation[1]] -= 1
            else:
                found.append(violation)
    return found
