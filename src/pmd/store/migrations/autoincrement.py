"""AUTOINCREMENT marks: the highest id a table ever had is never given out again.

A rebuild (a new table, the rows copied, the old one dropped) loses the mark of ids that were
deleted (https://www.sqlite.org/autoinc.html), so the runner puts it back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

__all__ = ["read_marks", "restore_marks"]

_AUTOINCREMENT = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)


def read_marks(connection: sqlite3.Connection) -> Mapping[str, int]:
    """Return the highest id ever given out, by table."""
    # Asked of the parsed schema, which takes no search through sqlite_schema.
    if connection.execute("PRAGMA main.table_info(sqlite_sequence)").fetchone() is None:
        return {}
    rows = connection.execute(
        "SELECT name, max(seq) FROM main.sqlite_sequence WHERE typeof(seq) = 'integer'"
        " GROUP BY name"
    )
    return {str(name): int(mark) for name, mark in rows if name is not None}


def restore_marks(connection: sqlite3.Connection, before: Mapping[str, int]) -> None:
    """Raise every mark that is lower than it was, for the tables that still keep one."""
    after = read_marks(connection)
    for table, mark in before.items():
        if after.get(table, 0) >= mark or not _keeps_mark(connection, table):
            continue
        if table in after:
            connection.execute(
                "UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?", (mark, table)
            )
        else:
            connection.execute(
                "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (table, mark)
            )


def _keeps_mark(connection: sqlite3.Connection, table: str) -> bool:
    row = connection.execute(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    return row is not None and _AUTOINCREMENT.search(row[0] or "") is not None
