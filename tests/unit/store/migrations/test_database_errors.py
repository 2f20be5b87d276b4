"""What SQLite's words mean for the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from pmd.store.migrations import DamagedDatabaseError, MigrationError, ReadOnlyDatabaseError
from pmd.store.migrations.database_errors import database_error


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (
            "database disk image is malformed",
            DamagedDatabaseError,
            "the database in memory is damaged: database disk image is malformed. Nothing was"
            " changed; restore a backup, or recover its rows with the sqlite3 command's .recover.",
        ),
        (
            "unable to open database file",
            ReadOnlyDatabaseError,
            "the database in memory cannot be used: SQLite cannot open a file that it keeps beside"
            " it (its name and -journal, -wal or -shm). Nothing was changed; make the folder"
            " writable, and move away what else has such a name.",
        ),
        (
            "database or disk is full",
            MigrationError,
            "the database in memory cannot be migrated: database or disk is full. Nothing was"
            " changed; free some space, and try again.",
        ),
        (
            "disk I/O error",
            MigrationError,
            "the database in memory cannot be migrated: disk I/O error. Nothing was changed; check"
            " the disk, and that what lies beside the file under its name and -journal, -wal or"
            " -shm are files.",
        ),
    ],
)
def test_what_sqlite_says_becomes_an_error_that_says_what_to_do(words, kind, message):
    with closing(sqlite3.connect(":memory:")) as conn:
        error = database_error(conn, sqlite3.OperationalError(words))
    assert type(error) is kind
    assert str(error) == message
