"""AUTOINCREMENT marks: the highest id a table ever had is never given out again.

A rebuild (a new table, the rows copied, the old one dropped) loses the mark of ids that were
deleted (https://www.sqlite.org/autoinc.html), so the runner puts it back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

__all__ = ["Marks", "read_marks", "restore_marks"]

Marks = Mapping[str, int]
"""The highest id ever given out, by table."""

_AUTOINCREMENT = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)


def read_marks(cursor: sqlite3.Cursor) -> Marks | None:
    """Return the marks of the main database; None where no table has ever kept one."""
    # Asked of the parsed schema, which takes no search through sqlite_schema.
    if cursor.execute("PRAGMA main.table_info(sqlite_sequence)").fetchone() is None:
        return None
    marks: dict[str, int] = {}
    # No function of SQL is called: a step may have put its own in the place of SQLite's.
    for name, mark in cursor.execute("SELECT name, seq FROM main.sqlite_sequence"):
        if isinstance(name, str) and isinstance(mark, int):
            marks[name] = max(mark, marks.get(name, mark))
    return marks


def restore_marks(cursor: sqlite3.Cursor, before: Marks | None) -> Marks | None:
    """Raise every mark that is lower than it was, for the tables that still keep one.

    Returns the marks there are then.
    """
    now = read_marks(cursor)
    if not before or now is None:
        return now
    after = dict(now)
    for table, mark in before.items():
        if after.get(table, 0) >= mark or not _keeps_mark(cursor, table):
            continue
        if table in after:
            cursor.execute("UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?", (mark, table))
        else:
            cursor.execute(
                "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (table, mark)
            )
        after[table] = mark
    return after


def _keeps_mark(cursor: sqlite3.Cursor, table: str) -> bool:
    row = cursor.execute(
        "SELECT sql || '' FROM main.sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    return row is not None and _AUTOINCREMENT.search(row[0] or "") is not None
