"""Where the connections of a run lead: to a file, or to a connection that was lent for it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any, Protocol

from pytest_pmd_migrations.sources.alembic.borrowed import BorrowedConnection
from pytest_pmd_migrations.sources.memory_copy import NeedsFileError

__all__ = ["Database", "FileDatabase", "LentDatabase"]

_DRIVER = "pysqlite"
_HARMLESS = frozenset(("check_same_thread", "timeout", "uri", "cached_statements"))
"""Arguments of ``connect`` without which a connection does the same."""


class Database(Protocol):
    """The database of one run."""

    def connect(self, driver: str, arguments: list[Any], named: dict[str, Any]) -> object | None:
        """Return a connection, None where the driver shall open one with the arguments."""
        ...


class FileDatabase:
    """A database in a file, which the driver itself opens."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def connect(self, _driver: str, arguments: list[Any], named: dict[str, Any]) -> None:
        """Put the file in the place of what the URL names."""
        arguments[:] = [self._path]
        named.pop("uri", None)


class LentDatabase:
    """A database that one connection shows, which is handed out to one taker at a time."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._thread = threading.get_ident()
        self._taken: BorrowedConnection | None = None
        self.needs_file = False

    def connect(self, driver: str, _arguments: list[Any], named: dict[str, Any]) -> object:
        """Hand the connection out.

        Raises NeedsFileError where it is in use, and where one of its own would be another one.
        """
        in_use = self._taken is not None and self._taken.is_open
        elsewhere = threading.get_ident() != self._thread
        if in_use or elsewhere or driver != _DRIVER or not _HARMLESS.issuperset(named):
            self.needs_file = True
            raise NeedsFileError
        self._taken = BorrowedConnection(self._conn)
        return self._taken
