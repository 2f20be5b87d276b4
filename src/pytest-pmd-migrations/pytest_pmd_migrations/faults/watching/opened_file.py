"""Find the database file of a connection, and the one that a call of ``connect`` names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["file_of_argument", "file_of_connection"]


def file_of_connection(conn: Any) -> str:  # noqa: ANN401 - a connection of either driver
    """Return the real path of a connection's main database; empty in memory, or where closed."""
    driver: Any = next(kind for kind in type(conn).__mro__[::-1] if kind.__name__ == "Connection")
    try:
        cursor = driver.cursor(conn)
        cursor.row_factory = None
        rows = cursor.execute("PRAGMA database_list").fetchall()
        cursor.close()
    except (conn.Error, MemoryError):
        return ""
    # The name "x" of a database that was deserialized is no path: that of a file is absolute.
    names = (row[2] for row in rows if row[1] == "main" and Path(row[2]).is_absolute())
    return next(map(os.path.realpath, names), "")


def file_of_argument(first_argument: object) -> str:
    """Return the real path that the first argument of ``connect`` names; empty where none."""
    if not isinstance(first_argument, (str, bytes, os.PathLike)):
        return ""
    text = os.fsdecode(first_argument)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return os.path.realpath(text) if text and text != ":memory:" else ""
