"""Find the file of a connection, whichever driver made it and whatever rows it returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["file_of"]


def file_of(conn: Any) -> Path | None:  # noqa: ANN401 - a connection of any driver
    """Return the file of a connection's main database; None for one in memory.

    SQLite tells the absolute path of a file. Of a database that was deserialized older versions
    tell the name "x", which is no path. Raises the driver's error where the connection is closed.
    """
    # A subclass may make cursors of its own, which tell what they are asked.
    kinds = (kind for kind in type(conn).__mro__[::-1] if kind.__name__ == "Connection")
    driver: Any = next(kinds, type(conn))
    cursor = driver.cursor(conn)
    cursor.row_factory = None
    # The application may have its texts as bytes.
    kept, conn.text_factory = conn.text_factory, os.fsdecode
    try:
        rows = cursor.execute("PRAGMA database_list").fetchall()
    finally:
        conn.text_factory = kept
        cursor.close()
    name = next(str(row[2] or "") for row in rows if row[1] == "main")
    return Path(name) if os.path.isabs(name) else None  # noqa: PTH117 - a Path costs more
