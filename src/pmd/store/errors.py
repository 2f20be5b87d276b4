"""The errors of the store.

    StoreError
        DatabasePathError         the path names no file that SQLite can open (also MigrationError)
        ForeignDatabaseError      another program's database (also MigrationError)
        BackupError               a backup could not be made or used (also MigrationError)
        DatabaseClosedError       used before connect() or after close()
        TransactionLostError      the transaction ended inside its own block
        InvalidValueError         an argument the store cannot keep (also a ValueError)
        NotFoundError             no row has this id, name or path (also a LookupError)
        AlreadyExistsError        the name or path is taken
        VectorsUnavailableError   sqlite-vec cannot be loaded here, or is not switched on

Errors of a migration are `pmd.store.migrations`' own and pass through unchanged. Every error of
opening a database is a MigrationError, whatever else it is.
"""

from __future__ import annotations

from pmd.store.migrations import MigrationError

__all__ = [
    "AlreadyExistsError",
    "BackupError",
    "DatabaseClosedError",
    "DatabasePathError",
    "ForeignDatabaseError",
    "InvalidValueError",
    "NotFoundError",
    "StoreError",
    "TransactionLostError",
    "VectorsUnavailableError",
]


class StoreError(Exception):
    """Root of the errors that the store raises itself."""


class DatabasePathError(StoreError, MigrationError):
    """The path names no file that SQLite can open."""


class ForeignDatabaseError(StoreError, MigrationError):
    """The database has the application_id of another program."""


class BackupError(StoreError, MigrationError):
    """A backup could not be made, or cannot be restored; the database is as it was."""


class DatabaseClosedError(StoreError):
    """The database was used before `connect()` or after `close()`."""


class TransactionLostError(StoreError):
    """The transaction ended inside the block that `transaction()` guards."""


class InvalidValueError(StoreError, ValueError):
    """An argument that the store cannot keep or search for."""


class NotFoundError(StoreError, LookupError):
    """No row has the id, name or path that was asked for."""


class AlreadyExistsError(StoreError):
    """The name or path is already taken."""


class VectorsUnavailableError(StoreError):
    """sqlite-vec cannot be loaded here, or the repository was made without a dimension."""
