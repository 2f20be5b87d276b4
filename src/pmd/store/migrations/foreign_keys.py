"""Foreign keys around a step: what points nowhere before it, and what would after it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TypeAlias

__all__ = ["Violation", "find_violations", "new_violations"]

Violation: TypeAlias = tuple[str, int | None, str, int]
"""A row of `PRAGMA foreign_key_check`: table, rowid, parent table, number of the key."""


def find_violations(connection: sqlite3.Connection) -> list[Violation]:
    """Return the rows of the main database whose foreign key points at nothing.

    Raises the driver's OperationalError on a key that cannot be checked (its parent's columns
    are not unique).
    """
    return [tuple(row) for row in connection.execute("PRAGMA main.foreign_key_check")]


def new_violations(before: list[Violation], after: list[Violation]) -> list[Violation]:
    """Return the violations that were not there before.

    A table that a step renamed or rebuilt keeps its old violations: those of tables that are
    violated no more are paired with new ones by their rowid.
    """
    added, gone = Counter(after), Counter(before)
    added.subtract(before)
    gone.subtract(after)
    paired = Counter(rowid for (_, rowid, _, _), count in gone.items() for _ in range(count))
    found = []
    for violation, count in added.items():
        for _ in range(count):
            if paired[violation[1]] > 0:
                paired[violation[1]] -= 1
            else:
                found.append(violation)
    return found
