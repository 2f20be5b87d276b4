"""Read a database while what its schema calls is not trusted, where SQLite can.

A stored file may come from anybody. With ``trusted_schema`` off SQLite lets its views, generated
columns and indexes call only what is harmless: https://www.sqlite.org/pragma.html#pragma_trusted_schema
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

__all__ = ["is_distrusted", "read_untrusted"]

Answer = TypeVar("Answer")


def read_untrusted(conn: sqlite3.Connection, read: Callable[[], Answer]) -> Answer:
    """Return what ``read`` returns, called with ``trusted_schema`` off; that is put back.

    It is called again as the connection is where SQLite refuses what the schema calls: functions
    that the application gave on purpose, and functions of its own that older versions distrust too
    (json_valid in 3.40). So it must read only what calls none of them: stored values, and names.
    """
    cursor = conn.cursor()
    cursor.row_factory = None
    (trusted,) = cursor.execute("PRAGMA trusted_schema").fetchone() or (1,)
    try:
        cursor.execute("PRAGMA trusted_schema = OFF")
        return read()
    except conn.DatabaseError as error:
        if not is_distrusted(error):
            raise
        cursor.execute(f"PRAGMA trusted_schema = {trusted}")
        return read()
    finally:
        cursor.execute(f"PRAGMA trusted_schema = {trusted}")


def is_distrusted(error: sqlite3.Error) -> bool:
    """Return whether SQLite refused what a schema calls, since it does not trust the schema."""
    return "unsafe use of" in str(error)
