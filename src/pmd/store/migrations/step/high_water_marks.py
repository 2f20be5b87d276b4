"""Keep AUTOINCREMENT's high-water marks: the highest id ever given out is not given out again.

A rebuild (a new table, the rows copied, the old one dropped) loses the high-water mark where the
highest ids were deleted (https://www.sqlite.org/autoinc.html), so the runner puts it back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

__all__ = ["HighWaterMarks", "read_high_water_marks", "restore_high_water_marks"]

HighWaterMarks = Mapping[str, int]
"""The highest id ever given out, by table."""

_AUTOINCREMENT = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)


def read_high_water_marks(cursor: sqlite3.Cursor) -> HighWaterMarks | None:
    """Return those of the main database; None where no table has ever kept one."""
    # Asked of the parsed schema, which takes no search through sqlite_schema.
    if cursor.execute("PRAGMA main.table_info(sqlite_sequence)").fetchone() is None:
        return None
    found: dict[str, int] = {}
    # No function of SQL is called: a step may have put its own in the place of SQLite's.
    for name, highest in cursor.execute("SELECT name, seq FROM main.sqlite_sequence"):
        if isinstance(name, str) and isinstance(highest, int):
            found[name] = max(highest, found.get(name, highest))
    return found


def restore_high_water_marks(
    cursor: sqlite3.Cursor, before: HighWaterMarks | None
) -> HighWaterMarks | None:
    """Raise every one that is lower than it was, for the tables that still keep one.

    Returns those there are then.
    """
    now = read_high_water_marks(cursor)
    if not before or now is None:
        return now
    after = dict(now)
    for table, highest in before.items():
        if after.get(table, 0) >= highest or not _is_autoincrement(cursor, table):
            continue
        if table in after:
            cursor.execute(
                "UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?", (highest, table)
            )
        else:
            cursor.execute(
                "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (table, highest)
            )
        after[table] = highest
    return after


def _is_autoincrement(cursor: sqlite3.Cursor, table: str) -> bool:
    row = cursor.execute(
        "SELECT sql || '' FROM main.sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    return row is not None and _AUTOINCREMENT.search(row[0] or "") is not None
