"""A connection's settings: read before the steps, and put back after them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from pmd.store.migrations.connection.driver import LEGACY_TRANSACTION_CONTROL, plain_cursor

__all__ = [
    "Settings",
    "expect_plain_rows",
    "read_config",
    "restore_config",
]

_PRAGMAS = ("foreign_keys", "legacy_alter_table", "recursive_triggers", "writable_schema")
_ATTRIBUTES = ("isolation_level", "row_factory", "text_factory")
_LIMITS = tuple(
    value for name, value in sorted(vars(sqlite3).items()) if name.startswith("SQLITE_LIMIT_")
)
_CONFIG = tuple(
    value for name, value in sorted(vars(sqlite3).items()) if name.startswith("SQLITE_DBCONFIG_")
)
"""Python 3.12 can set these past every authorizer; the versions before it cannot at all."""


class Settings(NamedTuple):
    """The settings of a connection when it was asked; it must have had no open transaction."""

    pragmas: dict[str, int]
    attributes: tuple[tuple[str, Any], ...]
    limits: tuple[int, ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Settings:
        """Return the connection's settings."""
        return cls(
            _read_pragmas(connection, _PRAGMAS), _read_attributes(connection), _limits(connection)
        )

    def with_attributes_of(self, connection: sqlite3.Connection) -> Settings:
        """Return the same pragmas, with what of the connection Python sets without a statement."""
        return self._replace(attributes=_read_attributes(connection), limits=_limits(connection))

    def restore_limits(self, connection: sqlite3.Connection) -> None:
        """Set SQLite's limits as they were."""
        if _limits(connection) == self.limits:
            return
        for category, limit in zip(_LIMITS, self.limits, strict=True):
            if connection.getlimit(category) != limit:
                connection.setlimit(category, limit)

    def restore_pragmas(self, connection: sqlite3.Connection, names: Iterable[str]) -> None:
        """Set these pragmas as they were; names that are none of the settings are passed over."""
        cursor = plain_cursor(connection)
        wanted = {name: self.pragmas[name] for name in names if name in self.pragmas}
        for name, value in _read_pragmas(connection, wanted).items():
            if value != wanted[name]:
                cursor.execute(f"PRAGMA {name} = {wanted[name]}")

    def restore(self, connection: sqlite3.Connection, pragmas: Iterable[str]) -> None:
        """Set everything as it was; of the pragmas only those that may be otherwise."""
        self.restore_limits(connection)
        self.restore_pragmas(connection, pragmas)
        self.restore_attributes(connection)

    def restore_attributes(self, connection: sqlite3.Connection) -> None:
        """Set the isolation level and the factories as they were."""
        for name, value in self.attributes:
            setattr(connection, name, value)


def read_config(connection: sqlite3.Connection) -> tuple[bool, ...]:
    """Return what `Connection.setconfig` can set; nothing before Python 3.12, which brought it."""
    read = getattr(connection, "getconfig", None)
    return tuple(map(read, _CONFIG)) if read else ()


def restore_config(connection: sqlite3.Connection, before: tuple[bool, ...]) -> bool:
    """Set by `Connection.setconfig` what was read before; return whether anything differed."""
    now = read_config(connection)
    if now == before:
        return False
    for option, value, found in zip(_CONFIG, before, now, strict=True):
        if found != value:
            connection.setconfig(option, value)  # type: ignore[attr-defined]  # Python 3.12
    return True


def _read_attributes(connection: sqlite3.Connection) -> tuple[tuple[str, Any], ...]:
    return tuple((name, getattr(connection, name)) for name in _ATTRIBUTES)


def _limits(connection: sqlite3.Connection) -> tuple[int, ...]:
    return tuple(map(connection.getlimit, _LIMITS))


def _read_pragmas(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    cursor = plain_cursor(connection)
    return {name: int(cursor.execute(f"PRAGMA {name}").fetchone()[0]) for name in names}


def expect_plain_rows(connection: sqlite3.Connection) -> None:
    """Let rows be tuples and text be str, and the driver end no transaction by itself.

    Safe in a transaction, in which an isolation level cannot be set.
    """
    if hasattr(connection, "autocommit"):
        connection.autocommit = LEGACY_TRANSACTION_CONTROL
    connection.row_factory = None
    connection.text_factory = str
