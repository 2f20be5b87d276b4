"""Open a pmd database: its connection, settings, version and transactions."""

from __future__ import annotations

import math
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from pmd.store.errors import DatabaseClosedError, InvalidValueError, TransactionLostError
from pmd.store.files.opening import checked_path, close_unchanged, open_connection
from pmd.store.files.upgrade import Upgrade, upgrade

if TYPE_CHECKING:
    from logging import Logger

__all__ = ["Database", "Parameters"]

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

FOREIGN_KEYS_ON = "PRAGMA foreign_keys = ON"
BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
# SQLite resolves a savepoint's name to the innermost one, so every depth can share a name.
SAVEPOINT = "SAVEPOINT pmd_nested"
RELEASE = "RELEASE pmd_nested"
ROLLBACK_TO = "ROLLBACK TO pmd_nested"


class Database:
    """A pmd database at `path`, brought to the latest version when it is opened.

    `path` is a file, which is created if need be, in a folder that exists; or `":memory:"`.
    `timeout` is how many seconds to wait for another connection's lock. With `backup`, a file
    that has steps to run is first copied beside itself (`pmd.store.files.backup`); where that
    fails, no step is run.

    Use it as a context manager, or call `connect()` and `close()`. Outside `transaction()` each
    statement commits by itself. An instance belongs to the thread that connected it.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = 5.0, backup: bool = False
    ) -> None:
        self.path = checked_path(path)
        self._backup = backup
        self._timeout = _checked_timeout(timeout)
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; DatabaseClosedError if there is none."""
        if self._connection is None:
            raise DatabaseClosedError(
                f"the database {self.path} is not open: call connect(), or use it in a with block."
            )
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether the database is connected."""
        return self._connection is not None

    def connect(self) -> Self:
        """Open the file, migrate it to the latest version, and return self.

        Does nothing if it is open. Writes only when there are migrations to run. Raises
        DatabasePathError when there is no such folder or the path is one, ForeignDatabaseError for
        another program's database, BackupError, and the errors of `pmd.store.migrations`: a
        MigrationError all. The connection is closed again when anything fails.
        """
        if self._connection is None:
            self._connection = self._open()
        return self

    def close(self) -> None:
        """Close the connection, if it is open. An unfinished transaction is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def execute(self, sql: str, parameters: Parameters = (), /) -> sqlite3.Cursor:
        """Run one statement and return its cursor."""
        return self.connection.execute(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one transaction: all of it is kept, or none.

        Takes the write lock at once. Inside another transaction it is a savepoint: a block that
        fails undoes its own work only. Raises TransactionLostError when the block ended the
        transaction itself.
        """
        connection = self.connection
        nested = connection.in_transaction
        connection.execute(SAVEPOINT if nested else BEGIN)
        try:
            yield
            if not connection.in_transaction:
                raise TransactionLostError(
                    f"the transaction on {self.path} ended before its block did: a COMMIT or "
                    "ROLLBACK ran inside it, or a conflict rolled it back. "
                    "Leave ending it to transaction()."
                )
            connection.execute(RELEASE if nested else COMMIT)
        except BaseException:
            if connection.in_transaction:
                _undo(connection, nested=nested)
            raise

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        connection = open_connection(self.path, timeout=self._timeout)
        try:
            connection.execute(FOREIGN_KEYS_ON)
            self._migrate(connection)
            # Only now: migrations read text as they always did.
            connection.text_factory = _read_text
        except BaseException:
            close_unchanged(connection, self.path)
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        done = upgrade(connection, self.path, backup=self._backup)
        # Importing it takes longer than opening most files; whoever listens has imported it.
        if logging := sys.modules.get("logging"):
            _tell(logging.getLogger(__name__), self.path, done)


def _read_text(stored: bytes) -> str:
    """Return stored text, losslessly if it is no UTF-8: one such value must not spoil a listing."""
    return stored.decode("utf-8", "surrogateescape")


def _tell(log: Logger, path: str, done: Upgrade) -> None:
    if done.kept:
        log.info("%s: backup %s", path, done.kept.backup.path)
    if done.applied:
        log.info("%s: migrated to version %d, steps applied: %d", path, done.after, done.applied)
    else:
        log.debug("%s: at the latest version, no step to apply", path)


def _undo(connection: sqlite3.Connection, *, nested: bool) -> None:
    if nested:
        connection.execute(ROLLBACK_TO)
        connection.execute(RELEASE)
    else:
        connection.execute(ROLLBACK)


def _checked_timeout(timeout: float) -> float:
    if not (math.isfinite(timeout) and 0 <= timeout <= 2_000_000):
        raise InvalidValueError(
            f"timeout is {timeout!r}. Expected seconds to wait for a lock, from 0 to 2000000."
        )
    return timeout
