"""Work with a connection of sqlite3, or of another module with its interface."""

from __future__ import annotations

import sqlite3
import sys
from types import ModuleType

__all__ = ["LEGACY_TRANSACTION_CONTROL", "driver_of", "is_open", "plain_cursor"]

LEGACY_TRANSACTION_CONTROL = -1
"""The only `Connection.autocommit` (Python 3.12) under which the runner ends transactions."""


def plain_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Return a cursor of the driver's own class whose rows are tuples.

    Neither the connection's row_factory nor a subclass's `execute` has a part in it.
    """
    driver = driver_of(connection)
    cursor = driver.Cursor(connection) if driver else connection.cursor()
    cursor.row_factory = None
    return cursor


def is_open(connection: sqlite3.Connection) -> bool:
    """Return whether the connection has not been closed."""
    try:
        connection.total_changes  # noqa: B018  # asking is the point: it raises on a closed one
    except connection.ProgrammingError:
        return False
    return True


def driver_of(connection: sqlite3.Connection) -> ModuleType | None:
    """Return the module a connection comes from: sqlite3, or one with its interface."""
    module = sys.modules.get(connection.Error.__module__)
    return module if hasattr(module, "Cursor") else None
