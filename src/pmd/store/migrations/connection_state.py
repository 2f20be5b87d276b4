"""What a connection is set to: read before the steps, put back after each."""

from __future__ import annotations

import gc
import sqlite3
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = [
    "LEGACY_TRANSACTION_CONTROL",
    "Settings",
    "expect_plain_rows",
    "is_open",
    "persist",
    "plain_cursor",
    "read_config",
    "reset_statements",
    "restore_config",
    "roll_back",
]

LEGACY_TRANSACTION_CONTROL = -1
"""The only `Connection.autocommit` (Python 3.12) under which the runner ends transactions."""

_PRAGMAS = ("foreign_keys", "legacy_alter_table", "recursive_triggers", "writable_schema")
_ATTRIBUTES = ("isolation_level", "row_factory", "text_factory")
_LIMITS = tuple(
    value for name, value in sorted(vars(sqlite3).items()) if name.startswith("SQLITE_LIMIT_")
)
_CONFIG = tuple(
    value for name, value in sorted(vars(sqlite3).items()) if name.startswith("SQLITE_DBCONFIG_")
)
"""Python 3.12 can set these past every authorizer; the versions before it cannot at all."""


@dataclass(frozen=True)
class Settings:
    """Settings of a connection at one moment; it must have no open transaction."""

    pragmas: dict[str, int]
    attributes: tuple[tuple[str, Any], ...]
    limits: tuple[int, ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Settings:
        """Return the connection's settings."""
        return cls(
            _read_pragmas(connection, _PRAGMAS),
            tuple((name, getattr(connection, name)) for name in _ATTRIBUTES),
            tuple(map(connection.getlimit, _LIMITS)),
        )

    def restore_limits(self, connection: sqlite3.Connection) -> None:
        """Let statements be as long, and so on, as they could be."""
        if tuple(map(connection.getlimit, _LIMITS)) == self.limits:
            return
        for category, limit in zip(_LIMITS, self.limits, strict=True):
            if connection.getlimit(category) != limit:
                connection.setlimit(category, limit)

    def restore_pragmas(self, connection: sqlite3.Connection, names: Iterable[str]) -> None:
        """Set the pragmas of these names, where they are among the settings, as they were."""
        cursor = plain_cursor(connection)
        wanted = {name: self.pragmas[name] for name in names if name in self.pragmas}
        for name, value in _read_pragmas(connection, wanted).items():
            if value != wanted[name]:
                cursor.execute(f"PRAGMA {name} = {wanted[name]}")

    def restore(self, connection: sqlite3.Connection) -> None:
        """Set everything as it was."""
        self.restore_limits(connection)
        self.restore_pragmas(connection, self.pragmas)
        for name, value in self.attributes:
            setattr(connection, name, value)


def read_config(connection: sqlite3.Connection) -> tuple[bool, ...]:
    """Return what `Connection.setconfig` has set; nothing before Python 3.12, which brought it."""
    read = getattr(connection, "getconfig", None)
    return tuple(map(read, _CONFIG)) if read else ()


def restore_config(connection: sqlite3.Connection, before: tuple[bool, ...]) -> bool:
    """Set it as it was, and return whether it was another."""
    now = read_config(connection)
    if now == before:
        return False
    for option, value, found in zip(_CONFIG, before, now, strict=True):
        if found != value:
            connection.setconfig(option, value)  # type: ignore[attr-defined]  # Python 3.12
    return True


def _read_pragmas(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    cursor = plain_cursor(connection)
    return {name: int(cursor.execute(f"PRAGMA {name}").fetchone()[0]) for name in names}


def expect_plain_rows(connection: sqlite3.Connection) -> None:
    """Let rows be tuples and text be str, and the driver end nothing by itself.

    Safe in a transaction, unlike setting an isolation level.
    """
    if hasattr(connection, "autocommit"):
        connection.autocommit = LEGACY_TRANSACTION_CONTROL
    connection.row_factory = None
    connection.text_factory = str


def plain_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Return a cursor of the driver's own class whose rows are tuples.

    Whatever the connection's rows are, and whatever a subclass has made of `execute`.
    """
    driver = _driver(connection)
    cursor = driver.Cursor(connection) if driver else connection.cursor()
    cursor.row_factory = None
    return cursor


def _driver(connection: sqlite3.Connection) -> ModuleType | None:
    """Return the module a connection comes from: sqlite3, or one with its interface."""
    module = sys.modules.get(connection.Error.__module__)
    return module if hasattr(module, "Cursor") else None


def is_open(connection: sqlite3.Connection) -> bool:
    """Return whether the connection has not been closed."""
    try:
        connection.total_changes  # noqa: B018  # asking is the point: it raises on a closed one
    except connection.ProgrammingError:
        return False
    return True


def persist(connection: sqlite3.Connection, action: Callable[[], None]) -> None:
    """Do `action`, which must be done, whatever a step has left to hinder it.

    An interrupt strikes once, unless a progress handler was left behind that always does: that
    is removed, since a transaction left open would be worse. A half-read statement keeps an
    interrupt alive: it is reset.
    """
    try:
        action()
    except BaseException as error:
        try:
            action()
        except Exception:
            connection.set_progress_handler(None, 0)
            reset_statements(connection)
            action()
        if not isinstance(error, Exception):
            raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo what is not committed."""

    def undo() -> None:
        if connection.in_transaction:
            plain_cursor(connection).execute("ROLLBACK")

    persist(connection, undo)


def reset_statements(connection: sqlite3.Connection) -> None:
    """End the statements that a step has left half-read, and close the blobs it left open.

    They would keep a lock on the database. Neither SQLite nor the driver lists them to us, so
    the garbage collector is asked who refers to the connection.
    """
    driver = _driver(connection)
    if driver is None:
        return
    for holder in gc.get_referrers(connection):
        # One that is just being used, in another thread, is left alone.
        with suppress(connection.Error):
            if isinstance(holder, driver.Cursor):
                driver.Cursor.execute(holder, "")
            elif isinstance(holder, driver.Blob):
                holder.close()
