"""Work with a connection of sqlite3, or of another module with its interface."""

from __future__ import annotations

import gc
import sqlite3
import sys
from contextlib import suppress
from types import ModuleType

__all__ = ["LEGACY_TRANSACTION_CONTROL", "is_open", "plain_cursor", "reset_statements"]

LEGACY_TRANSACTION_CONTROL = -1
"""The only `Connection.autocommit` (Python 3.12) under which the runner ends transactions."""


def plain_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Return a cursor of the driver's own class whose rows are tuples.

    Neither the connection's row_factory nor a subclass's `execute` has a part in it.
    """
    driver = _driver(connection)
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


def reset_statements(connection: sqlite3.Connection) -> None:
    """End the statements that a step has left half-read, and close the blobs it left open.

    They would keep a lock on the database. Neither SQLite nor the driver lists them to us, so
    the garbage collector is asked who refers to the connection.
    """
    driver = _driver(connection)
    if driver is None:
        return
    for referrer in gc.get_referrers(connection):
        # One that is just being used, in another thread, is left alone.
        with suppress(connection.Error):
            if isinstance(referrer, driver.Cursor):
                driver.Cursor.execute(referrer, "")
            elif isinstance(referrer, driver.Blob):
                referrer.close()


def _driver(connection: sqlite3.Connection) -> ModuleType | None:
    """Return the module a connection comes from: sqlite3, or one with its interface."""
    module = sys.modules.get(connection.Error.__module__)
    return module if hasattr(module, "Cursor") else None
