"""Make SQLite forget the statements that a connection has prepared, at hardly any cost."""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from contextlib import suppress

__all__ = ["StatementCache"]

_EMPTY = "pmd_runner"


class StatementCache:
    """The statements that SQLite keeps prepared for one connection.

    A changed schema, of whichever database, makes SQLite prepare every statement again. So an
    empty database in memory is attached, whose schema is said to have changed.
    """

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._schema = ""
        self._schema_version = 0
        self._is_defensive: bool | None = None

    def take_note(self, names: Container[str]) -> None:
        """Take note of the databases that there are: the empty one may have been detached."""
        if self._schema != _EMPTY or _EMPTY not in names:
            self._schema = ""

    def attach(self) -> None:
        """Attach the empty database, unless it is there. Raises the driver's error."""
        if self._schema:
            return
        self._schema, is_new = self._attach()
        self._schema_version = 0 if is_new else self._read_version()
        self._is_defensive = None

    def forget(self) -> None:
        """Make SQLite prepare every statement again: now, and should the step be rolled back.

        A statement prepared before its transaction was lost would commit by itself, unseen by
        the guard. When the transaction is rolled back, the changed schema makes SQLite forget
        them all once more.
        """
        if not self._is_defensive:
            self._schema_version = (self._schema_version + 1) % 2**31
            self._cursor.execute(f"PRAGMA {self._schema}.schema_version = {self._schema_version}")
            if self._is_defensive is None:
                self._is_defensive = self._read_version() != self._schema_version
        if self._is_defensive:
            # The pragma is then ignored (https://www.sqlite.org/c3ref/c_dbconfig_defensive.html).
            self._cursor.execute(f"CREATE VIEW {self._schema}.{_EMPTY} AS SELECT 1")
            self._cursor.execute(f"DROP VIEW {self._schema}.{_EMPTY}")

    def detach(self) -> None:
        """Detach the empty database.

        A statement that the caller has left half-read keeps it; the next run takes it over.
        """
        with suppress(self._cursor.connection.Error):
            if self._schema == _EMPTY:
                self._cursor.execute(f"DETACH {_EMPTY}")
                self._schema = ""

    def _attach(self) -> tuple[str, bool]:
        """Attach the empty database and return its name, and whether it is a new one.

        Where there is no room for one more, that of temporary objects is used: then each ALTER
        TABLE reads it again.
        """
        try:
            self._cursor.execute(f"ATTACH ':memory:' AS {_EMPTY}")
        except self._cursor.connection.DatabaseError as error:
            return (_EMPTY if str(error).endswith("is already in use") else "temp"), False
        return _EMPTY, True

    def _read_version(self) -> int:
        row = self._cursor.execute(f"PRAGMA {self._schema}.schema_version").fetchone()
        return int(row[0])
