"""Find the file of a connection, whichever driver made it and whatever rows it returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.connections.query_rows import query_rows

__all__ = ["file_of"]


def file_of(conn: Any) -> Path | None:  # noqa: ANN401 - a connection of any driver
    """Return the file of a connection's main database; None for one in memory.

    SQLite tells the absolute path of a file. Of a database that was deserialized older versions
    tell the name "x", which is no path. Raises the driver's error where the connection is closed.
    """
    rows = query_rows(conn, "PRAGMA database_list")
    name = next(str(row[2] or "") for row in rows if row[1] == "main")
    return Path(name) if os.path.isabs(name) else None  # noqa: PTH117 - a Path costs more
