"""What a step may leave behind on its connection, put back after it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

__all__ = [
    "LEGACY_TRANSACTION_CONTROL",
    "ConnectionState",
    "TemporaryObjects",
    "drop_new_temporary_objects",
    "expect_plain_rows",
    "is_open",
    "plain_cursor",
    "roll_back",
]

LEGACY_TRANSACTION_CONTROL = -1
"""The only `Connection.autocommit` (Python 3.12) under which the runner ends transactions."""

_PRAGMAS = ("foreign_keys", "legacy_alter_table", "recursive_triggers", "writable_schema")
_ATTRIBUTES = ("isolation_level", "row_factory", "text_factory")
_TEMPORARY_SQL = "SELECT type, name FROM temp.sqlite_schema WHERE type <> 'index'"
_RESERVED = "sqlite_"


@dataclass(frozen=True)
class ConnectionState:
    """Settings of a connection at one moment; it must have no open transaction."""

    pragmas: tuple[tuple[str, int], ...]
    attributes: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> ConnectionState:
        """Return the connection's settings, which become those that a step expects.

        Rows are then tuples, text is str, and the driver begins no transaction by itself.
        """
        attributes = tuple((name, getattr(connection, name)) for name in _ATTRIBUTES)
        expect_plain_rows(connection)
        connection.isolation_level = None
        pragmas = tuple(
            (name, int(connection.execute(f"PRAGMA {name}").fetchone()[0])) for name in _PRAGMAS
        )
        return cls(pragmas, attributes)

    def restore(self, connection: sqlite3.Connection) -> None:
        """Set everything as it was."""
        expect_plain_rows(connection)
        connection.isolation_level = None
        for name, value in self.pragmas:
            if connection.execute(f"PRAGMA {name}").fetchone()[0] != value:
                connection.execute(f"PRAGMA {name} = {value}")
        for name, value in self.attributes:
            setattr(connection, name, value)


def expect_plain_rows(connection: sqlite3.Connection) -> None:
    """Let rows be tuples and text be str, and the driver end nothing by itself.

    Safe in a transaction, unlike setting an isolation level.
    """
    if hasattr(connection, "autocommit"):
        connection.autocommit = LEGACY_TRANSACTION_CONTROL
    connection.row_factory = None
    connection.text_factory = str


def plain_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Return a cursor whose rows are tuples, whatever the connection's rows are."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor


def is_open(connection: sqlite3.Connection) -> bool:
    """Return whether the connection has not been closed."""
    try:
        connection.total_changes  # noqa: B018  # asking is the point: it raises on a closed one
    except connection.ProgrammingError:
        return False
    return True


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo what is not committed; an interrupt that strikes here does so only once."""
    try:
        connection.execute("ROLLBACK")
    except connection.OperationalError:
        connection.execute("ROLLBACK")


@dataclass(frozen=True)
class TemporaryObjects:
    """The temporary tables, views and triggers of a connection at one moment.

    `changes` is how often SQLite has changed the schema of temporary objects.
    """

    changes: int
    names: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> TemporaryObjects:
        """Return those there are now."""
        changes = _temporary_changes(connection)
        if not changes:
            return cls(changes, frozenset())
        found = connection.execute(_TEMPORARY_SQL)
        names = ((kind, name) for kind, name in found if not name.startswith(_RESERVED))
        return cls(changes, frozenset(names))


def drop_new_temporary_objects(connection: sqlite3.Connection, before: TemporaryObjects) -> None:
    """Drop the temporary objects that were not there before."""
    if _temporary_changes(connection) == before.changes:
        return
    order = ("trigger", "view", "table")
    made = TemporaryObjects.of(connection).names - before.names
    for kind, name in sorted(made, key=lambda item: (order.index(item[0]), item[1])):
        quoted = name.replace('"', '""')
        connection.execute(f'DROP {kind} IF EXISTS temp."{quoted}"')


def _temporary_changes(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA temp.schema_version").fetchone()[0])
