"""Undo a step's transaction, whatever the step has left on the connection to hinder it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from pmd.store.migrations.connection.driver import plain_cursor
from pmd.store.migrations.connection.open_handles import end_handles

__all__ = ["persist", "roll_back"]


def persist(connection: sqlite3.Connection, action: Callable[[], None]) -> None:
    """Do `action`, which must be done, whatever a step has left to hinder it.

    An interrupt strikes once, unless a progress handler was left behind that always does: that
    is removed, since a transaction left open would be worse. A half-read statement keeps an
    interrupt alive: it is ended.
    """
    try:
        action()
    except BaseException as error:
        try:
            action()
        except Exception:
            connection.set_progress_handler(None, 0)
            end_handles(connection)
            action()
        if not isinstance(error, Exception):
            raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo what is not committed."""

    def undo() -> None:
        if connection.in_transaction:
            plain_cursor(connection).execute("ROLLBACK")

    persist(connection, undo)
