"""Turn what SQLite says into the errors of this package: locked, read-only, no database."""

from __future__ import annotations

import os
import sqlite3

from pmd.store.migrations.connection.driver import plain_cursor
from pmd.store.migrations.errors import (
    DamagedDatabaseError,
    DatabaseLockedError,
    MigrationError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)

__all__ = ["database_error", "is_locked", "main_file"]

_LOCKED = ("database is locked", "database table is locked", "database schema is l")

_MEANINGS: tuple[tuple[tuple[str, ...], type[MigrationError], str], ...] = (
    (
        _LOCKED,
        DatabaseLockedError,
        "{database} is locked: another connection kept its lock for longer than this one's"
        " timeout. Nothing was changed; try again, or connect with a longer timeout.",
    ),
    (
        ("file is not a database",),
        NotADatabaseError,
        "{database} is no SQLite database, or is encrypted. Nothing was changed; check the path.",
    ),
    (
        ("attempt to write a readonly database",),
        ReadOnlyDatabaseError,
        "{database} has migrations to run and cannot be written. Nothing was changed; make the"
        " file and its folder writable, and open it for writing.",
    ),
    (
        ("database disk image is m", "malformed database s", "unsupported file f"),
        DamagedDatabaseError,
        "{database} is damaged: {text}. Nothing was changed; restore a backup, or recover its"
        " rows with the sqlite3 command's .recover.",
    ),
    (
        ("unable to open database file",),
        ReadOnlyDatabaseError,
        "{database} cannot be used: SQLite cannot open a file that it keeps beside it (its name"
        " and -journal, -wal or -shm). Nothing was changed; make the folder writable, and move"
        " away what else has such a name.",
    ),
    (
        ("database or disk is full",),
        MigrationError,
        "{database} cannot be migrated: {text}. Nothing was changed; free some space, and try"
        " again.",
    ),
    (
        ("disk I/O error",),
        MigrationError,
        "{database} cannot be migrated: {text}. Nothing was changed; check the disk, and that"
        " what lies beside the file under its name and -journal, -wal or -shm are files.",
    ),
)
"""How SQLite's message begins, the error it means, and that error's message."""

_ANYTHING_ELSE = "{database} cannot be migrated: {text}. Nothing was changed."


def database_error(connection: sqlite3.Connection, error: Exception) -> MigrationError:
    """Return the error that says what `error`, raised by the driver, means for the database.

    It goes by SQLite's words, which are the same for every driver and version.
    """
    text, database = str(error) or type(error).__name__, main_file(connection)
    for beginnings, meaning, message in _MEANINGS:
        if text.startswith(beginnings):
            return meaning(message.format(database=database, text=text))
    return MigrationError(_ANYTHING_ELSE.format(database=database, text=text))


def is_locked(error: Exception) -> bool:
    """Return whether the driver says that another connection holds a lock."""
    return str(error).startswith(_LOCKED)


def main_file(connection: sqlite3.Connection) -> str:
    """Return how messages name the connection's database."""
    try:
        rows = plain_cursor(connection).execute("PRAGMA database_list").fetchall()
    except connection.Error:
        return "the database"
    # Number 0 is main; the connection's text may be bytes.
    file = next((row[2] for row in rows if row[0] == 0), "")
    return f"the database {os.fsdecode(file)}" if file else "the database in memory"
