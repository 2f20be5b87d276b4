"""The errors of migrations.

MigrationError
    InvalidMigrationError       a migration's file cannot be used: name, VERSION, up, import
    InvalidVersionError         a version that no database can be brought to (also ValueError)
    UnusableConnectionError     the connection is closed, in a transaction, or autocommits
    MigrationFailedError        a step raised; the database is as it was before the step
        TransactionControlError     a step tried to end its own transaction, or lost it
        ForeignKeyViolationError    a step would leave rows that point nowhere
    DatabaseTooNewError         the file was written by a newer version of the code
    DatabaseLockedError         another connection holds the lock
    NotADatabaseError           the file is no SQLite database
    DamagedDatabaseError        the file is a SQLite database whose structure is broken
    ReadOnlyDatabaseError       there are steps to take and nothing can be written
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "DamagedDatabaseError",
    "DatabaseLockedError",
    "DatabaseTooNewError",
    "ForeignKeyViolationError",
    "InvalidMigrationError",
    "InvalidVersionError",
    "MigrationError",
    "MigrationFailedError",
    "NotADatabaseError",
    "ReadOnlyDatabaseError",
    "TransactionControlError",
    "UnusableConnectionError",
]


class MigrationError(Exception):
    """Root of the errors that migrations raise."""


class InvalidMigrationError(MigrationError):
    """A migration cannot be used; `path` is its file."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class InvalidVersionError(MigrationError, ValueError):
    """A version that no database can be brought to."""


class UnusableConnectionError(MigrationError):
    """The connection cannot be migrated in the state it is in."""


class MigrationFailedError(MigrationError):
    """A step failed and was undone: the database is as it was before it.

    `version` and `description` name the step, `statement` is the SQL that raised when it was run
    through `db` (None where none did); the step's own exception, where there was one, is the
    `__cause__`.
    Of a step that is not `atomic` the file may be written another way, with the same content.
    """

    def __init__(
        self,
        version: int,
        description: str,
        problem: str,
        *,
        statement: str | None = None,
        atomic: bool = True,
    ) -> None:
        where = f"\nin the statement: {_shortened(statement)}" if statement else ""
        how = "was undone" if atomic else "kept the content as it was"
        super().__init__(
            f"migration {version:04d} ({description}) failed and {how}: {problem}{where}"
        )
        self.version = version
        self.description = description
        self.statement = statement


class TransactionControlError(MigrationFailedError):
    """A step tried to begin, commit or roll back, or to change what its transaction rests on."""


class ForeignKeyViolationError(MigrationFailedError):
    """A step would leave rows whose foreign key points at nothing."""


class DatabaseTooNewError(MigrationError):
    """The database is at a version that the code does not know."""


class DatabaseLockedError(MigrationError):
    """Another connection holds the lock for longer than the busy timeout."""


class NotADatabaseError(MigrationError):
    """The file is no SQLite database, or is encrypted."""


class DamagedDatabaseError(MigrationError):
    """The file is a SQLite database, but its structure is broken."""


class ReadOnlyDatabaseError(MigrationError):
    """There are steps to take, and the database cannot be written."""


_LONGEST = 500


def _shortened(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
