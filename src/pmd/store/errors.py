"""The errors of the store.

    StoreError
        DatabasePathError         the path names no file that SQLite can open
        DatabaseClosedError       used before connect() or after close()
        TransactionLostError      the transaction ended inside its own block
        InvalidValueError         an argument the store cannot keep (also a ValueError)
        NotFoundError             no row has this id, name or path (also a LookupError)
        AlreadyExistsError        the name or path is taken
        VectorsUnavailableError   sqlite-vec cannot be loaded here, or is not switched on

Errors of a migration are `pmd.store.migrations`' own and pass through unchanged.
"""

from __future__ import annotations

__all__ = [
    "AlreadyExistsError",
    "DatabaseClosedError",
    "DatabasePathError",
    "InvalidValueError",
    "NotFoundError",
    "StoreError",
    "TransactionLostError",
    "VectorsUnavailableError",
]


class StoreError(Exception):
    """Root of the errors that the store raises itself."""


class DatabasePathError(StoreError):
    """The path names no file that SQLite can open."""


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
